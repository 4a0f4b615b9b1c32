import type { Hub } from '../hub/hub.ts';
import type { Trace } from '../hub/passage.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Session, Sessions, Watching } from '../hub/session.ts';
import type { Stamp } from '../media/frame.ts';
import type { FlowReport } from './flows.ts';
import type { Places } from './places.ts';

/** How busy a node is. */
export interface NodeLoad {
  /** In cores: 1 is all of one. */
  readonly cpu: number;
  /** How many it can use. */
  readonly cores: number;
  readonly streams: number;
  readonly viewers: number;
  /** What it sends to viewers and other nodes, in bits per second. */
  readonly bitrate: number;
}

/** That of a node of which nothing is known yet. */
export const NO_LOAD: NodeLoad = { cpu: 0, cores: 1, streams: 0, viewers: 0, bitrate: 0 };

/** How much of its cores: what a node sends does not grow much from there on. */
const BUSY = 0.9;

/** How much of its cores a node uses: 1 is all. */
export function cpuShare({ cpu, cores }: Pick<NodeLoad, 'cpu' | 'cores'>): number {
  return cpu / Math.max(1, cores);
}

/** Whether a node had better not be given more to do. */
export function isBusy(load: NodeLoad): boolean {
  return cpuShare(load) > BUSY;
}

/** How far a move of viewers is at one node. */
export interface MoveTally {
  /** That of the move. */
  readonly id: string;
  /** Of those who listen there: how many are meant, and were told so far. */
  readonly meant: number;
  readonly told: number;
  /** If they are to leave the node: how many watched there when it began, and how many of these are there still. */
  readonly viewers: number;
  readonly stay: number;
}

/** What there is of a node for viewers and publishers. */
export interface NodeFront {
  /** For people; empty where it has none. */
  readonly name: string;
  readonly region: string;
  /** How late each protocol is, by the names of lines, in milliseconds; those that are not served are not there. */
  readonly protocols: Readonly<Record<string, number>>;
  /** How late what is fetched from other nodes is, in milliseconds. */
  readonly relayed: number;
  /** Where viewers reach it by HTTP, where that is not at the address of its record. */
  readonly url?: string | undefined;
  /** Where it listens. */
  readonly ports: { readonly [purpose in 'http' | 'https' | 'rtmp']?: number | undefined };
  /** Who is sent to it. */
  readonly takes: 'all' | 'viewers' | 'publishers' | 'none';
  /** Where it passes on what is published to it, if it does: see `Carrier`. */
  readonly carries?: 'cluster' | 'anywhere' | undefined;
  readonly publishers: number;
  /** Since when it was to be left when all had left: see `draining`. Absent where somebody is there. */
  readonly emptied?: number | undefined;
  /** The latest moves; a node that does not tell them does not tell when it is empty either: it is of an older version. */
  readonly moves?: readonly MoveTally[] | undefined;
  /** How long its event loop makes others wait, 99 of 100 times, in milliseconds. */
  readonly delay: number;
  /** The most watched of its streams, its own and those that it fetches. */
  readonly owned: readonly StreamPath[];
  readonly fetched: readonly StreamPath[];
}

/** A node as the others see it. */
export interface NodeRecord {
  /** That of its identity: the same after a restart. */
  readonly id: string;
  /** Whether streams are published to it, or only fetched from the others. */
  readonly role: 'origin' | 'edge';
  /** Where the others fetch from it, as it stands in `relay.origins`, its join token included; absent where they cannot. */
  readonly url?: string | undefined;
  readonly version: string;
  /** Wall clock of its start, in microseconds since 1970. */
  readonly since: number;
  readonly load: NodeLoad;
  /** The host by which others reach it, as far as it knows. */
  readonly address?: string | undefined;
  readonly front?: NodeFront | undefined;
  /** Since when it is to be left by all who are there, in microseconds since 1970, if it is. */
  readonly draining?: number | undefined;
}

/** Who has a stream. A record stays for a while when the stream has ended, for the sake of its token. */
export interface StreamRecord {
  readonly path: StreamPath;
  /** Of the owner's lease; what is written with a lower one than stands there counts for nothing. */
  readonly token: number;
  /** The owner's id; empty when the stream has ended. */
  readonly node: string;
  /** See `Lease`. */
  readonly anchor?: number | undefined;
  readonly next?: Stamp | undefined;
}

/** A stream at a node. */
export interface StreamReport {
  readonly path: StreamPath;
  /** Whether the node owns it, or has it from elsewhere. */
  readonly isOwner: boolean;
  /** Those who watch it there, and at nodes that fetch it from there and cannot be asked themselves. */
  readonly viewers: number;
}

/** What is asked of a node: its streams, or instead what goes between it and others, or who watches a stream. */
export interface SurveyQuestion {
  readonly flows?: true | undefined;
  readonly watching?: StreamPath | undefined;
}

/** What a node answers to that; one of an older version tells its streams whatever it is asked. */
export interface Surveyed {
  readonly streams: readonly StreamReport[];
  /** And when it looked, by its wall clock, in microseconds since 1970. */
  readonly flows?: { readonly at: number; readonly flows: readonly FlowReport[] } | undefined;
  /** Those who watch there, and at nodes that fetch it from there and cannot be asked themselves. */
  readonly watching?: readonly Watching[] | undefined;
}

/** A node, and its answer; undefined where it gives none. */
export interface NodeReport {
  readonly node: NodeRecord;
  readonly answer: Surveyed | undefined;
}

/** How other nodes are spoken to. */
export interface Reach {
  /** Asks the owner of a stream whether this node may have it, and waits so many milliseconds; rejects when there is no answer. */
  ask(owner: NodeRecord, path: StreamPath, patience: number): Promise<boolean>;
  /** The way of a session of a node; undefined where it has none of that id. Rejects when there is no answer. */
  trace(node: NodeRecord, session: string): Promise<Trace | undefined>;
  /** What a node has, the most watched first. Rejects when there is no answer. */
  survey(node: NodeRecord, question?: SurveyQuestion): Promise<Surveyed>;
}

/** The cluster that this node is a member of. */
export interface Cluster {
  readonly nodeId: string;
  /** The nodes from which a stream can be had, without this one; while the directory cannot be reached all that may have it. */
  locate(path: StreamPath): Promise<readonly NodeRecord[]>;
  /** The nodes that live, as far as is known. */
  nodes(): Promise<readonly NodeRecord[]>;
  /** The streams that have an owner. Rejects when the directory cannot be reached. */
  streams(): Promise<readonly StreamRecord[]>;
  /** Has `listener` told of every stream that has another owner, or none any more. */
  onMove(listener: (record: StreamRecord) => void): void;
  /** Has other nodes spoken to by `reach`. */
  reachBy(reach: Reach): void;
  /** What all nodes have, or what else is asked; `own` is what this one would answer. */
  survey(own: Surveyed, question?: SurveyQuestion): Promise<readonly NodeReport[]>;
  /** The way of a session of any other node, undefined where none that could be asked has it; and how many could not. */
  trace(session: string): Promise<{ readonly trace: Trace | undefined; readonly unasked: number }>;
  /** Another node asks for a stream of this one: resolves to whether it may have it. */
  yields(path: StreamPath): Promise<boolean>;
}

/** The same as one sees it who gives out lines. */
export interface LineCluster extends Cluster {
  /** Of all nodes. */
  readonly places: Places;
  /** Has this node's record tell how busy it is, and what there is for viewers and publishers. */
  show(load: NodeLoad, front: NodeFront): void;
  /** Has it stand in the record of a node that it is to be left, or no more. Rejects when the directory cannot be reached. */
  drain(node: string, isDraining: boolean): Promise<void>;
  /** Tells all nodes something, this one included: JSON. Rejects when the directory cannot be reached. */
  tell(news: object): Promise<void>;
  /** Has `listener` told of it. */
  onTold(listener: (news: unknown) => void): void;
}

/** Whether the viewers that a node which fetches tells of are to be counted here. */
export type CountsNode = (fetching: Session) => boolean;

/** Nodes that nobody in the cluster can ask for their own viewers are counted where they fetch; workers are asked by one another. */
export async function unasked(cluster: Pick<Cluster, 'nodes'> | undefined): Promise<CountsNode> {
  const asked = new Set(((await cluster?.nodes()) ?? []).filter(({ url }) => url !== undefined).map(({ id }) => id));
  return ({ isInner, detail }) => !isInner && !asked.has(detail['node'] ?? '');
}

/** How many watch each stream of this process, and at the nodes that are counted. */
function countViewers(sessions: Pick<Sessions, typeof Symbol.iterator>, counts: CountsNode): Map<StreamPath, number> {
  const viewers = new Map<StreamPath, number>();
  for (const session of sessions) {
    const { path } = session;
    if (session.role !== 'play' || path === undefined) continue;
    const watching = isViewer(session) ? 1 : counts(session) ? session.audience : 0;
    if (watching > 0) viewers.set(path, (viewers.get(path) ?? 0) + watching);
  }
  return viewers;
}

/** Whether somebody watches: it is no node, no recorder, and no server to which a stream is pushed. */
export function isViewer({ role, protocol, detail }: Session): boolean {
  return role === 'play' && protocol !== 'relay' && protocol !== 'record' && detail['target'] === undefined;
}

/** Whether somebody publishes who is no node. */
export function isPublisher({ role, protocol }: Session): boolean {
  return role === 'publish' && protocol !== 'relay';
}

/** The streams of this process, the most watched first. */
export function reportStreams(
  { hub, sessions }: { readonly hub: Hub; readonly sessions: Sessions },
  counts: CountsNode,
): StreamReport[] {
  const viewers = countViewers(sessions, counts);
  const reports = Array.from(hub.streams, ({ path, mirrored }) => {
    return { path, isOwner: mirrored === undefined, viewers: viewers.get(path) ?? 0 };
  });
  return reports.sort((a, b) => b.viewers - a.viewers);
}

/** What several workers have, as one; the most watched first. */
export function mergeReports(reports: Iterable<StreamReport>): StreamReport[] {
  const merged = new Map<StreamPath, StreamReport>();
  for (const report of reports) {
    const { path, isOwner, viewers } = merged.get(report.path) ?? { ...report, viewers: 0 };
    merged.set(path, { path, isOwner: isOwner || report.isOwner, viewers: viewers + report.viewers });
  }
  return [...merged.values()].sort((a, b) => b.viewers - a.viewers);
}

/** Whether a node that is to be left is empty; undefined for one of an older version, which does not say that. */
export function isEmptied({ front, draining }: Pick<NodeRecord, 'front' | 'draining'>): boolean | undefined {
  if (draining !== undefined && front?.emptied === draining) return true;
  return front?.moves === undefined ? undefined : false;
}

/** What several workers tell of moves, or several nodes, as one. */
export function sumOfMoves(tallies: Iterable<MoveTally>): MoveTally[] {
  const sums = new Map<string, MoveTally>();
  for (const { id, ...tally } of tallies) {
    const { meant, told, viewers, stay } = sums.get(id) ?? { meant: 0, told: 0, viewers: 0, stay: 0 };
    const sum = { meant: meant + tally.meant, told: told + tally.told };
    sums.set(id, { id, ...sum, viewers: viewers + tally.viewers, stay: stay + tally.stay });
  }
  return [...sums.values()];
}
