/** Time as an input, so that everything that waits can be tested without waiting. */
export interface Clock {
  /** Monotonic microseconds since some fixed moment. */
  now(): number;
  /** Wall clock: microseconds since 1970-01-01T00:00Z. */
  wall(): number;
  /** Calls `action` once, `delay` microseconds from now; the function returned cancels it (and is idempotent). */
  after(delay: number, action: () => void): () => void;
}

/** Microseconds in a second. */
export const SECOND = 1_000_000;
/** Microseconds in a millisecond. */
export const MILLISECOND = 1_000;

type Timer = { at: number; order: number; action: () => void };

/** A {@link Clock} that moves only when it is told to. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #epoch: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** `epoch` is the wall clock at the moment 0. */
  constructor(epoch = 1_800_000_000 * SECOND) {
    this.#epoch = epoch;
    this.#now = 0;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#epoch + this.#now;
  }

  after(delay: number, action: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delay), order: this.#order++, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves time on by `duration` microseconds and fires, in order, every timer that falls due on the way. */
  advance(duration: number): void {
    const end = this.#now + duration;
    for (let due = this.#due(end); due !== undefined; due = this.#due(end)) {
      this.#timers.delete(due);
      this.#now = due.at;
      due.action();
    }
    this.#now = end;
  }

  #due(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > end) continue;
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    return first;
  }
}
