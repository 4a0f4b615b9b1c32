import { MILLISECOND } from '../../base/clock.ts';
import { ProtocolError } from '../../base/errors.ts';
import { FlvDemuxer } from '../../container/flv/demuxer.ts';
import type { FlvTag } from '../../container/flv/tag.ts';
import type { RtpPacket } from '../../container/rtp/packet.ts';
import type { Publisher } from '../../hub/publisher.ts';
import type { Sample } from '../../media/frame.ts';
import type { OrderOptions } from './wire/order.ts';
import { LegacyReceiver } from './wire/receiver.ts';

/** Turns the packets of one stream into frames of a stream here. */
export class LegacyIngest {
  readonly receiver: LegacyReceiver;
  /** Tags that made no sense. */
  malformed = 0;
  readonly #publisher: Publisher;
  readonly #demuxer: FlvDemuxer;
  #shift = 0;

  constructor(publisher: Publisher, options: OrderOptions, warn: (message: string) => void) {
    this.#publisher = publisher;
    this.#demuxer = new FlvDemuxer(warn);
    this.receiver = new LegacyReceiver(options, (tag) => this.#take(tag));
  }

  /** How far the stream's timeline here is ahead of the cloud's, in milliseconds. */
  get shift(): number {
    return Math.round(this.#shift / MILLISECOND);
  }

  push(packet: RtpPacket, now: number): void {
    this.#publisher.session.bytesIn += packet.payload.length;
    this.receiver.push(packet, now);
  }

  #take(tag: FlvTag): void {
    const { log } = this.#publisher.stream;
    try {
      const sample = this.#demux(tag);
      const { head } = log;
      if (!sample) return;
      this.#publisher.write(sample);
      if (log.head === head + 1) this.#shift = log.at(head).dts - sample.dts;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.malformed++;
    }
  }

  #demux({ type, timestamp, body }: FlvTag): Sample | undefined {
    return type === 'video' ? this.#demuxer.video(timestamp, body) : this.#demuxer.audio(timestamp, body);
  }
}
