import { type LinkList, type Media, shareOf, tallyOf } from './links.ts';
import type { ClusterView } from './operator.ts';

/** A node as it is drawn; what is not known is absent. */
export interface DrawnNode {
  readonly id: string;
  readonly role: 'origin' | 'edge';
  readonly self: boolean;
  /** Of one core. */
  readonly cpu?: number;
  readonly streams?: number;
  readonly viewers?: number;
  readonly kbps?: number;
}

/** What goes from one to another: {@link PUBLISHERS}, a node, {@link VIEWERS}. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly streams?: number;
  /** As this node measures it at its own links; nobody tells it of others. */
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
  readonly streams: number;
  readonly viewers: number;
  readonly recvKbps: number;
  readonly sendKbps: number;
}

/** Draws up who is there, and what goes where: from the cluster's list, and from this node's links, whose rates are `measured`. */
export function drawUp(
  cluster: ClusterView,
  { links }: LinkList,
  own: Own,
  measured: ReadonlyMap<string, Measured>,
): Picture {
  const listed: DrawnNode[] = cluster.nodes.map((node) => node);
  const self: DrawnNode = listed.find((node) => node.self) ?? {
    ...{ id: ALONE, role: links.some(({ role }) => role === 'edge') ? 'edge' : 'origin', self: true },
    ...{ cpu: own.cpu, streams: own.streams, viewers: own.viewers, kbps: own.sendKbps },
  };
  const ends = links.map(({ node, role }) => ({ id: node, role: role === 'edge' ? 'origin' : 'edge' }) as const);
  const nodes = new Map<string, DrawnNode>();
  for (const node of [self, ...listed]) nodes.set(node.id, node);
  for (const end of ends) if (!nodes.has(end.id)) nodes.set(end.id, { ...end, self: false });
  const shown = [...nodes.values()].sort(byWeight).slice(0, MOST_NODES);
  const ids = new Set(shown.map(({ id }) => id));
  const between = flowsBetween(cluster, links, self.id, measured).filter(
    ({ from, to }) => ids.has(from) && ids.has(to),
  );
  const flows = [...fromPublishers(cluster, shown, self, own), ...between, ...toViewers(shown)];
  return { nodes: shown, flows, hidden: nodes.size - shown.length };
}

/** This one, then those that have most to do. */
function byWeight(a: DrawnNode, b: DrawnNode): number {
  return Number(b.self) - Number(a.self) || (b.viewers ?? 0) - (a.viewers ?? 0) || (a.id < b.id ? -1 : 1);
}

/** What is told of a link, and the streams that are known to be at both its ends. */
function flowsBetween(
  { streams }: ClusterView,
  links: LinkList['links'],
  self: string,
  measured: ReadonlyMap<string, Measured>,
): Flow[] {
  const flows = new Map<string, Flow>();
  for (const { owner, nodes } of streams) {
    if (owner === '') continue;
    for (const to of nodes) {
      if (to === owner) continue;
      const key = `${owner} ${to}`;
      flows.set(key, { from: owner, to, streams: (flows.get(key)?.streams ?? 0) + 1 });
    }
  }
  for (const link of links) {
    const [from, to] = link.role === 'edge' ? [link.node, self] : [self, link.node];
    const key = `${from} ${to}`;
    const told = { media: link.media, ...measured.get(keyOf(link)) };
    flows.set(key, { streams: link.streams.length, ...flows.get(key), from, to, ...told });
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

/** What was measured at a link between two looks. */
export interface Measured {
  readonly kbps: number;
  readonly loss?: number;
}

/** What went on at each link since an earlier look `seconds` ago, by role, node and address. */
export function measure(before: LinkList, now: LinkList, seconds: number): ReadonlyMap<string, Measured> {
  const earlier = new Map(before.links.map((link) => [keyOf(link), link]));
  const measured = new Map<string, Measured>();
  for (const link of now.links) {
    const last = earlier.get(keyOf(link));
    if (!last || link.bytes < last.bytes || seconds <= 0) continue;
    const [was, is] = [tallyOf(last), tallyOf(link)];
    const loss = is && shareOf(is.lost - (was?.lost ?? 0), is.packets - (was?.packets ?? 0));
    const kbps = ((link.bytes - last.bytes) * 8) / 1000 / seconds;
    measured.set(keyOf(link), { kbps, ...(loss !== undefined && loss >= 0 && { loss: Math.min(1, loss) }) });
  }
  return measured;
}

/** Tells links apart. */
function keyOf({ role, node, remote }: LinkList['links'][number]): string {
  return `${role} ${node} ${remote}`;
}
