import { FlvIntake } from '../../container/flv/intake.ts';
import type { Publisher } from '../../hub/publisher.ts';
import type { Context } from '../../module.ts';
import type { Serving } from '../../net/serve.ts';
import { watchSilence } from '../../net/silence.ts';
import type { Connection } from './connection.ts';
import { splitAggregate } from './wire/aggregate.ts';
import { dataBody } from './wire/command.ts';
import { MessageType, type RtmpMessage } from './wire/message.ts';

/** From `publish` to `deleteStream`, or as long as we play from elsewhere: turns media messages into frames of a stream. */
export class Publication {
  readonly #publisher: Publisher;
  readonly #intake: FlvIntake;
  readonly #ungather: () => void;
  readonly #unwatch: () => void;
  #isClosed = false;

  constructor(context: Context, { log, session }: Serving, connection: Connection, publisher: Publisher) {
    this.#publisher = publisher;
    const intake = new FlvIntake(publisher, session.detail, (message) => {
      log.warn({ path: publisher.stream.path }, message);
    });
    this.#intake = intake;
    this.#ungather = context.gatherer.add(connection.socket);
    const { publish } = context.config;
    const end = (reason: Error) => connection.fail(reason);
    this.#unwatch = watchSilence(publisher, () => intake.hasMedia, publish, context.clock, end);
  }

  /** Takes a media or data message. Throws `ProtocolError` when it is malformed. */
  write(message: RtmpMessage): void {
    switch (message.type) {
      case MessageType.video:
        return this.#intake.write('video', message.timestamp, message.payload);
      case MessageType.audio:
        return this.#intake.write('audio', message.timestamp, message.payload);
      case MessageType.aggregate:
        for (const part of splitAggregate(message)) this.write(part);
        return;
      default: {
        const body = dataBody(message);
        if (body) this.#intake.write('script', message.timestamp, body);
      }
    }
  }

  /** Ends publishing; `deliberate` if the encoder said so itself. Idempotent. */
  close(deliberate: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unwatch();
    this.#ungather();
    this.#publisher.close(deliberate);
  }
}
