import { setTimeout as sleep } from 'node:timers/promises';

/** The pauses between attempts: each twice the one before up to a limit, and each of a random length, so that not all come at once. */
export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  #next: number;

  /** Both in milliseconds. */
  constructor(first: number, longest: number) {
    this.#first = this.#next = first;
    this.#longest = longest;
  }

  /** An attempt was a success: the next pause is the first one again. */
  reset(): void {
    this.#next = this.#first;
  }

  /** How long to wait before the next attempt, in milliseconds. */
  next(): number {
    const pause = this.#next * (0.5 + Math.random() / 2);
    this.#next = Math.min(this.#next * 2, this.#longest);
    return pause;
  }

  /** Waits before the next attempt, but not for longer than until `signal` aborts. Never rejects. */
  async wait(signal: AbortSignal): Promise<void> {
    await sleep(this.next(), undefined, { signal }).catch(() => {});
  }
}
