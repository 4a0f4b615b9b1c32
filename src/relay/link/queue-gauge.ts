import { SECOND } from '../../base/clock.ts';

/** The least delay is that of the last one to two of these. */
const HALF_WINDOW = 15 * SECOND;

/**
 * How long packets wait on the path beyond the least that one took. It is the quickest packet of late that tells: the others may
 * have waited for the sender's pace or for their turn on the way, but where a queue stands, none is quick.
 */
export class QueueGauge {
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;
  #since: number | undefined;
  #quickest = Number.POSITIVE_INFINITY;

  /** A packet took so long, by clocks that need not agree. */
  observe(transit: number, now: number): void {
    this.#since ??= now;
    if (now - this.#since > HALF_WINDOW) {
      this.#since = now;
      this.#leastBefore = this.#least;
      this.#least = transit;
    }
    this.#least = Math.min(this.#least, transit);
    this.#quickest = Math.min(this.#quickest, transit);
  }

  /** Since it was last asked for, in microseconds; 0 when nothing came. */
  take(): number {
    const waited = this.#quickest - Math.min(this.#least, this.#leastBefore);
    this.#quickest = Number.POSITIVE_INFINITY;
    return Number.isFinite(waited) ? waited : 0;
  }
}
