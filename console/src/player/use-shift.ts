import { getShift } from '../api.ts';
import { usePoll } from '../use-poll.ts';

/** How far back a stream can be watched at present, in Unix milliseconds by the server's clock. */
export interface Reach {
  readonly from: number;
  readonly to: number;
}

const interval = 60_000;
/** Less is not worth a way back, in milliseconds. */
const shortest = 15_000;

/** Asks the server how far back a stream can be watched; undefined where that is not at all, or hardly. */
export function useShift(stream: string, query: string): Reach | undefined {
  const { data } = usePoll(async () => ({ ...(await getShift(stream, query)), heard: performance.now() }), interval);
  if (!data) return undefined;
  const to = data.to + performance.now() - data.heard;
  return to - data.from > shortest ? { from: data.from, to } : undefined;
}
