import type { Socket } from 'node:net';
import { type Clock, SECOND } from '../../base/clock.ts';
import type { Leases } from '../../hub/lease.ts';
import type { StreamPath } from '../../hub/path.ts';
import type { LineCluster } from '../../net/cluster.ts';
import type { Logger } from '../../ops/log.ts';
import type { Addresses, PrimaryCalls, WorkerCalls } from './calls.ts';
import { answerWith } from './cluster-calls.ts';
import { type NodeLeases, Owners } from './owners.ts';
import { watchPulse } from './pulse.ts';
import { Restarts } from './restarts.ts';
import { type Line, Rpc } from './rpc.ts';

/** A process that a {@link Supervisor} has started. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  readonly line: Line;
  /** Resolves when it has ended and all that it said was heard, to how it ended: `signal SIGKILL`, `exit code 1`. */
  readonly ended: Promise<string>;
  /** Ends it at once. */
  kill(): void;
}

/** What a {@link Supervisor} works with. */
export interface SupervisorGround {
  /** How many workers there are. */
  readonly count: number;
  /** What they are started with, as the program reads it. */
  readonly config: unknown;
  readonly run: string;
  readonly folder: string;
  readonly leases: NodeLeases;
  /** Whether streams are fetched from other nodes, by the first worker. */
  readonly hasOrigins: boolean;
  /** The cluster that the node is a member of. */
  readonly cluster?: (LineCluster & Pick<Leases, 'onRival'>) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Starts the process of a worker. */
  spawn(worker: number): WorkerProcess;
}

interface Running {
  readonly process: WorkerProcess;
  readonly rpc: Rpc<WorkerCalls>;
  /** When it was started. */
  readonly since: number;
  /** Looks no more whether it hangs. */
  unwatch: () => void;
}

/** How long workers may take to answer what another one asks, and to end. */
const LONGEST_ANSWER = 2 * SECOND;
const LONGEST_STOP = 8 * SECOND;

/** Starts the workers of a node, starts those anew that end, and stands between them: it decides who has which stream. */
export class Supervisor {
  /** Resolves to the reason why the node cannot go on, if that ever happens. */
  readonly failed: Promise<Error>;
  readonly #ground: SupervisorGround;
  readonly #owners: Owners;
  readonly #running = new Map<number, Running>();
  readonly #restarts = new Map<number, Restarts>();
  readonly #failed = Promise.withResolvers<Error>();
  #addresses: Addresses = {};
  #state: 'starting' | 'running' | 'stopping' = 'starting';

  constructor(ground: SupervisorGround) {
    this.#ground = ground;
    this.failed = this.#failed.promise;
    this.#owners = new Owners({
      leases: ground.leases,
      fetcher: ground.hasOrigins ? 1 : undefined,
      yields: (worker, path) => this.#yields(worker, path),
      moved: (path, owner) => this.#tellAll('move', path, owner ?? null),
    });
    if (ground.cluster) this.#represent(ground.cluster);
  }

  /** Where the workers listen. */
  get addresses(): Addresses {
    return this.#addresses;
  }

  /** Starts all workers; resolves to where they listen. Rejects with the reason of the first that cannot, and ends the others. */
  async start(): Promise<Addresses> {
    const workers = Array.from({ length: this.#ground.count }, (_, i) => i + 1);
    try {
      await Promise.all(workers.map((worker) => this.#launch(worker)));
      this.#state = 'running';
      return this.#addresses;
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  /** Has all workers end their sessions, and resolves when they have ended. Idempotent. */
  async stop(): Promise<void> {
    this.#state = 'stopping';
    const stopped = Array.from(this.#running.values(), ({ rpc }) => rpc.call('stop').catch(() => {}));
    await this.#within(LONGEST_STOP, Promise.all(stopped));
    await this.#end();
  }

  /** The first worker speaks with other nodes; what happens in the cluster all have to know. */
  #represent(cluster: NonNullable<SupervisorGround['cluster']>): void {
    const first = () => {
      const running = this.#running.get(1);
      if (!running) throw new Error('the first worker is not there');
      return running.rpc;
    };
    cluster.onRival((path) => this.#owners.yields(path));
    cluster.reachBy({
      ask: async (...args) => first().call('askNode', ...args),
      survey: async (node, question = {}) => first().call('surveyNode', node, question),
      trace: async (node, session) => first().call('traceNode', node, session),
    });
    cluster.onMove((record) => {
      if (record.node !== '') this.#owners.drop(record.path);
      this.#tellAll('follow', record);
    });
    cluster.onTold((news) => this.#tellAll('hear', news));
  }

  async #launch(worker: number): Promise<void> {
    const { clock, log, config, count, run, folder, spawn, cluster } = this.#ground;
    const process = spawn(worker);
    log.debug({ worker, pid: process.pid }, 'a worker starts');
    const rpc = new Rpc<WorkerCalls>(process.line, this.#callsOf(worker));
    const running: Running = { process, rpc, since: clock.now(), unwatch: () => {} };
    this.#running.set(worker, running);
    void process.ended.then((how) => this.#onEnd(worker, running, how));
    const owners = this.#owners.owners;
    const place = { worker, count, run, folder, owners, nodeId: cluster?.nodeId };
    const addresses = await rpc.call('start', config, place);
    this.#addresses = { ...this.#addresses, ...addresses };
    running.unwatch = watchPulse(
      clock,
      () => rpc.call('answer', 'pulse', null),
      () => this.#onHang(worker, process),
    );
  }

  /** Whoever comes to it would wait for ever. */
  #onHang(worker: number, process: WorkerProcess): void {
    this.#ground.log.error({ worker }, 'a worker does not answer any more: it is ended');
    process.kill();
  }

  #callsOf(worker: number): PrimaryCalls {
    return {
      ...answerWith(this.#ground.cluster),
      claim: (path, held, seen, over) => this.#owners.claim(worker, path, held ?? undefined, seen, over ?? undefined),
      keep: (path, lease) => this.#owners.keep(worker, path, lease),
      release: (path) => this.#owners.release(worker, path),
      ask: (topic, question) => this.#ask(worker, topic, question),
      readLog: async (question) => this.#ground.log.tail?.read(question) ?? { lines: [], next: 0, missed: 0 },
      give: (socket, taker, bytes) => this.#give(socket, taker, bytes),
    };
  }

  #give(socket: Socket, taker: number, bytes: string): void {
    const running = this.#running.get(taker);
    if (running) running.rpc.give('take', socket, bytes);
    else socket.destroy();
  }

  #onEnd(worker: number, { rpc, since, unwatch }: Running, how: string): void {
    const { clock, log } = this.#ground;
    unwatch();
    this.#running.delete(worker);
    rpc.close(Object.assign(new Error(`worker ${worker} has ended: ${how}`), { code: 'WORKER_ENDED' }));
    this.#owners.lost(worker);
    this.#tellAll('lose', worker);
    if (this.#state !== 'running') return;
    const restarts = this.#restarts.get(worker) ?? new Restarts();
    this.#restarts.set(worker, restarts);
    const pause = restarts.next(clock.now() - since);
    if (pause === undefined) return this.#giveUp(worker, how);
    log.error({ worker, reason: how }, 'a worker has ended; it is started again');
    clock.after(pause, () => void this.#relaunch(worker));
  }

  /** One that cannot start ends, and that counts as all ends do. */
  async #relaunch(worker: number): Promise<void> {
    const { log } = this.#ground;
    if (this.#state !== 'running') return;
    try {
      await this.#launch(worker);
      log.info({ worker }, 'a worker is there again');
    } catch (error) {
      log.error({ worker, reason: (error as Error).message }, 'a worker could not be started');
      this.#running.get(worker)?.process.kill();
    }
  }

  #giveUp(worker: number, how: string): void {
    const message = `worker ${worker} ends again and again, at last with ${how}: the server gives up`;
    this.#failed.resolve(Object.assign(new Error(message), { code: 'WORKER_ENDED' }));
  }

  async #yields(worker: number, path: StreamPath): Promise<boolean> {
    const running = this.#running.get(worker);
    return running ? running.rpc.call('yield', path).catch(() => true) : true;
  }

  async #ask(asking: number, topic: string, question: unknown): Promise<unknown[]> {
    const asked = [...this.#running].filter(([worker]) => worker !== asking);
    const answers = asked.map(([, { rpc }]) => this.#within(LONGEST_ANSWER, rpc.call('answer', topic, question)));
    const settled = await Promise.allSettled(answers);
    return settled.flatMap((each) => (each.status === 'fulfilled' && each.value !== undefined ? [each.value] : []));
  }

  #tellAll<Name extends 'move' | 'lose' | 'follow' | 'hear'>(name: Name, ...args: Parameters<WorkerCalls[Name]>): void {
    for (const { rpc } of this.#running.values()) rpc.tell(name, ...(args as never));
  }

  /** Ends what is left of the processes, and resolves when they have ended. */
  async #end(): Promise<void> {
    this.#state = 'stopping';
    const processes = Array.from(this.#running.values(), ({ process }) => process);
    for (const process of processes) process.kill();
    await Promise.all(processes.map(({ ended }) => ended));
  }

  /** The promise's value; undefined when it takes longer than that. */
  async #within<T>(time: number, promise: Promise<T>): Promise<T | undefined> {
    const late = Promise.withResolvers<undefined>();
    const cancel = this.#ground.clock.after(time, () => late.resolve(undefined));
    return Promise.race([promise, late.promise]).finally(cancel);
  }
}
