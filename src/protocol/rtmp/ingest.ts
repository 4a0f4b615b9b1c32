import type { Clock } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { FlvDemuxer } from '../../container/flv/demuxer.ts';
import type { Publisher } from '../../hub/publisher.ts';
import type { Sample } from '../../media/frame.ts';
import type { Context } from '../../module.ts';
import type { Serving } from '../../net/serve.ts';
import type { Connection } from './connection.ts';
import { splitAggregate } from './wire/aggregate.ts';
import { dataBody } from './wire/command.ts';
import { MessageType, type RtmpMessage } from './wire/message.ts';

/** From `publish` to `deleteStream`: turns media messages into frames of a stream. */
export class Publication {
  readonly #publisher: Publisher;
  readonly #connection: Connection;
  readonly #demuxer: FlvDemuxer;
  readonly #detail: Record<string, string>;
  readonly #clock: Clock;
  readonly #limits: { readonly firstFrameTimeout: number; readonly idleTimeout: number };
  readonly #ungather: () => void;
  #hasMedia = false;
  #cancelLook = () => {};
  #isClosed = false;

  constructor(context: Context, { log, session }: Serving, connection: Connection, publisher: Publisher) {
    this.#publisher = publisher;
    this.#connection = connection;
    this.#clock = context.clock;
    this.#limits = context.config.publish;
    this.#detail = session.detail;
    this.#demuxer = new FlvDemuxer((message) => log.warn({ path: publisher.stream.path }, message));
    this.#ungather = context.gatherer.add(connection.socket);
    this.#look();
  }

  /** Takes a media or data message. Throws `ProtocolError` when it is malformed. */
  write(message: RtmpMessage): void {
    switch (message.type) {
      case MessageType.video:
        return this.#append(this.#demuxer.video(message.timestamp, message.payload));
      case MessageType.audio:
        return this.#append(this.#demuxer.audio(message.timestamp, message.payload));
      case MessageType.aggregate:
        for (const part of splitAggregate(message)) this.write(part);
        return;
      default:
        this.#describe(dataBody(message));
    }
  }

  /** Ends publishing; `deliberate` if the encoder said so itself. Idempotent. */
  close(deliberate: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelLook();
    this.#ungather();
    this.#publisher.close(deliberate);
  }

  /** Ends the session when no frame has come for too long; otherwise looks again when that could be so. */
  #look(): void {
    const { firstFrameTimeout, idleTimeout } = this.#limits;
    const left = (this.#hasMedia ? idleTimeout : firstFrameTimeout) - (this.#clock.now() - this.#publisher.lastArrival);
    if (left > 0) {
      this.#cancelLook = this.#clock.after(left, () => this.#look());
      return;
    }
    const reason = this.#hasMedia ? 'the publisher fell silent' : 'no frame came in time';
    this.#connection.fail(new RefusedError('timeout', reason));
  }

  #append(sample: Sample | undefined): void {
    if (!sample) return;
    this.#hasMedia = true;
    this.#publisher.write(sample);
  }

  #describe(body: Uint8Array | undefined): void {
    const metadata = body && this.#demuxer.script(body);
    if (!metadata) return;
    if (metadata.kinds) this.#publisher.announce(metadata.kinds);
    if (metadata.encoder) this.#detail.encoder = metadata.encoder.slice(0, 100);
  }
}
