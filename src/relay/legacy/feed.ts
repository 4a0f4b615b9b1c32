import { type Clock, MILLISECOND } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { readRtp } from '../../container/rtp/packet.ts';
import { Reader } from '../../hub/reader.ts';
import type { Stream } from '../../hub/stream.ts';
import { nameOf } from './live-name.ts';
import { LegacyMuxer, type OutgoingTag } from './muxer.ts';
import { PacketCache } from './packet-cache.ts';
import { Tally } from './tally.ts';
import type { LiveStat } from './wire/livestat.ts';
import { LegacyPacketizer } from './wire/packetizer.ts';

/** What a {@link Feed} needs. */
export interface FeedOptions {
  readonly stream: Stream;
  readonly ssrc: number;
  readonly cachePackets: number;
  readonly clock: Clock;
  readonly send: (packet: Uint8Array) => void;
  /** The stream is over for this feed, by the reason given: `changed` asks for another one. */
  readonly onEnd: (reason: RefusedError) => void;
}

/** The original begins its counter somewhere in 28 bits. */
const TIMESTAMPS = 2 ** 28;

/** One stream on its way to the edges: frames to tags to packets, of which the newest are kept for repair. */
export class Feed {
  readonly stream: Stream;
  readonly ssrc: number;
  readonly cache: PacketCache;
  readonly #options: FeedOptions;
  readonly #reader: Reader;
  readonly #muxer: LegacyMuxer;
  readonly #packetizer: LegacyPacketizer;
  readonly #tallies = { video: new Tally(), audio: new Tally() };
  readonly #off: () => void;
  #startTime = 0;
  #isScheduled = false;
  #isClosed = false;

  /** The stream must have frames already. */
  constructor(options: FeedOptions) {
    const { stream, ssrc } = options;
    this.stream = stream;
    this.ssrc = ssrc;
    this.cache = new PacketCache(options.cachePackets);
    this.#options = options;
    this.#reader = new Reader(stream);
    this.#muxer = new LegacyMuxer(stream.tracks.values());
    this.#packetizer = new LegacyPacketizer(ssrc, Math.floor(Math.random() * TIMESTAMPS));
    this.#off = stream.log.onChange(() => this.#wake());
    this.#wake();
  }

  /** As `/stat/livestat` shows it. */
  describe(): LiveStat {
    const { video, audio } = this.#tallies;
    const { path, publisher } = this.stream;
    return {
      ...nameOf(path, publisher?.session),
      start_time: this.#startTime,
      ssrc: this.ssrc,
      stream_id: 1,
      video_total_bytes: video.total,
      video_speed: video.speed,
      audio_total_bytes: audio.total,
      audio_speed: audio.speed,
    };
  }

  /** Sends no more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#off();
  }

  #wake(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#drain());
  }

  #drain(): void {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    try {
      for (let frame = this.#reader.next(); frame; frame = this.#reader.next()) {
        if (this.#startTime === 0) this.#startTime = Math.round((frame.ingest - frame.dts) / MILLISECOND);
        for (const tag of this.#muxer.write(frame)) this.#emit(tag);
      }
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.close();
      this.#options.onEnd(error);
    }
  }

  #emit({ kind, bytes }: OutgoingTag): void {
    this.#tallies[kind].add(bytes.length, this.#options.clock.now());
    for (const packet of this.#packetizer.packetize(bytes)) {
      this.cache.add(readRtp(packet).sequence, packet);
      this.#options.send(packet);
    }
  }
}
