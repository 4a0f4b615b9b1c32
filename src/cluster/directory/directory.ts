import type { StreamPath } from '../../hub/path.ts';
import type { NodeRecord, StreamRecord } from '../../net/cluster.ts';
import type { Places } from '../../net/places.ts';

/** What an owner says of a stream of its own, again and again: its record, or that it has ended. */
export interface Holding extends Omit<StreamRecord, 'node'> {
  readonly hasEnded?: true;
}

/** Who wants to own a stream. */
export interface Claim {
  readonly node: string;
  /** The greatest token that anybody is known to have seen: the one that is given is greater. */
  readonly seen: number;
  /** What the token is to leave when it is divided by {@link MARKS}. */
  readonly mark: number;
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

/**
 * What a {@link Directory} tells: a stream has another record; a node is there that was not, or is to be left, or no more; changes may
 * have been missed; somebody tells something, as JSON.
 */
export type DirectoryEvent =
  | { readonly type: 'moved'; readonly record: StreamRecord }
  | { readonly type: 'joined' }
  | { readonly type: 'missed' }
  | { readonly type: 'told'; readonly news: string };

/**
 * Which node has which stream, which nodes live, and how busy they are. Every step is atomic; a promise rejects when the
 * directory cannot be reached, and then nobody knows whether the step was taken.
 *
 * The lease is the node's: it lives as long as it says so, and streams only point to it. Tokens only grow, whoever writes.
 */
export interface Directory extends Places {
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
  /** Has it stand in a node's record that it is to be left, or no more. */
  drain(id: string, isDraining: boolean): Promise<void>;
  /** Tells all who watch: an object as JSON. */
  tell(news: string): Promise<void>;
  /** Has `listener` told what changes until the function returned is called. */
  watch(listener: (event: DirectoryEvent) => void): () => void;
  close(): Promise<void>;
}

/** How long a node lives after it said so, in microseconds. */
export const NODE_LIFE = 4_000_000;
/** How long a stream is remembered of which nobody says anything, in microseconds. */
export const RECORD_LIFE = 900_000_000;
/** How many marks there are: each run of a node has one, so that no two owners ever come to the same token. */
export const MARKS = 65_536;

/** The first token from `least` on that bears a mark. */
export function marked(least: number, mark: number): number {
  return least + ((mark - (least % MARKS) + MARKS) % MARKS);
}
