import type { Socket } from 'node:net';
import type { StreamPath } from '../hub/path.ts';
import { shortId } from '../hub/session.ts';

/** Where a worker hears what the others of its node have to say, by a Unix socket: frames, or requests of clients. */
export type Door = 'relay' | 'http';

/** The other workers of this node, as one of them sees them; a node of one process has none. */
export interface Siblings {
  /** Counts from 1: the first worker has what a node has once. */
  readonly worker: number;
  /** How many workers the node has. */
  readonly count: number;
  /** New with every start of the node, and the same for all workers. */
  readonly run: string;
  /** The path of a worker's Unix socket. */
  door(door: Door, worker: number): string;
  /** Who has a stream that is published to this node; undefined when nobody has. */
  ownerOf(path: StreamPath): number | undefined;
  /** The streams that are published to this node. */
  readonly owned: Iterable<StreamPath>;
  /** Has `listener` told whenever a stream has come, has gone, or is another worker's. */
  onMove(listener: (path: StreamPath, owner: number | undefined) => void): void;
  /** Has `listener` told when a worker is gone; another one of its number follows. */
  onLost(listener: (worker: number) => void): void;
  /** Puts a question (JSON) to all others; resolves to the answers of those that gave one in time. */
  ask(topic: string, question?: unknown): Promise<unknown[]>;
  /** Has `answer` answer what others ask about a topic. */
  answer(topic: string, answer: (question: unknown) => unknown): void;
  /** Gives a connection of HTTP away, with what was read of it: it is the other worker's from then on. False where that cannot be. */
  give(socket: Socket, bytes: Uint8Array, worker: number): boolean;
  /** Has `take` given the connections that others give to this worker. */
  onGiven(take: (socket: Socket, bytes: Uint8Array) => void): void;
}

/** The siblings of a process that has none. */
export function noSiblings(): Siblings {
  return {
    worker: 1,
    count: 1,
    run: shortId(),
    door: () => '',
    ownerOf: () => undefined,
    owned: [],
    onMove() {},
    onLost() {},
    ask: async () => [],
    answer() {},
    give: () => false,
    onGiven() {},
  };
}
