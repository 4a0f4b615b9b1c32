import type { Hub } from './hub.ts';
import { type Hop, MOST_HOPS, type Trace, type TracedSession } from './passage.ts';
import type { Session } from './session.ts';
import type { Stream } from './stream.ts';

/** Where a trace begins. */
export interface TraceGround {
  readonly hub: Pick<Hub, 'find'>;
  readonly nodeId: string;
  readonly host: string;
}

/** The way of what a session of this node plays or publishes, over `most` nodes. Never rejects. */
export async function traceOf(
  ground: TraceGround,
  session: Session & { readonly path: string },
  most: number,
): Promise<Trace> {
  const { path, role } = session;
  const stream = ground.hub.find(path);
  const feeder = role === 'publish' ? session : stream?.publisher?.session;
  // One who stands by feeds nothing.
  const fed = feeder && stream?.publisher?.session === feeder ? stream : undefined;
  const sends = role === 'play' ? describe(session) : undefined;
  const here: Hop = { ...hopOf(ground, fed), sends, gets: feeder && describe(feeder) };
  const ending = (gap?: string): Trace => ({ path, hops: [here], gap });
  if (!feeder) return ending(stream?.mirrored ? 'the way to it is lost at present' : 'nobody publishes it at present');
  const { passage } = feeder;
  if (!passage) return ending();
  if (most <= 1) return ending(`the way is longer than ${MOST_HOPS} nodes`);
  try {
    const { hops, gap } = await passage.follow(most - 1);
    return { path, hops: passage.isInner ? joined(here, hops) : [here, ...hops], gap };
  } catch (error) {
    return ending(`${feeder.detail['origin']} does not tell more: ${(error as Error).message}`);
  }
}

/** This node on the way of a stream. */
function hopOf({ nodeId: node, host }: TraceGround, stream: Stream | undefined): Hop {
  return { node, host, address: '', delay: stream?.delay, loss: stream?.passage?.loss };
}

/** Two workers are one node: what the one sends the other had got, and how. */
function joined(here: Hop, [there, ...further]: readonly Hop[]): Hop[] {
  if (!there) return [here];
  const { gets, delay, loss } = there;
  return [{ ...here, node: here.node || there.node, gets, delay, loss }, ...further];
}

function describe({ id, protocol, remote, since, detail }: Session): TracedSession {
  return { id, protocol, remote: detail['source'] ?? detail['origin'] ?? remote, since };
}
