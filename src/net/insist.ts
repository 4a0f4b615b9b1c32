import { type Clock, MILLISECOND } from '../base/clock.ts';

/** What is attempted. */
export interface Attempt<T> {
  /** Rejects with the reason of its signal when that aborts. */
  readonly dial: (signal: AbortSignal) => Promise<T>;
  /** Hangs up. */
  readonly close: (found: T) => void;
}

/** How one insists. */
export interface Insistence {
  readonly clock: Pick<Clock, 'after'>;
  /** How long there may be no answer before another attempt begins beside those before, in milliseconds, for each but the first. */
  readonly pauses: readonly number[];
}

/**
 * Dials, and again beside that as long as there is no answer: what the path loses of a handshake is repeated only after a second.
 * The first answer counts, be it a refusal. The other attempts are given up by their signals, and closed if they succeed all the same.
 */
export async function insist<T>(
  { dial, close }: Attempt<T>,
  { clock, pauses }: Insistence,
  signal: AbortSignal,
): Promise<T> {
  const answer = Promise.withResolvers<T>();
  const waiting = new Set<AbortController>();
  let isOver = false;
  let cancel = () => {};
  const end = () => {
    isOver = true;
    cancel();
    for (const attempt of waiting) attempt.abort(new Error('another attempt was answered'));
  };
  const begin = (attempts: number) => {
    const attempt = new AbortController();
    waiting.add(attempt);
    const succeed = (found: T) => {
      if (isOver) return close(found);
      waiting.delete(attempt);
      answer.resolve(found);
      end();
    };
    const fail = (reason: unknown) => {
      answer.reject(reason);
      end();
    };
    dial(AbortSignal.any([signal, attempt.signal])).then(succeed, fail);
    const pause = pauses[attempts];
    if (pause !== undefined) cancel = clock.after(pause * MILLISECOND, () => begin(attempts + 1));
  };
  begin(0);
  return answer.promise;
}
