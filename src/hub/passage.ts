/** So many nodes a stream passes at most, as far as one looks. */
export const MOST_HOPS = 8;

/** How late frames are when they come to a node, in microseconds. */
export interface Delay {
  /** Since they came in at the node that owns the stream: the median of late, and what one in a hundred exceeds. */
  readonly total: { readonly p50: number; readonly p99: number };
  /** What the way from the node before has added to the median; undefined where that one does not know its own. */
  readonly added?: number | undefined;
}

/** Where a stream comes in first nothing is added yet. */
export const NO_DELAY: Delay = { total: { p50: 0, p99: 0 }, added: 0 };

/** What became of the packets of a stream on the way to a node, where they come by UDP. */
export interface PacketLoss {
  readonly packets: number;
  /** Found missing, and still missing when their time came. */
  readonly lost: number;
  readonly residual: number;
}

/** How a stream that another node, or worker, owns comes to this one. */
export interface Passage {
  /** What the owner's wall clock shows more than ours, in microseconds; undefined as long as it is not known. */
  readonly ahead: number | undefined;
  /** Undefined as long as clocks are not known, or no frames have come. */
  readonly delay: Delay | undefined;
  /** Undefined where it comes by a connection that loses nothing. */
  readonly loss: PacketLoss | undefined;
  /** Whether it comes from another worker of this node. */
  readonly isInner: boolean;
  /** The way from the publisher to where it comes from, over so many nodes at most. Rejects when that is not told in time. */
  follow(most: number): Promise<Trace>;
}

/** A session as a {@link Hop} names it. */
export interface TracedSession {
  readonly id: string;
  readonly protocol: string;
  /** The peer's address; where this node fetches, the server's name, `host:port`, with what stands behind it in the URL. */
  readonly remote: string;
  /** Wall clock of its beginning at its node, in microseconds since 1970. */
  readonly since: number;
}

/** One node on the way of a stream. */
export interface Hop {
  /** The node's id; empty where it has none. */
  readonly node: string;
  /** The name of its machine. */
  readonly host: string;
  /** Where the next node towards the viewer fetches from it, `host:port`; empty for the node that was asked. */
  readonly address: string;
  /** Who is sent the stream here; undefined where a publisher was asked for. */
  readonly sends?: TracedSession | undefined;
  /** From whom it comes; undefined while nobody publishes it. */
  readonly gets?: TracedSession | undefined;
  /** On the way to here; undefined where it is not known. */
  readonly delay?: Delay | undefined;
  readonly loss?: PacketLoss | undefined;
}

/** The way of a stream, from the session that was asked for back to the publisher. */
export interface Trace {
  readonly path: string;
  readonly hops: readonly Hop[];
  /** Why it is not known further; undefined where the last hop is that of the publisher. */
  readonly gap?: string | undefined;
}
