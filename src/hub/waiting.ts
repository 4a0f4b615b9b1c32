import type { Clock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Signal } from '../base/signal.ts';
import { describePath } from './path.ts';

/** Those who wait for streams to appear, by path. */
export class Waiting {
  readonly #clock: Clock;
  readonly #wakers = new Map<string, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The paths that anybody waits for. */
  get paths(): string[] {
    return [...this.#wakers.keys()];
  }

  /** Something is to be had at a path: all who wait for it look again. */
  wake(path: string): void {
    const waiting = this.#wakers.get(path);
    this.#wakers.delete(path);
    for (const wake of waiting ?? []) wake();
  }

  /**
   * Resolves when a stream may be there, or it is time to look: after `pause` microseconds, or when `search` is over. Rejects with
   * {@link RefusedError} `not-found` after `wait` microseconds, and with the reason of `signal` when that aborts.
   */
  appearance(
    path: string,
    wait: number,
    signal: Signal,
    { pause = Number.POSITIVE_INFINITY, search }: { readonly pause?: number; readonly search?: Promise<void> },
  ): Promise<void> {
    if (wait <= 0) throw new RefusedError('not-found', `nothing is published on ${describePath(path)}`);
    return new Promise((resolve, reject) => {
      const waiting = this.#wakers.get(path) ?? new Set();
      this.#wakers.set(path, waiting);
      const settle = (act: () => void) => {
        cancel();
        signal.removeEventListener('abort', abort);
        waiting.delete(wake);
        if (waiting.size === 0 && this.#wakers.get(path) === waiting) this.#wakers.delete(path);
        act();
      };
      const wake = () => settle(resolve);
      const abort = () => settle(() => reject(signal.reason));
      const expire = () =>
        settle(() => reject(new RefusedError('not-found', `nothing was published on ${describePath(path)} in time`)));
      const timeout = Math.min(wait, pause);
      const cancel = Number.isFinite(timeout) ? this.#clock.after(timeout, wait > pause ? wake : expire) : () => {};
      signal.addEventListener('abort', abort);
      waiting.add(wake);
      if (signal.aborted) abort();
      void search?.then(wake);
    });
  }
}
