import { MILLISECOND } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { FlvDemuxer } from '../../container/flv/demuxer.ts';
import type { Publisher } from '../../hub/publisher.ts';
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
  readonly #idle: { first: number; later: number };
  #hasMedia = false;
  readonly #onTimeout = () => {
    const reason = this.#hasMedia ? 'the publisher fell silent' : 'no frame came in time';
    this.#connection.fail(new RefusedError('timeout', reason));
  };

  constructor(context: Context, { log, session }: Serving, connection: Connection, publisher: Publisher) {
    const { firstFrameTimeout, idleTimeout } = context.config.publish;
    this.#publisher = publisher;
    this.#connection = connection;
    this.#detail = session.detail;
    this.#demuxer = new FlvDemuxer((message) => log.warn({ path: publisher.stream.path }, message));
    this.#idle = { first: firstFrameTimeout / MILLISECOND, later: idleTimeout / MILLISECOND };
    connection.socket.setTimeout(this.#idle.first, this.#onTimeout);
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

  /** Ends publishing; `deliberate` if the encoder said so itself. */
  close(deliberate: boolean): void {
    this.#connection.socket.setTimeout(0);
    this.#connection.socket.off('timeout', this.#onTimeout);
    this.#publisher.close(deliberate);
  }

  #append(sample: ReturnType<FlvDemuxer['video']>): void {
    if (!sample) return;
    if (!this.#hasMedia) {
      this.#hasMedia = true;
      this.#connection.socket.setTimeout(this.#idle.later);
    }
    this.#publisher.write(sample);
  }

  #describe(body: Uint8Array | undefined): void {
    const metadata = body && this.#demuxer.script(body);
    if (!metadata) return;
    if (metadata.kinds) this.#publisher.announce(metadata.kinds);
    if (metadata.encoder) this.#detail.encoder = metadata.encoder.slice(0, 100);
  }
}
