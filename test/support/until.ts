import { setTimeout as sleep } from 'node:timers/promises';

/** Whoever cleans up when it is done: a test's context, or `{ after }` of `node:test` for a whole file. */
export interface Owner {
  after(end: () => Promise<void> | void): void;
}

const LOOK_EVERY = 10;
const PATIENCE = 15_000;

/** Waits until `probe` answers something that holds, and resolves to it. Rejects after `patience` milliseconds with a sentence that names `what`. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  patience = PATIENCE,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${patience} ms: ${what}`);
    await sleep(LOOK_EVERY);
  }
}

/** The promise's value; rejects with a sentence that names `what` when it takes longer than `patience` milliseconds. */
export async function within<T>(what: string, promise: Promise<T>, patience = PATIENCE): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => timer.reject(new Error(`not within ${patience} ms: ${what}`)), patience);
  try {
    return await Promise.race([promise, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}
