import { SECOND } from '../../base/clock.ts';

/** The least delay is that of the last one to two of these. */
const HALF_WINDOW = 15 * SECOND;
/** Means are over about so many packets, and so many losses. */
const [PACKETS, LOSSES] = [128, 12];

/**
 * How full the path is, by how long packets wait on it. Two things tell. Where a queue stands, even the quickest packet of late took
 * longer than the least that one took; the others may have waited for the sender's pace or for their turn on the way. And where a
 * queue overflows now and then, packets are lost when it is full: those that come next have waited longer than most.
 */
export class QueueGauge {
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;
  #since: number | undefined;
  #quickest = Number.POSITIVE_INFINITY;
  /** The mean delay, by how much that of packets behind a loss exceeds it, and whether there was a loss of late. */
  #mean: number | undefined;
  #excess = 0;
  #hasLost = false;

  /** A packet took so long, by clocks that need not agree; `isBehindLoss` says that one before it is missing. */
  observe(transit: number, isBehindLoss: boolean, now: number): void {
    this.#since ??= now;
    if (now - this.#since > HALF_WINDOW) {
      this.#since = now;
      this.#leastBefore = this.#least;
      this.#least = transit;
    }
    this.#least = Math.min(this.#least, transit);
    this.#quickest = Math.min(this.#quickest, transit);
    this.#mean ??= transit;
    this.#mean += (transit - this.#mean) / PACKETS;
    if (!isBehindLoss) return;
    this.#hasLost = true;
    this.#excess += (transit - this.#mean - this.#excess) / LOSSES;
  }

  /** The longer of both times since it was last asked for, in microseconds; 0 when nothing came. */
  take(): number {
    const standing = this.#quickest - Math.min(this.#least, this.#leastBefore);
    const overflowing = this.#hasLost ? this.#excess : 0;
    this.#quickest = Number.POSITIVE_INFINITY;
    this.#hasLost = false;
    return Math.max(Number.isFinite(standing) ? standing : 0, overflowing);
  }
}
