import type { Sample } from '../../media/frame.ts';
import type { Kind } from '../../media/track.ts';
import { FlvDemuxer } from './demuxer.ts';
import type { Warn } from './packet.ts';
import type { FlvTagType } from './tag.ts';

/** Where an {@link FlvIntake} puts what it has read, such as a publisher. */
export interface SampleSink {
  write(sample: Sample): void;
  announce(kinds: ReadonlySet<Kind>): void;
}

const LONGEST_NAME = 100;

/** Turns the bodies of FLV tags or RTMP messages into frames of a stream. */
export class FlvIntake {
  readonly #sink: SampleSink;
  readonly #demuxer: FlvDemuxer;
  readonly #detail: Record<string, string>;
  #hasMedia = false;

  /** `detail` takes what the encoder says of itself; `warn` is told once of each thing that is left out. */
  constructor(sink: SampleSink, detail: Record<string, string>, warn: Warn) {
    this.#sink = sink;
    this.#detail = detail;
    this.#demuxer = new FlvDemuxer(warn);
  }

  /** Whether a frame has come. */
  get hasMedia(): boolean {
    return this.#hasMedia;
  }

  /** Takes a body with its timestamp in milliseconds. Throws `ProtocolError` when it is malformed. */
  write(type: FlvTagType, timestamp: number, body: Uint8Array): void {
    if (type === 'script') return this.#describe(body);
    const sample = type === 'video' ? this.#demuxer.video(timestamp, body) : this.#demuxer.audio(timestamp, body);
    if (!sample) return;
    this.#hasMedia = true;
    this.#sink.write(sample);
  }

  #describe(body: Uint8Array): void {
    const metadata = this.#demuxer.script(body);
    if (metadata?.kinds) this.#sink.announce(metadata.kinds);
    if (metadata?.encoder) this.#detail.encoder = metadata.encoder.slice(0, LONGEST_NAME);
  }
}
