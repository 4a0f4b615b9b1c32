import type { Socket } from 'node:net';
import type { Lease } from '../../hub/lease.ts';
import type { StreamPath } from '../../hub/path.ts';
import type { BoundAddress } from '../../net/listen.ts';
import type { TailPage, TailQuestion } from '../../ops/log-tail.ts';

/** What a worker is told when it starts. */
export interface Place {
  readonly worker: number;
  readonly count: number;
  /** Of this start of the node. */
  readonly run: string;
  /** Of the workers' Unix sockets; nobody else can come in. */
  readonly folder: string;
  /** The streams that are there already, and the workers that have them. */
  readonly owners: readonly (readonly [path: StreamPath, owner: number])[];
}

/** Where a worker has come to listen, by purpose. */
export type Addresses = Readonly<Record<string, BoundAddress>>;

/** What the primary calls in a worker. */
export interface WorkerCalls {
  /** Starts everything; `config` is as the program reads it. */
  start(config: unknown, place: Place): Promise<Addresses>;
  /** Ends all sessions: the process can be ended when it has answered. */
  stop(): Promise<void>;
  /** Somebody else wants to publish a stream that is published here: whether he may. */
  yield(path: StreamPath): Promise<boolean>;
  /** A stream is another worker's now, or nobody's. */
  move(path: StreamPath, owner: number | null): void;
  /** A worker is gone. */
  lose(worker: number): void;
  /** Answers what another worker asks. */
  answer(topic: string, question: unknown): unknown;
  /** Takes a connection that another worker gives, with what was read of it, in base64. */
  take(socket: Socket, bytes: string): void;
}

/** What a worker calls in the primary. */
export interface PrimaryCalls {
  claim(path: StreamPath, held: Lease | null): Promise<Lease>;
  keep(path: StreamPath, lease: Lease): void;
  release(path: StreamPath): void;
  /** Asks all other workers; the answers of those that gave one in time. */
  ask(topic: string, question: unknown): Promise<unknown[]>;
  /** What stands in the log of the node. */
  readLog(question: TailQuestion): Promise<TailPage>;
  /** Gives a connection to another worker. */
  give(socket: Socket, worker: number, bytes: string): void;
}
