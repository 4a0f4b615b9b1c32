import type { Clock } from '../../base/clock.ts';

/** Something that does what is due when it is asked to, and says when that is next: microseconds, infinite for never. */
export interface Machine {
  readonly next: number;
  poll(now: number): void;
}

/** Has a {@link Machine} polled when it wants to be. */
export class Alarm {
  readonly #clock: Clock;
  readonly #machine: Machine;
  readonly #ring = () => this.#wake();
  #at = Number.POSITIVE_INFINITY;
  #cancel = () => {};
  #isClosed = false;

  constructor(clock: Clock, machine: Machine) {
    this.#clock = clock;
    this.#machine = machine;
  }

  /** To be called after everything that may have changed what the machine wants. Being woken too early costs it nothing. */
  set(): void {
    const { next } = this.#machine;
    if (next >= this.#at || this.#isClosed) return;
    this.#cancel();
    this.#at = next;
    this.#cancel = this.#clock.after(Math.max(0, next - this.#clock.now()), this.#ring);
  }

  /** Polls no more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #wake(): void {
    this.#at = Number.POSITIVE_INFINITY;
    this.#machine.poll(this.#clock.now());
    this.set();
  }
}
