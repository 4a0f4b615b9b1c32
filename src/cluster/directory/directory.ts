import type { StreamPath } from '../../hub/path.ts';
import type { Stamp } from '../../media/frame.ts';

/** How busy a node is. */
export interface NodeLoad {
  /** Of one core: 1 is all of it. */
  readonly cpu: number;
  readonly streams: number;
  readonly viewers: number;
  /** What it sends to viewers and other nodes, in bits per second. */
  readonly bitrate: number;
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
}

/** Who has a stream. A record stays for a while when the stream has ended, for the sake of its token. */
export interface StreamRecord {
  readonly path: StreamPath;
  /** Of the owner's lease; what is written with a lower one than stands there counts for nothing. */
  readonly token: number;
  /** The owner's id; empty when the stream has ended. */
  readonly node: string;
  /** See {@link Lease}. */
  readonly anchor?: number | undefined;
  readonly next?: Stamp | undefined;
}

/** What an owner says of a stream of its own, again and again: its record, or that it has ended. */
export interface Holding extends Omit<StreamRecord, 'node'> {
  readonly hasEnded?: true;
}

/** Who wants to own a stream. */
export interface Claim {
  readonly node: string;
  /** The greatest token that anybody is known to have seen: the one that is given is greater. */
  readonly seen: number;
  /** The token of the owner that may be replaced, because it said so or is dead. */
  readonly over?: number | undefined;
}

/** What becomes of a claim: the record as it is now, and what stood there before; or whose the stream stays. */
export type ClaimAnswer =
  | { readonly granted: StreamRecord; readonly wasKnown: boolean }
  | { readonly held: StreamRecord; readonly isAlive: boolean };

/** What a heartbeat is answered. */
export interface BeatAnswer {
  /** Whether nothing living was known of this node: it was cut off, or the directory has lost what it knew. */
  readonly isNew: boolean;
  /** Whose the streams are that this node says it holds and does not: all with a token that is no lower. */
  readonly lost: readonly StreamRecord[];
}

/** What a {@link Directory} tells: a stream has another record; or changes may have been missed. */
export type DirectoryEvent = { readonly type: 'moved'; readonly record: StreamRecord } | { readonly type: 'missed' };

/**
 * Which node has which stream, which nodes live, and how busy they are. Every step is atomic; a promise rejects when the
 * directory cannot be reached, and then nobody knows whether the step was taken.
 *
 * The lease is the node's: it lives as long as it says so, and streams only point to it. Tokens only grow, whoever writes.
 */
export interface Directory {
  /** Says that a node lives, for {@link NODE_LIFE} from now, and what of its streams it has. */
  beat(node: NodeRecord, holdings: readonly Holding[]): Promise<BeatAnswer>;
  /** Makes a node the owner of a stream that has none, is its own, or whose owner it may replace. */
  claim(path: StreamPath, claim: Claim): Promise<ClaimAnswer>;
  find(path: StreamPath): Promise<StreamRecord | undefined>;
  /** Those that live. */
  nodes(): Promise<NodeRecord[]>;
  /** Those that have an owner. */
  streams(): Promise<StreamRecord[]>;
  /** A node says good-bye: it counts as dead at once. */
  leave(id: string): Promise<void>;
  /** Has `listener` told what changes until the function returned is called. */
  watch(listener: (event: DirectoryEvent) => void): () => void;
  close(): Promise<void>;
}

/** How long a node lives after it said so, in microseconds. */
export const NODE_LIFE = 4_000_000;
/** How long a stream is remembered of which nobody says anything, in microseconds. */
export const RECORD_LIFE = 900_000_000;
