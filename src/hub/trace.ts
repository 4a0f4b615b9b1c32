import type { Hub } from './hub.ts';
import { type Delay, type Hop, MOST_HOPS, type Trace, type TracedSession } from './passage.ts';
import type { Session } from './session.ts';

/** Where a trace begins. */
export interface TraceGround {
  readonly hub: Pick<Hub, 'find'>;
  readonly nodeId: string;
  readonly host: string;
}

/** A stream comes in at the node that owns it: nothing is added before that. */
const OWN: Delay = { total: { p50: 0, p99: 0 }, added: 0 };

/** The way of what a session of this node plays or publishes, over `most` nodes. Never rejects. */
export async function traceOf(
  { hub, nodeId, host }: TraceGround,
  session: Session & { readonly path: string },
  most: number,
): Promise<Trace> {
  const { path, role } = session;
  const stream = hub.find(path);
  const feeder = role === 'publish' ? session : stream?.publisher?.session;
  const isFed = feeder !== undefined && stream?.publisher?.session === feeder;
  const passage = isFed ? stream.passage : undefined;
  const here: Hop = {
    node: nodeId,
    host,
    address: '',
    sends: role === 'publish' ? undefined : describe(session),
    gets: feeder && describe(feeder),
    delay: passage ? passage.delay : isFed && !stream.mirrored ? OWN : undefined,
    loss: passage?.loss,
  };
  if (!feeder)
    return {
      path,
      hops: [here],
      gap: stream?.mirrored ? 'the way to it is lost at present' : 'nobody publishes it at present',
    };
  if (!passage) return { path, hops: [here], gap: undefined };
  if (most <= 1) return { path, hops: [here], gap: `the way is longer than ${MOST_HOPS} nodes` };
  try {
    const { hops, gap } = await passage.follow(most - 1);
    return { path, hops: passage.isInner ? joined(here, hops) : [here, ...hops], gap };
  } catch (error) {
    return { path, hops: [here], gap: `${feeder.detail['origin']} does not tell more: ${(error as Error).message}` };
  }
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
