import type { Socket } from 'node:net';
import type { Lease } from '../../hub/lease.ts';
import type { Trace } from '../../hub/passage.ts';
import type { StreamPath } from '../../hub/path.ts';
import type {
  Cluster,
  NodeFront,
  NodeLoad,
  NodeRecord,
  NodeReport,
  StreamRecord,
  Surveyed,
  SurveyQuestion,
} from '../../net/cluster.ts';
import type { BoundAddress } from '../../net/listen.ts';
import type { Reservation, Room, RoomNow } from '../../net/places.ts';
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
  /** The node's id in its cluster, if it is a member of one. */
  readonly nodeId?: string | undefined;
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
  /** In the cluster a stream has another owner, or none any more. */
  follow(record: StreamRecord): void;
  /** All nodes are told something. */
  hear(news: unknown): void;
  /** Asks another node for a stream of its own, and waits so many milliseconds: whether this node may have it. */
  askNode(owner: NodeRecord, path: StreamPath, patience: number): Promise<boolean>;
  /** Asks another node what it has. */
  surveyNode(node: NodeRecord, question: SurveyQuestion): Promise<Surveyed>;
  /** Asks another node for the way of a session of its own. */
  traceNode(node: NodeRecord, session: string): Promise<Trace | undefined>;
  /** Answers what another worker asks. */
  answer(topic: string, question: unknown): unknown;
  /** Takes a connection that another worker gives, with what was read of it, in base64. */
  take(socket: Socket, bytes: string): void;
}

/** `Reserved` as JSON. */
interface ReservedRows {
  readonly granted: readonly boolean[];
  readonly rooms: readonly (readonly [node: string, room: RoomNow])[];
}

/** What a worker asks of its node's cluster, of which the primary is the member: see `LineCluster`. */
export interface ClusterCalls {
  locate(path: StreamPath): Promise<readonly NodeRecord[]>;
  nodes(): Promise<readonly NodeRecord[]>;
  streams(): Promise<readonly StreamRecord[]>;
  survey(own: Surveyed, question: SurveyQuestion): Promise<readonly NodeReport[]>;
  yields(path: StreamPath): Promise<boolean>;
  trace(session: string): ReturnType<Cluster['trace']>;
  show(load: NodeLoad, front: NodeFront): void;
  drain(node: string, isDraining: boolean): Promise<void>;
  tell(news: object): Promise<void>;
  offer(node: string, room: Room, arrived: readonly string[]): Promise<void>;
  reserve(wanted: readonly Reservation[]): Promise<ReservedRows>;
}

/** What a worker calls in the primary. */
export interface PrimaryCalls extends ClusterCalls {
  claim(path: StreamPath, held: Lease | null, seen: number, over: number | null): Promise<Lease>;
  keep(path: StreamPath, lease: Lease): void;
  release(path: StreamPath): void;
  /** Asks all other workers; the answers of those that gave one in time. */
  ask(topic: string, question: unknown): Promise<unknown[]>;
  /** What stands in the log of the node. */
  readLog(question: TailQuestion): Promise<TailPage>;
  /** Gives a connection to another worker. */
  give(socket: Socket, worker: number, bytes: string): void;
}
