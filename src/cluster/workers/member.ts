import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Leases } from '../../hub/lease.ts';
import type { StreamPath } from '../../hub/path.ts';
import type { LineCluster } from '../../net/cluster.ts';
import type { Door, Siblings } from '../../net/siblings.ts';
import { handleOf } from '../../net/socket-handle.ts';
import type { LogTail } from '../../ops/log-tail.ts';
import type { Place, PrimaryCalls, WorkerCalls } from './calls.ts';
import { clusterBy } from './cluster-calls.ts';
import type { Rpc } from './rpc.ts';

/** A worker's part in its node: what it knows of the others, and the leases that they share. */
export class Member implements Siblings {
  readonly worker: number;
  readonly count: number;
  readonly run: string;
  /** Those of the node: the primary decides who has which. */
  readonly leases: Leases;
  /** That of the node, if it is a member of one. */
  readonly cluster: LineCluster | undefined;
  /** The last lines of the node, which the primary keeps. */
  readonly tail: LogTail;
  /** What the primary calls here. */
  readonly calls: Omit<WorkerCalls, 'start' | 'stop'>;
  readonly #folder: string;
  readonly #primary: Rpc<PrimaryCalls>;
  readonly #owners: Map<StreamPath, number>;
  readonly #moves: ((path: StreamPath, owner: number | undefined) => void)[] = [];
  readonly #losses: ((worker: number) => void)[] = [];
  readonly #answers = new Map<string, (question: unknown) => unknown>();
  #take: (socket: Socket, bytes: Uint8Array) => void = (socket) => socket.destroy();
  #yields: (path: StreamPath) => Promise<boolean> = async () => true;

  constructor({ worker, count, run, folder, owners, nodeId }: Place, primary: Rpc<PrimaryCalls>) {
    this.worker = worker;
    this.count = count;
    this.run = run;
    this.#folder = folder;
    this.#primary = primary;
    this.#owners = new Map(owners);
    this.leases = {
      claim: (path, held, seen = 0, over) => primary.call('claim', path, held ?? null, seen, over ?? null),
      keep: (path, lease) => primary.tell('keep', path, lease),
      release: (path) => primary.tell('release', path),
      onRival: (yields) => {
        this.#yields = yields;
      },
    };
    const { cluster, calls } = clusterBy(nodeId ?? '', primary);
    this.cluster = nodeId === undefined ? undefined : cluster;
    this.tail = { keep() {}, read: (question) => primary.call('readLog', question) };
    this.calls = {
      ...calls,
      yield: (path) => this.#yield(path),
      move: (path, owner) => this.#move(path, owner ?? undefined),
      lose: (lost) => this.#lose(lost),
      answer: (topic, question) => this.#answers.get(topic)?.(question),
      take: (socket, bytes) => this.#take(socket, Buffer.from(bytes, 'base64')),
    };
  }

  get owned(): Iterable<StreamPath> {
    return this.#owners.keys();
  }

  ownerOf(path: StreamPath): number | undefined {
    return this.#owners.get(path);
  }

  door(door: Door, worker: number): string {
    return join(this.#folder, `${worker}.${door}`);
  }

  onMove(listener: (path: StreamPath, owner: number | undefined) => void): void {
    this.#moves.push(listener);
  }

  onLost(listener: (worker: number) => void): void {
    this.#losses.push(listener);
  }

  ask(topic: string, question: unknown = null): Promise<unknown[]> {
    return this.#primary.call('ask', topic, question).catch(() => []);
  }

  answer(topic: string, answer: (question: unknown) => unknown): void {
    this.#answers.set(topic, answer);
  }

  give(socket: Socket, bytes: Uint8Array, worker: number): boolean {
    if (!handleOf(socket)) return false;
    this.#primary.give('give', socket, worker, Buffer.from(bytes).toString('base64'));
    return true;
  }

  onGiven(take: (socket: Socket, bytes: Uint8Array) => void): void {
    this.#take = take;
  }

  /** Whoever was granted the stream a moment ago must have begun before it is asked for. */
  async #yield(path: StreamPath): Promise<boolean> {
    await turn();
    return this.#yields(path);
  }

  #move(path: StreamPath, owner: number | undefined): void {
    if (owner === undefined) this.#owners.delete(path);
    else this.#owners.set(path, owner);
    for (const listener of this.#moves) listener(path, owner);
  }

  #lose(worker: number): void {
    for (const listener of this.#losses) listener(worker);
  }
}
