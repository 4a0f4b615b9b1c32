import { ProtocolError, RefusedError } from '../base/errors.ts';
import type { Trace } from '../hub/passage.ts';
import { Channel } from './channel.ts';
import type { Source } from './subscription.ts';

/** How long it may take to look at one node more, in milliseconds: who is nearer to the one who asks waits longer. */
const PATIENCE_MS = 1000;

/** The way of what a session sends, as the node of that session tells it. Rejects when it does not tell. */
export async function askTrace(source: Source, session: string, most: number): Promise<Trace> {
  const patience = most * PATIENCE_MS;
  const signal = AbortSignal.timeout(patience);
  const channel = new Channel(await source.open(signal));
  try {
    channel.send({ op: 'trace', session, most });
    const answer = await channel.hear(signal, patience);
    if (answer.op === 'traced') return reachedAt(source.name, answer);
    if (answer.op === 'ended') throw new RefusedError('not-found', answer.message);
    throw new ProtocolError(`"${answer.op}" instead of a way`);
  } finally {
    channel.stream.destroy();
  }
}

/** The same way, its first node reached at this address. */
export function reachedAt(address = '', { path, hops, gap }: Trace): Trace {
  const [first, ...further] = hops;
  return { path, hops: first ? [{ ...first, address }, ...further] : [], gap };
}
