import { type Clock, MILLISECOND } from '../base/clock.ts';

/** What is attempted. */
export interface Attempt<T> {
  /** Rejects with the reason of its signal when that aborts. Has to end by itself some time. */
  readonly dial: (signal: AbortSignal) => Promise<T>;
  /** Hangs up. */
  readonly close: (found: T) => void;
  /** Whether what an attempt failed with is an answer, which ends the others; any is where it is not given. */
  readonly isAnswer?: (reason: unknown) => boolean;
  /** Is told of a failure that is no answer. */
  readonly onMiss?: (reason: unknown) => void;
}

/** How one insists. */
export interface Insistence {
  readonly clock: Pick<Clock, 'after'>;
  /** How long there may be no answer before another attempt begins beside those before. */
  readonly pauses: Pauses;
}

/** A row of pauses, of which the last is repeated. */
export class Pauses {
  readonly #all: readonly number[];
  #taken = 0;

  /** In milliseconds; one at least. */
  constructor(all: readonly number[]) {
    this.#all = all;
  }

  next(): number {
    return this.#all[this.#taken++] ?? this.#all.at(-1)!;
  }

  /** The next one is the first again. */
  reset(): void {
    this.#taken = 0;
  }
}

/**
 * Dials, and again beside that as long as there is no answer: what the path loses of a handshake is repeated only after a second, as is
 * what was sent when nobody listened there yet. The first answer counts, be it a refusal. The other attempts are given up by their
 * signals, and closed if they succeed all the same. Rejects with the reason of `signal` when that aborts.
 */
export async function insist<T>(
  { dial, close, isAnswer = () => true, onMiss }: Attempt<T>,
  { clock, pauses }: Insistence,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const answer = Promise.withResolvers<T>();
  const waiting = new Set<AbortController>();
  let isOver = false;
  let cancel = () => {};
  const end = () => {
    isOver = true;
    cancel();
    signal.removeEventListener('abort', abort);
    for (const attempt of waiting) attempt.abort(new Error('another attempt was answered'));
  };
  const fail = (reason: unknown) => {
    answer.reject(reason);
    end();
  };
  const abort = () => fail(signal.reason);
  const begin = () => {
    const attempt = new AbortController();
    waiting.add(attempt);
    const succeed = (found: T) => {
      if (isOver) return close(found);
      waiting.delete(attempt);
      answer.resolve(found);
      end();
    };
    const miss = (reason: unknown) => {
      waiting.delete(attempt);
      if (isOver) return;
      if (isAnswer(reason)) fail(reason);
      else onMiss?.(reason);
    };
    dial(AbortSignal.any([signal, attempt.signal])).then(succeed, miss);
    cancel = clock.after(pauses.next() * MILLISECOND, begin);
  };
  signal.addEventListener('abort', abort, { once: true });
  begin();
  return answer.promise;
}
