import type { Sample, Stamp } from '../media/frame.ts';

/** A key frame that comes this much early, as a share of the length aimed at, begins the next segment. */
const EARLY = 0.1;

/** Divides a stream into segments: each begins where a reader can begin, and lasts at least about as long as is aimed at. */
export class Segments {
  #next: Stamp;
  /** The decoding time of the present segment's first frame; undefined where the next startable frame must begin one. */
  #start: number | undefined;

  /** `first` is the number of the first one. */
  constructor(first: number) {
    this.#next = { segment: first, discontinuity: 0 };
  }

  /** What stands on the next one, as far as is known. */
  get next(): Stamp {
    return this.#next;
  }

  /** Goes on where the stream's owner stood, which was an earlier run of this node or is another node. */
  resume(next: Stamp): void {
    this.#next = next;
    this.#start = undefined;
  }

  /** What comes has nothing to do with what was: it begins a segment of its own. */
  break(): void {
    if (this.#start !== undefined) this.#next = { ...this.#next, discontinuity: this.#next.discontinuity + 1 };
    this.#start = undefined;
  }

  /** What stands on a startable frame at `dts`, if it begins a segment; `duration` is what is aimed at (both microseconds). */
  stamp({ track }: Sample, dts: number, duration: number): Stamp | undefined {
    const least = track.kind === 'video' ? duration * (1 - EARLY) : duration;
    if (this.#start !== undefined && dts - this.#start < least) return undefined;
    this.#start = dts;
    const stamp = this.#next;
    this.#next = { ...stamp, segment: stamp.segment + 1 };
    return stamp;
  }
}
