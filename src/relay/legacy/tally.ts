import { SECOND } from '../../base/clock.ts';

/** Over so long a speed is measured, at least. */
const WINDOW = 5 * SECOND;

/** Counts bytes, and their speed as the original does: over windows of five seconds and a little more. */
export class Tally {
  /** All bytes so far. */
  total = 0;
  /** In whole kilobits per second; 0 before the first window is over. */
  speed = 0;
  #since: number | undefined;
  #counted = 0;

  /** Counts bytes that came at `now`, in microseconds. */
  add(bytes: number, now: number): void {
    this.#since ??= now;
    const elapsed = now - this.#since;
    if (elapsed >= WINDOW) {
      this.speed = Math.floor(((this.total - this.#counted) * 8000) / elapsed);
      this.#since = now;
      this.#counted = this.total;
    }
    this.total += bytes;
  }
}
