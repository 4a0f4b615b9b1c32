import type { Line } from './line.ts';

/** A line that brings nothing for so long may be dead: another one is tried beside it, now and again; in milliseconds. */
export const SUSPICIOUS = 1_500;
const AGAIN = 10_000;
/** One that is alone is opened anew. */
const DEAD = 15_000;

/** Finds out whether it is the line that is silent, or the stream: by another line. Moments are milliseconds of a monotonic clock. */
export class Suspicion {
  #line: Line | undefined;
  #at = -Infinity;

  /** The line to be tried beside one that has been silent for so long, if it is time for that; `other` is the best of the others. */
  look(line: Line, silence: number, now: number, other: () => Line | undefined): Line | undefined {
    if (silence < SUSPICIOUS || now - this.#at < AGAIN) return undefined;
    const tried = other() ?? (silence > DEAD ? line : undefined);
    if (!tried) return undefined;
    this.#at = now;
    this.#line = tried === line ? undefined : line;
    return tried;
  }

  /** Nobody is suspected any more. */
  drop(): void {
    this.#line = undefined;
  }

  /** Another line plays, so it had something newer. Returns the line that is to blame, if one was suspected. */
  settle(): Line | undefined {
    const line = this.#line;
    this.#line = undefined;
    return line;
  }
}
