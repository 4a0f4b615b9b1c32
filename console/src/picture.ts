import { type Media, shareOf } from './links.ts';
import type { ClusterView, NodeFlow } from './operator.ts';

/** A node as it is drawn; what is not known is absent. */
export interface DrawnNode {
  readonly id: string;
  readonly role: 'origin' | 'edge';
  readonly self: boolean;
  /** In cores, of so many. */
  readonly cpu?: number;
  readonly cores?: number;
  readonly streams?: number;
  readonly viewers?: number;
  readonly kbps?: number;
}

/** What goes from one to another: {@link PUBLISHERS}, a node, {@link VIEWERS}. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly streams?: number;
  /** As one of both nodes measures it. */
  readonly kbps?: number;
  /** A share of the packets. */
  readonly loss?: number;
  readonly media?: Media;
}

/** The cluster as it is drawn. */
export interface Picture {
  readonly nodes: readonly DrawnNode[];
  readonly flows: readonly Flow[];
  /** Nodes for which there is no room. */
  readonly hidden: number;
}

/** Where streams come from, and where they go to at last. */
export const [PUBLISHERS, VIEWERS] = ['publishers', 'viewers'];
/** That of a node which is alone. */
export const ALONE = '';
const MOST_NODES = 16;

/** What this node knows of itself, where it is in no cluster. */
export interface Own {
  readonly cpu: number;
  readonly cores: number;
  readonly streams: number;
  readonly viewers: number;
  readonly recvKbps: number;
  readonly sendKbps: number;
}

/** Draws up who is there, and what goes where: from the cluster's list, and from what is measured of the flows between nodes. */
export function drawUp(cluster: ClusterView, followed: Followed, own: Own): Picture {
  const told = [...followed.values()];
  const listed: DrawnNode[] = cluster.nodes.map((node) => node);
  const self: DrawnNode = listed.find((node) => node.self) ?? {
    ...{ id: ALONE, role: told.some(({ flow }) => flow.to === ALONE) ? 'edge' : 'origin', self: true },
    ...{ cpu: own.cpu, cores: own.cores, streams: own.streams, viewers: own.viewers, kbps: own.sendKbps },
  };
  const ends = told.flatMap(
    ({ flow: { from, to } }) =>
      [
        { id: from, role: 'origin' },
        { id: to, role: 'edge' },
      ] as const,
  );
  const nodes = new Map<string, DrawnNode>();
  for (const node of [self, ...listed]) nodes.set(node.id, node);
  for (const end of ends) if (!nodes.has(end.id)) nodes.set(end.id, { ...end, self: false });
  const shown = [...nodes.values()].sort(byWeight).slice(0, MOST_NODES);
  const ids = new Set(shown.map(({ id }) => id));
  const between = flowsBetween(cluster, told).filter(({ from, to }) => ids.has(from) && ids.has(to));
  const flows = [...fromPublishers(cluster, shown, self, own), ...between, ...toViewers(shown)];
  return { nodes: shown, flows, hidden: nodes.size - shown.length };
}

/** This one, then those that have most to do. */
function byWeight(a: DrawnNode, b: DrawnNode): number {
  return Number(b.self) - Number(a.self) || (b.viewers ?? 0) - (a.viewers ?? 0) || (a.id < b.id ? -1 : 1);
}

/** What is measured of a flow, and the streams that are known to be at both its ends. */
function flowsBetween({ streams }: ClusterView, told: readonly FollowedFlow[]): Flow[] {
  const flows = new Map<string, Flow>();
  for (const { owner, nodes } of streams) {
    if (owner === '') continue;
    for (const to of nodes) {
      if (to === owner) continue;
      const key = `${owner} ${to}`;
      flows.set(key, { from: owner, to, streams: (flows.get(key)?.streams ?? 0) + 1 });
    }
  }
  for (const { flow, measured } of told) {
    const { from, to, media } = flow;
    const key = `${from} ${to}`;
    flows.set(key, { streams: flow.streams, ...flows.get(key), from, to, media, ...measured });
  }
  return [...flows.values()];
}

function fromPublishers({ streams }: ClusterView, nodes: readonly DrawnNode[], self: DrawnNode, own: Own): Flow[] {
  if (self.id === ALONE && nodes.length === 1) {
    return own.streams > 0 ? [{ from: PUBLISHERS!, to: ALONE, streams: own.streams, kbps: own.recvKbps }] : [];
  }
  const owned = (id: string) => streams.filter(({ owner }) => owner === id).length;
  const origins = nodes.filter(({ role }) => role === 'origin');
  const flows = origins.map(({ id }) => ({ from: PUBLISHERS!, to: id, streams: owned(id) }));
  return flows.filter((flow) => flow.streams > 0);
}

/** Those of the last nodes on the way: the others tell of their viewers in their boxes. */
function toViewers(nodes: readonly DrawnNode[]): Flow[] {
  const last = nodes.some(({ role }) => role === 'edge') ? 'edge' : 'origin';
  const flows = nodes.filter(({ role, viewers = 0 }) => role === last && viewers > 0);
  return flows.map(({ id, kbps }) => ({ from: id, to: VIEWERS!, ...(kbps !== undefined && { kbps }) }));
}

/** What was measured of a flow between two looks. */
interface Measured {
  readonly kbps: number;
  readonly loss?: number;
}

/** A flow as it was told last, and what was measured of it; absent before there are two looks. */
interface FollowedFlow {
  readonly flow: NodeFlow;
  readonly measured?: Measured | undefined;
}

/** All flows, by who counts what. */
export type Followed = ReadonlyMap<string, FollowedFlow>;

/** The flows as they are told now, and what went on since they were told `before`. */
export function follow(before: Followed, flows: readonly NodeFlow[]): Followed {
  return new Map(flows.map((flow) => [keyOf(flow), { flow, measured: measure(before.get(keyOf(flow)), flow) }]));
}

/** Counters that have gone back, as those of a stream do that has ended, tell nothing new. */
function measure(before: FollowedFlow | undefined, flow: NodeFlow): Measured | undefined {
  if (!before) return undefined;
  const [last, seconds] = [before.flow, (flow.at_ms - before.flow.at_ms) / 1000];
  const bytes = (flow.bytes ?? Number.NaN) - (last.bytes ?? Number.NaN);
  if (!(seconds > 0 && bytes >= 0)) return flow.bytes === undefined ? undefined : before.measured;
  const [lost, packets] = [(flow.lost ?? 0) - (last.lost ?? 0), (flow.packets ?? 0) - (last.packets ?? 0)];
  const loss = last.packets === undefined || lost < 0 ? undefined : shareOf(lost, packets);
  return { kbps: (bytes * 8) / 1000 / seconds, ...(loss !== undefined && { loss: Math.min(1, loss) }) };
}

/** Figures of one end are not to be compared with those of the other, nor those of one way with those of another. */
function keyOf({ from, to, by, media }: NodeFlow): string {
  return `${from} ${to} ${by} ${media}`;
}
