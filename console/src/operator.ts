import { type Client, call } from './api.ts';
import type { Media } from './links.ts';
import { learnNames } from './names.ts';

/** A track as the frames in memory show it. */
interface TrackDetail {
  readonly kind: 'video' | 'audio';
  readonly codec: string;
  readonly profile: string;
  /** Size of the picture, or sampling rate and channels. */
  readonly form: string;
  readonly frames_per_second: number;
  readonly kbps: number;
}

/** What is measured of a stream; `null` where nobody can know. */
export interface StreamDetail {
  readonly tracks: readonly TrackDetail[];
  readonly gop_ms: number;
  readonly silent_ms: number | null;
  readonly window_ms: number;
  readonly window_bytes: number;
  readonly publishes: number;
  readonly backups: number;
  readonly jumps: number;
  readonly undecodable: number;
  readonly skipped: number;
  readonly publisher: {
    readonly client: string;
    readonly ip: string;
    readonly protocol: string;
    readonly encoder: string;
  } | null;
}

/** How many watch at a node by a protocol, which is empty where the node does not tell. */
export interface ViewerCount {
  readonly node: string;
  readonly self: boolean;
  readonly protocol: string;
  readonly viewers: number;
}

/** A stream as it is, and its viewers. */
export interface Details {
  readonly detail: StreamDetail | null;
  readonly viewers: readonly ViewerCount[];
}

/** A node of the cluster; `cpu` is in cores: 1 is all of one of its `cores`. */
export interface ClusterNode {
  readonly id: string;
  readonly role: 'origin' | 'edge';
  readonly self: boolean;
  readonly reached: boolean;
  /** What it is called in the list of lines. */
  readonly name: string;
  readonly region: string;
  /** Whether all are to leave it, and whether it has said that all have; null where it does not say that. */
  readonly draining: boolean;
  readonly empty: boolean | null;
  readonly version: string;
  readonly since_ms: number;
  readonly cpu: number;
  readonly cores: number;
  readonly streams: number;
  readonly viewers: number;
  readonly publishers: number;
  readonly kbps: number;
}

/** What goes from one node to another, as node `by` of both counts it; what is not known is absent. */
export interface NodeFlow {
  readonly from: string;
  readonly to: string;
  readonly by: string;
  /** When it looked, by its own clock. */
  readonly at_ms: number;
  readonly media: Media;
  readonly streams: number;
  /** So far: rates are differences. */
  readonly bytes?: number;
  readonly packets?: number;
  readonly lost?: number;
}

/** A stream, and the nodes that have it. */
interface ClusterStream {
  readonly stream: string;
  readonly owner: string;
  readonly nodes: readonly string[];
  readonly viewers: number;
}

/** The nodes that share a directory, and their streams; a node that is alone tells of its streams only. */
export interface ClusterView {
  readonly nodes: readonly ClusterNode[];
  readonly streams: readonly ClusterStream[];
}

/** What is kept of each node, one value for each moment. */
export const columns = ['viewers', 'streams', 'recv_kbps', 'send_kbps', 'cpu', 'delay_ms', 'memory'] as const;

/** One of {@link columns}. */
export type Column = (typeof columns)[number];

/** How a node went. */
export type NodeHistory = { readonly id: string; readonly self: boolean; readonly time_ms: readonly number[] } & {
  readonly [name in Column]: readonly (number | null)[];
};

/** A line of the server's log. */
export interface LogLine {
  readonly id: number;
  readonly level: Level;
  readonly time: string;
  readonly session: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** How grave a line is, from the least on. */
export const levels = ['debug', 'info', 'warn', 'error'] as const;

/** One of {@link levels}. */
type Level = (typeof levels)[number];

/** Lines of the log, the oldest first, and what to ask for next. */
export interface LogPage {
  readonly level: string;
  readonly next: number;
  readonly missed: number;
  readonly lines: readonly LogLine[];
}

/** An option as it runs. */
export interface ConfigOption {
  readonly name: string;
  readonly value: string;
  readonly default: string;
  readonly is_default: boolean;
  readonly comment: string;
}

/** A way to watch a stream; `load` is 1 where the node can do no more. */
export interface LineOffer {
  readonly id: string;
  readonly node: string;
  readonly name: string;
  readonly protocol: string;
  readonly url: string;
  readonly delay_ms: number;
  readonly load: number;
  readonly has_stream: boolean;
}

interface HopEnd {
  readonly id: string;
  readonly type: string;
  readonly remote: string;
}

/** A node on the way of a stream, from the viewer back to the publisher. */
export interface Hop {
  readonly node: string;
  readonly host?: string;
  readonly address: string;
  readonly sends?: HopEnd | null;
  readonly gets?: HopEnd | null;
  readonly added_ms?: number | null;
  readonly total_ms?: number | null;
  readonly loss?: { readonly packets: number; readonly lost: number; readonly residual: number } | null;
}

/** The way of what a peer plays or publishes. */
export interface Trace {
  readonly complete: boolean;
  readonly gap: string;
  readonly hops: readonly Hop[];
}

/** Which peers are wanted; what is empty says nothing. */
export interface ClientQuery {
  readonly stream: string;
  readonly role: string;
  readonly text: string;
  readonly start: number;
  readonly count: number;
}

export function getDetails(streamId: string): Promise<Details> {
  return call<Details>('GET', `/streams/${encodeURIComponent(streamId)}/details`);
}

export function getCluster(): Promise<ClusterView> {
  return askCluster(500);
}

/** The nodes alone. */
export async function getNodes(): Promise<readonly ClusterNode[]> {
  return (await askCluster(1)).nodes;
}

async function askCluster(streams: number): Promise<ClusterView> {
  const view = await call<ClusterView>('GET', `/cluster?count=${streams}`);
  learnNames(view.nodes);
  return view;
}

/** What flows between the nodes, all of them. */
export async function getFlows(): Promise<readonly NodeFlow[]> {
  return (await call<{ flows: NodeFlow[] }>('GET', '/flows')).flows;
}

/** How much of its cores a node uses: 1 is all. */
export function cpuShare({ cpu, cores = 1 }: { readonly cpu: number; readonly cores?: number }): number {
  return cpu / Math.max(1, cores);
}

/** From here on a node had better not be given more to do. */
export const BUSY = 0.9;

/** What was later than the moment `after`, in Unix milliseconds. */
export async function getHistory(after: number): Promise<readonly NodeHistory[]> {
  return (await call<{ nodes: NodeHistory[] }>('GET', `/history?after=${after}`)).nodes;
}

/** The newest lines that fit, or those after one that is known. */
export function getLog(
  filter: Readonly<Record<'session' | 'level' | 'text', string>>,
  after?: number,
): Promise<LogPage> {
  const query = new URLSearchParams({ ...filter, count: '500' });
  if (after !== undefined) query.set('after', String(after));
  return call<LogPage>('GET', `/log?${query}`);
}

export async function getConfig(): Promise<readonly ConfigOption[]> {
  return (await call<{ options: ConfigOption[] }>('GET', '/config')).options;
}

export function findClients({ start, count, ...filter }: ClientQuery): Promise<{ total: number; clients: Client[] }> {
  const query = new URLSearchParams({ ...filter, start: String(start), count: String(count) });
  return call<{ total: number; clients: Client[] }>('GET', `/clients?${query}`);
}

export async function getClient(id: string): Promise<Client> {
  return (await call<{ client: Client }>('GET', `/clients/${encodeURIComponent(id)}`)).client;
}

export async function getLines(stream: string): Promise<readonly LineOffer[]> {
  const query = new URLSearchParams({ stream, reserve: 'false' });
  return (await call<{ lines: LineOffer[] }>('GET', `/lines?${query}`)).lines;
}

export async function getTrace(clientId: string): Promise<Trace> {
  return (await call<{ trace: Trace }>('GET', `/trace/${encodeURIComponent(clientId)}`)).trace;
}

/** Has a node send everybody elsewhere, or takes that back. */
export async function drain(node: string, method: 'POST' | 'DELETE'): Promise<void> {
  await call(method, `/nodes/${encodeURIComponent(node)}/drain`);
}
