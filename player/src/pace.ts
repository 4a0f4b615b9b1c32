/** How fast to play, and where to jump to, in seconds of the buffer's end that are to be left. */
export interface Pace {
  readonly rate: number;
  readonly jump: boolean;
}

/** What playing is paced by, in seconds. */
export interface Reserve {
  /** What is there to be played. */
  readonly ahead: number;
  /** What is to be there. */
  readonly target: number;
  /** What a switch needs to be there: it is let grow until then. */
  readonly needed: number;
}

/** A little faster than life while behind, a little slower while a switch needs time. */
export const FAST = 1.15;
const SLOW = 0.9;
/** So much more than the target is let be. */
const SLACK = 0.7;
/** One who is so far behind jumps. */
const FURTHEST = 4;

/** How to play on; `last` is the rate so far. */
export function pace({ ahead, target, needed }: Reserve, last: number): Pace {
  if (needed > 0) return { rate: ahead < needed ? SLOW : 1, jump: false };
  const isFast = ahead > target + (last === FAST ? 0 : SLACK);
  return { rate: isFast ? FAST : 1, jump: ahead > Math.max(FURTHEST, target + FURTHEST / 2) };
}

/** The usual reserve, and the largest that stalls may make it, in seconds. */
const LEAST_TARGET = 0.8;
const MOST_TARGET = 3;
const STEP = 0.4;
/** After so long without a stall it is a step smaller again, in milliseconds. */
const CALM = 60_000;

/**
 * Whether to begin with so much to be played, so long after the first of it came; in seconds. An edge that has just handed out what it
 * had sends nothing for its latency: with less than the usual reserve the picture would soon stand still.
 */
export function mayBegin(filled: number, waited: number): boolean {
  return filled >= LEAST_TARGET || waited >= LEAST_TARGET;
}

/** How large a reserve this viewer's network needs: every stall makes it larger. */
export class Target {
  #seconds = LEAST_TARGET;
  #changedAt = 0;

  /** In seconds, at the moment `now` (milliseconds). */
  at(now: number): number {
    if (now - this.#changedAt > CALM) this.#set(this.#seconds - STEP, now);
    return this.#seconds;
  }

  stalled(now: number): void {
    this.#set(this.#seconds + STEP, now);
  }

  #set(seconds: number, now: number): void {
    this.#seconds = Math.min(MOST_TARGET, Math.max(LEAST_TARGET, seconds));
    this.#changedAt = now;
  }
}
