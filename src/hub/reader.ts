import { RefusedError } from '../base/errors.ts';
import type { Frame } from '../media/frame.ts';
import { describeLineup, type Lineup, type Stream } from './stream.ts';

/**
 * A cursor into a stream's log. It begins at the newest key frame, or at the first one from a position on, and goes on at the next
 * one when it is overtaken by the window.
 */
export class Reader {
  readonly stream: Stream;
  /** Frames that the window took away before they were read. */
  skipped = 0;
  #position: number;
  #hasBegun = false;
  /** Whether a startable frame must come before the next one is handed out. */
  #seeking = true;
  #lineup: Lineup | undefined;

  constructor(stream: Stream, from = stream.log.start ?? stream.log.head) {
    this.stream = stream;
    this.#lineup = stream.lineup;
    this.#position = from;
  }

  /** The position in the log that is read next. */
  get position(): number {
    return this.#position;
  }

  /**
   * The next frame, or `undefined` when there is none yet.
   * Throws {@link RefusedError} at the end of the stream (`gone` and the like) and when its codecs change (`changed`).
   */
  next(): Frame | undefined {
    const { log, lineup, ended } = this.stream;
    this.#lineup ??= lineup;
    if (lineup !== this.#lineup) throw this.#changed(lineup!);
    if (this.#position < log.tail) this.#seeking = true;
    if (this.#seeking && !this.#seek()) {
      if (ended) throw ended;
      return undefined;
    }
    if (this.#position < log.head) {
      this.#hasBegun = true;
      return log.at(this.#position++);
    }
    if (ended) throw ended;
    return undefined;
  }

  /** Moves on to the next startable frame; false when there is none yet. */
  #seek(): boolean {
    const { log } = this.stream;
    const start = log.startFrom(this.#position);
    if (this.#hasBegun) this.skipped += (start ?? log.head) - this.#position;
    this.#position = start ?? log.head;
    this.#seeking = start === undefined;
    return !this.#seeking;
  }

  #changed(lineup: Lineup): RefusedError {
    const from = describeLineup(this.#lineup ?? {});
    return new RefusedError('changed', `the stream's codecs changed from ${from} to ${describeLineup(lineup)}`);
  }
}
