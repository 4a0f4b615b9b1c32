import type { Line } from '../../src/cluster/workers/rpc.ts';

/** A line between two processes that are only one: what is said at one end is heard at the other as JSON, a little later. */
export function linePair(): [Line, Line] {
  const ears: ((message: unknown) => void)[][] = [[], []];
  const end = (own: number): Line => ({
    send: (message) => {
      const text = JSON.stringify(message);
      queueMicrotask(() => {
        for (const hear of ears[1 - own]!) hear(JSON.parse(text));
      });
    },
    onMessage: (hear) => void ears[own]!.push(hear),
  });
  return [end(0), end(1)];
}
