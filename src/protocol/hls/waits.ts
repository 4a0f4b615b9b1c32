import type { Clock } from '../../base/clock.ts';

interface Waiting {
  readonly ready: () => boolean;
  readonly settle: (inTime: boolean) => void;
  readonly deadline: number;
}

/** Requests that wait for something to be there, all about as long: one timer watches over the deadlines of however many. */
export class Waits {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  /** Whether the timer runs. */
  #isTimed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves to true once `ready` is, and to false after `wait` microseconds. It is asked now and whenever {@link wake} is called. */
  until(ready: () => boolean, wait: number): Promise<boolean> {
    if (ready()) return Promise.resolve(true);
    return new Promise((settle) => {
      this.#waiting.add({ ready, settle, deadline: this.#clock.now() + wait });
      if (!this.#isTimed) this.#watch(wait);
    });
  }

  /** Something has changed. */
  wake(): void {
    for (const waiting of this.#waiting) if (waiting.ready()) this.#settle(waiting, true);
  }

  #settle(waiting: Waiting, inTime: boolean): void {
    this.#waiting.delete(waiting);
    waiting.settle(inTime);
  }

  #watch(wait: number): void {
    this.#isTimed = true;
    this.#clock.after(wait, () => this.#expire());
  }

  #expire(): void {
    this.#isTimed = false;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting) {
      if (waiting.deadline <= now) this.#settle(waiting, false);
      else next = Math.min(next, waiting.deadline);
    }
    if (Number.isFinite(next)) this.#watch(next - now);
  }
}
