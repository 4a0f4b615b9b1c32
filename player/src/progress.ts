/** What a look at the video element shows: `time` and `end` of its buffer in seconds, `now` in milliseconds. */
export interface Sample {
  readonly now: number;
  readonly time: number;
  readonly end: number;
}

/** `starting`: too soon to tell; `stalled`: no picture moves; `silent`: no data for so long that the connection is taken for dead; `stuck`: data comes, yet nothing moves. */
export type Verdict = 'starting' | 'playing' | 'stalled' | 'silent' | 'stuck';

/** A picture that has not moved for so long has stopped, in milliseconds. */
export const stalledAfter = 2_000;
const stuckAfter = 8_000;
const silentAfter = 15_000;
const enoughToPlay = 1;

/** Judges from samples whether a live connection still plays. */
export class Progress {
  #time = 0;
  #end = 0;
  #movedAt = -Infinity;
  #arrivedAt: number;
  readonly #startedAt: number;

  constructor(now: number) {
    this.#startedAt = now;
    this.#arrivedAt = now;
  }

  judge({ now, time, end }: Sample): Verdict {
    if (time !== this.#time) [this.#time, this.#movedAt] = [time, now];
    if (end !== this.#end) [this.#end, this.#arrivedAt] = [end, now];
    if (now - this.#movedAt < stalledAfter) return 'playing';
    if (now - this.#startedAt < stalledAfter) return 'starting';
    if (now - this.#arrivedAt >= silentAfter) return 'silent';
    const still = now - Math.max(this.#movedAt, this.#startedAt);
    return still >= stuckAfter && end - time >= enoughToPlay ? 'stuck' : 'stalled';
  }
}
