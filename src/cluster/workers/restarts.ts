import { MILLISECOND, SECOND } from '../../base/clock.ts';

/** One that has run for so long was all right. */
const STEADY = 30 * SECOND;
/** So many ends before that, one after another, are no accident. */
const MOST = 5;
/** After the first end there is no pause; the next ones are each twice the one before. */
const FIRST_PAUSE = 500 * MILLISECOND;

/** Decides when a worker that has ended is started again. */
export class Restarts {
  #ends = 0;

  /** A worker has ended that ran for `lasted` (microseconds): how long to wait; undefined when it makes no sense any more. */
  next(lasted: number): number | undefined {
    this.#ends = lasted >= STEADY ? 1 : this.#ends + 1;
    if (this.#ends > MOST) return undefined;
    return this.#ends === 1 ? 0 : FIRST_PAUSE * 2 ** (this.#ends - 2);
  }
}
