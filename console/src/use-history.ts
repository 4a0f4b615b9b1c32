import { useRef } from 'preact/hooks';
import { columns, getHistory, type NodeHistory } from './operator.ts';
import { type Polled, usePoll } from './use-poll.ts';

const HOUR_MS = 3_600_000;

/** The last hour of all nodes: the whole at first, then what has come since. */
export function useHistory(): Polled<readonly NodeHistory[]> {
  const known = useRef<readonly NodeHistory[]>([]);
  return usePoll(async () => {
    const last = Math.max(0, ...known.current.map(({ time_ms: times }) => times.at(-1) ?? 0));
    return (known.current = extend(known.current, await getHistory(last)));
  }, 5_000);
}

/** What is known with what has come since; nodes that are not told of any more are gone. */
export function extend(known: readonly NodeHistory[], news: readonly NodeHistory[]): readonly NodeHistory[] {
  return news.map((fresh) => {
    const old = known.find(({ id }) => id === fresh.id);
    if (!old) return fresh;
    const times = [...old.time_ms, ...fresh.time_ms];
    const first = times.findIndex((time) => time > times.at(-1)! - HOUR_MS);
    const joined = columns.map((name) => [name, [...old[name], ...fresh[name]].slice(first)]);
    return { ...fresh, ...Object.fromEntries(joined), time_ms: times.slice(first) } as NodeHistory;
  });
}
