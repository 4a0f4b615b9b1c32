import { call } from './api.ts';

/** How media goes: to an edge alone, from a multicast group, pushed to an address, or not by UDP at all. */
export type Media = 'udp' | 'multicast' | 'push' | 'reliable';

/** What an edge counts, in packets. */
export interface Tally {
  readonly packets: number;
  readonly lost: number;
  readonly repaired: number;
  /** Missing when their time came. */
  readonly residual: number;
}

/** What a stream's latency comes to, in shares of its packets. */
interface Outcome {
  readonly loss: number;
  readonly residual: number;
  readonly overhead: number;
  readonly better?: { readonly latency_ms: number; readonly residual: number };
}

/** A stream that comes from another node; delays are from the way into the origin to the way out of here. */
export interface ReceivedStream extends Tally {
  readonly path: string;
  readonly media: Media;
  readonly requests: number;
  /** From parity. */
  readonly restored: number;
  readonly late: number;
  readonly latency_ms: number;
  readonly delay_p50_ms: number;
  readonly delay_p99_ms: number;
  readonly outcome: Outcome;
}

/** A stream that goes to another node. */
export interface SentStream {
  readonly path: string;
  readonly media: Media;
  readonly reported?: Tally;
}

interface LinkEnd {
  /** The other node. */
  readonly node: string;
  readonly remote: string;
  readonly media: Media;
  readonly rtt_ms?: number;
  readonly jitter_ms?: number;
  readonly requests: number;
  readonly repaired: number;
  readonly bytes: number;
  readonly overhead_bytes: number;
  readonly refused: number;
}

/** The link to a node that has streams from here. */
export interface OriginLink extends LinkEnd {
  readonly role: 'origin';
  readonly reported?: Tally;
  readonly streams: readonly SentStream[];
}

/** The link to a node where streams come from. */
export interface EdgeLink extends LinkEnd, Tally {
  readonly role: 'edge';
  /** From parity. */
  readonly restored: number;
  readonly late: number;
  readonly streams: readonly ReceivedStream[];
}

export type NodeLink = OriginLink | EdgeLink;

/** An address to which packets are sent once for all edges that hear them there. */
export interface Push {
  readonly to: string;
  readonly paths: readonly string[];
  readonly edges: number;
  readonly packets: number;
  readonly repaired: number;
  readonly bytes: number;
}

/** What goes on between this node and others. */
export interface LinkList {
  readonly links: readonly NodeLink[];
  readonly pushes: readonly Push[];
}

/** For an admin; an `ApiError` for others. */
export function getLinks(): Promise<LinkList> {
  return call<LinkList>('GET', '/links');
}

/** What became of the packets, as far as it is known at this end. */
export function tallyOf(link: NodeLink): Tally | undefined {
  return link.role === 'edge' ? link : link.reported;
}

/** A part of a whole; undefined where there is none. */
export function shareOf(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}

/** What this node sends for repair and control as a share of the media; of what is pushed to many no node has a share. */
export function overheadOf({ role, media, bytes, overhead_bytes }: NodeLink): number | undefined {
  const isShared = role === 'origin' && (media === 'multicast' || media === 'push');
  return isShared ? undefined : shareOf(overhead_bytes, bytes);
}

/** Of the streams that come by a link, the one that takes longest. */
export function slowestOf(link: NodeLink): ReceivedStream | undefined {
  if (link.role === 'origin') return undefined;
  return link.streams.toSorted((a, b) => b.delay_p99_ms - a.delay_p99_ms)[0];
}

/** A stream that comes from another node, and the link it comes by. */
export function arrivalOf(
  { links }: LinkList,
  path: string,
): { readonly link: EdgeLink; readonly stream: ReceivedStream } | undefined {
  for (const link of links) {
    if (link.role === 'origin') continue;
    const stream = link.streams.findLast((each) => each.path === path);
    if (stream) return { link, stream };
  }
  return undefined;
}
