import { type Clock, SECOND } from '../base/clock.ts';
import type { Signal } from '../base/signal.ts';
import { Publisher } from './publisher.ts';
import type { Stream } from './stream.ts';

/** How far somebody has seen a stream: the token of its owner, and the newest time, in microseconds (-Infinity for nothing). */
export interface Seen {
  readonly token: number;
  readonly dts: number;
}

/** What an edge has kept for a new origin is there sooner than this. */
const LONGEST = 1 * SECOND;

/** Whether a stream's publisher has the frames that somebody has seen, and gives them the times that they had. */
export function goesOnWith({ publisher }: Stream, { token }: Seen): boolean {
  return publisher instanceof Publisher && publisher.alignedTo !== undefined && token <= publisher.alignedTo;
}

/**
 * Resolves when a publisher that goes on with what somebody has seen is as far as that, which is at once where there is none; after a second
 * at the latest, or when `signal` aborts. `goesOn` tells whether there is one, where that is not to be seen here.
 */
export async function whenAsFar(
  stream: Stream,
  seen: Seen,
  clock: Clock,
  signal: Signal,
  goesOn = () => goesOnWith(stream, seen),
): Promise<void> {
  const isThere = () => signal.aborted || stream.newest.dts >= seen.dts || !goesOn();
  if (isThere()) return;
  const arrived = Promise.withResolvers<void>();
  const look = () => isThere() && arrived.resolve();
  const stop = [stream.log.onChange(look), clock.after(LONGEST, arrived.resolve)];
  signal.addEventListener('abort', look);
  await arrived.promise;
  signal.removeEventListener('abort', look);
  for (const each of stop) each();
}
