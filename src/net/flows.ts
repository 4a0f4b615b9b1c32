import type { Session, Sessions } from '../hub/session.ts';
import type { LinkReport, Links, MediaWay } from './links.ts';

/** What goes from one node to another, as one of both counts it. */
export interface FlowReport {
  /** Ids of nodes; empty for one that has none. */
  readonly from: string;
  readonly to: string;
  readonly media: MediaWay | 'reliable';
  readonly streams: number;
  /** Of media, so far; undefined where it cannot be known, as of what is pushed to many. Less than before when some has ended. */
  readonly bytes?: number | undefined;
  /** By UDP, and of these what was found missing; undefined before the node that gets them has told. */
  readonly packets?: number | undefined;
  readonly lost?: number | undefined;
}

/** What {@link flowsHere} looks at. */
export interface FlowGround {
  readonly sessions: Pick<Sessions, typeof Symbol.iterator>;
  readonly links: Pick<Links, typeof Symbol.iterator>;
}

/** Of so many a node tells, those that carry most. */
export const MOST_FLOWS = 100;

/** What goes from this process to other nodes, and comes from them; `self` is the id of its node. */
export function flowsHere({ sessions, links }: FlowGround, self: string): FlowReport[] {
  const reliable = [...sessions].map((session) => flowOfSession(session, self)).filter((flow) => flow !== undefined);
  const byUdp = [...links].filter(({ media }) => media !== 'reliable').map((link) => flowOfLink(link, self));
  const flows = new Map(mergeFlows(reliable).map((flow) => [keyOf(flow), flow]));
  // A session counts what comes by UDP too, but ends with its stream.
  for (const flow of mergeFlows(byUdp)) {
    const streams = Math.max(flow.streams, flows.get(keyOf(flow))?.streams ?? 0);
    flows.set(keyOf(flow), { ...flow, streams });
  }
  return [...flows.values()];
}

/** What several workers tell, or several links between the same two nodes carry, as one; those that carry most first. */
export function mergeFlows(flows: Iterable<FlowReport>): FlowReport[] {
  const merged = new Map<string, FlowReport>();
  for (const flow of flows) {
    const before = merged.get(keyOf(flow));
    merged.set(keyOf(flow), before ? together(before, flow) : flow);
  }
  return [...merged.values()].sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0)).slice(0, MOST_FLOWS);
}

function together(a: FlowReport, b: FlowReport): FlowReport {
  const { from, to, media } = a.media === 'reliable' ? b : a;
  const sum = (one: number | undefined, other: number | undefined) =>
    one === undefined && other === undefined ? undefined : (one ?? 0) + (other ?? 0);
  return {
    ...{ from, to, media, streams: a.streams + b.streams },
    ...{ bytes: sum(a.bytes, b.bytes), packets: sum(a.packets, b.packets), lost: sum(a.lost, b.lost) },
  };
}

/** Of the two who fetch and serve a stream the one who serves it knows who the other is. */
function flowOfSession(session: Session, self: string): FlowReport | undefined {
  const { protocol, isInner, role, detail, bytesIn, bytesOut } = session;
  const node = detail['node'];
  if (protocol !== 'relay' || isInner || node === undefined || role === undefined) return undefined;
  const common = { media: 'reliable', streams: 1 } as const;
  if (role === 'play') return { from: self, to: node, ...common, bytes: bytesOut };
  return { from: node, to: self, ...common, bytes: bytesIn };
}

function flowOfLink(link: LinkReport, self: string): FlowReport {
  const { node, media, bytes } = link;
  const common = { media, streams: link.streams.length };
  if (link.role === 'edge') return { from: node, to: self, ...common, bytes, packets: link.packets, lost: link.lost };
  const isShared = media === 'multicast' || media === 'push';
  const { packets, lost } = link.reported ?? {};
  return { from: self, to: node, ...common, ...(!isShared && { bytes }), packets, lost };
}

function keyOf({ from, to }: FlowReport): string {
  return `${from} ${to}`;
}
