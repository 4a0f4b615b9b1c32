import { MILLISECOND, SECOND } from '../../base/clock.ts';

/** The share of the media's rate that repairs may take: to begin with, on a path that is not full, and as little as ever. */
const FIRST_SHARE = 0.6;
const LARGEST_SHARE = 1.5;
const SMALLEST_SHARE = 0.1;
/** How the share moves with each report; it grows again when the path was not full for so long: key frames are that far apart. */
const FASTER = 0.05;
const SLOWER = 0.6;
const HOLD = 2.5 * SECOND;
/** The delay beyond the least that is taken for a full path, besides what the jitter explains. */
const STANDING = 5 * MILLISECOND;
const JITTERS = 0.5;
/** Repairs leave at this many times the media's rate, or less with a smaller share: many at once would only overflow the next queue. */
const PACE = 4;
const LEAST_PACE = 500_000;
/** Unused allowance is kept for this long, and never less than these bytes. */
const KEPT = 0.4 * SECOND;
const LEAST_KEPT = 24 * 1024;
/** As long as the media's rate is not measured, bytes a second. */
const USUAL_RATE = 250_000;

/**
 * How many bytes may go into the repairs of one edge: a share of its media's rate. The share shrinks while packets wait
 * somewhere on the path, since repairs would then push out media, and grows again slowly when they do not.
 */
export class RepairBudget {
  /** The rate of the edge's media, in bytes a second. */
  mediaRate = 0;
  #share = FIRST_SHARE;
  #fullAt = Number.NEGATIVE_INFINITY;
  #left = 0;
  /** At first, all that may be kept is there. */
  #filledAt = Number.NEGATIVE_INFINITY;

  get share(): number {
    return this.#share;
  }

  /** Takes note of how full the path was of late (see `QueueGauge`), and of its jitter; microseconds. */
  adapt(queue: number, jitter: number, now: number): void {
    const isFull = queue > STANDING + JITTERS * jitter;
    if (isFull) this.#fullAt = now;
    else if (now - this.#fullAt < HOLD) return;
    const share = isFull ? this.#share * SLOWER : this.#share + FASTER;
    this.#share = Math.max(SMALLEST_SHARE, Math.min(LARGEST_SHARE, share));
  }

  /** Whether `bytes` may be spent; if so, they are. */
  take(bytes: number, now: number): boolean {
    this.#fill(now);
    if (this.#left < bytes) return false;
    this.#left -= bytes;
    return true;
  }

  /** How long after a packet of `bytes` the next one may leave, in microseconds. */
  step(bytes: number): number {
    const pace = (Math.max(PACE * this.mediaRate, LEAST_PACE) * this.#share) / LARGEST_SHARE;
    return (bytes * SECOND) / pace;
  }

  #fill(now: number): void {
    const rate = (this.mediaRate || USUAL_RATE) * this.#share;
    const most = Math.max(LEAST_KEPT, (rate * KEPT) / SECOND);
    const elapsed = now - this.#filledAt;
    this.#filledAt = now;
    this.#left = Math.min(most, this.#left + (rate * elapsed) / SECOND);
  }
}
