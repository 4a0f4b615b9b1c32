/** What stands on the frame that begins a segment: the same on every node, so that names and contents of segments are. */
export interface Stamp {
  /** Counted without gaps from 0 since the stream's beginning, through all its publishers. */
  readonly segment: number;
  /** How often what came had nothing to do with what was before: another publisher or configuration. */
  readonly discontinuity: number;
}

/** A key frame that comes this much early, as a share of the length aimed at, begins the next segment. */
const EARLY = 0.1;

/** Divides a stream into segments: each begins where a reader can begin, and lasts at least about as long as is aimed at. */
export class Segments {
  /** In microseconds. */
  readonly #duration: number;
  #next: number;
  #discontinuity = 0;
  /** The decoding time of the present segment's first frame; undefined where the next frame must begin one. */
  #start: number | undefined;

  /** `next` is the number of the first one. */
  constructor(duration: number, next = 0) {
    this.#duration = duration;
    this.#next = next;
  }

  /** What comes has nothing to do with what was: it begins a segment of its own. */
  break(): void {
    if (this.#start !== undefined) this.#discontinuity++;
    this.#start = undefined;
  }

  /** The stamp of a startable frame at `dts` (microseconds), if it begins a segment. */
  stamp(dts: number): Stamp | undefined {
    if (this.#start !== undefined && dts - this.#start < this.#duration * (1 - EARLY)) return undefined;
    this.#start = dts;
    return { segment: this.#next++, discontinuity: this.#discontinuity };
  }
}
