import { useEffect, useState } from 'preact/hooks';

export interface Polled<T> {
  /** The last good answer. */
  readonly data: T | undefined;
  /** Why the last call failed; undefined where it did not. */
  readonly error: unknown;
  readonly reload: () => void;
}

/**
 * Calls `load` now and again `interval` ms after each answer, as long as the component and the page are visible. Another `question`
 * is asked at once; until it is answered the answer to the one before stands.
 */
export function usePoll<T>(load: () => Promise<T>, interval: number, question = ''): Polled<T> {
  const [answer, setAnswer] = useState<{ data: T | undefined; error: unknown }>({ data: undefined, error: undefined });
  const [round, setRound] = useState(0);

  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      clearTimeout(timer);
      if (document.hidden) return;
      const outcome = await load().then(
        (data) => ({ data }),
        (error: unknown) => ({ error }),
      );
      if (over) return;
      setAnswer((last) =>
        'data' in outcome ? { data: outcome.data, error: undefined } : { ...last, error: outcome.error },
      );
      clearTimeout(timer);
      timer = setTimeout(run, interval);
    };
    void run();
    document.addEventListener('visibilitychange', run);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', run);
    };
  }, [round, interval, question]);

  return { ...answer, reload: () => setRound((last) => last + 1) };
}
