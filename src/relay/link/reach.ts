import { MILLISECOND, SECOND } from '../../base/clock.ts';

/**
 * One who was not heard by any way for so long is lost. Outages of the whole path are mostly shorter, and are bridged: nothing has to be
 * begun anew when they are over, and media goes on with the first packet. Where another node has the stream nobody waits for that.
 */
export const LOST_AFTER = 6 * SECOND;
/** The other end was not heard for so long: it is asked more often. */
const DOUBT = 400 * MILLISECOND;
/** It is not to be reached when it was not heard for so long, though asked so often, while it was heard otherwise. */
const SILENCE = 1 * SECOND;
/** The other way is steady when it was never silent for so long. */
const STEADY = 4 * SECOND;
const UNANSWERED = 20;
/** When one that was not to be reached is asked again: after twice the time each time, unless it was to be reached for that long. */
const FIRST_PAUSE = 5 * SECOND;
const LONGEST_PAUSE = 300 * SECOND;

/** `asking` until it answers; `up` as long as it may be heard; `blocked` until it is asked again. */
export type ReachState = 'asking' | 'up' | 'blocked';

/**
 * Whether the other end can be reached by UDP. One lost answer says nothing, nor do ten on a bad path: it takes many, and another
 * way by which the other end is heard all the while. Where there is none, all stays as it is: everything is silent then.
 */
export class Reach {
  /** When it was last heard by UDP. */
  heardAt: number;
  #state: ReachState = 'asking';
  #since: number;
  #heardOtherwiseAt: number;
  #steadySince: number;
  #unanswered = 0;
  #pause = FIRST_PAUSE / 2;

  constructor(now: number) {
    this.heardAt = this.#since = this.#heardOtherwiseAt = this.#steadySince = now;
  }

  get state(): ReachState {
    return this.#state;
  }

  /** When to ask again where it is blocked. */
  get againAt(): number {
    return this.#since + this.#pause;
  }

  /** Whether to ask as often as can be. */
  isUrgent(now: number): boolean {
    return this.#unanswered < UNANSWERED && (this.#state === 'asking' || now - this.heardAt > DOUBT);
  }

  /** Whether the other way works better than UDP could: nothing is won by going from a bad way to a worse one. */
  isSteadyOtherwise(now: number): boolean {
    return now - this.#heardOtherwiseAt <= SILENCE && now - this.#steadySince > STEADY;
  }

  /** Something authentic came by UDP. */
  heard(now: number): void {
    this.heardAt = now;
    this.#unanswered = 0;
    if (this.#state === 'asking') this.#become('up', now);
  }

  /** Something came another way. */
  heardOtherwise(now: number): void {
    if (now - this.#heardOtherwiseAt > SILENCE) this.#steadySince = now;
    this.#heardOtherwiseAt = now;
  }

  /** It is asked now. */
  asked(now: number): void {
    if (this.#state === 'blocked') this.#become('asking', now);
    const last = Math.max(this.heardAt, this.#state === 'asking' ? this.#since : 0);
    if (this.#unanswered >= UNANSWERED && this.#heardOtherwiseAt - last > SILENCE) this.block(now);
    else this.#unanswered++;
  }

  /** It is not to be reached, or media is not. */
  block(now: number): void {
    const lasted = this.#state === 'up' ? now - this.#since : 0;
    this.#pause = lasted > this.#pause ? FIRST_PAUSE : Math.min(2 * this.#pause, LONGEST_PAUSE);
    this.#become('blocked', now);
  }

  #become(state: ReachState, now: number): void {
    this.#state = state;
    this.#since = now;
    this.#unanswered = 0;
  }
}
