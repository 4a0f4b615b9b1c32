import cluster from 'node:cluster';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CoreConfig } from '../../config/options.ts';
import { shortId } from '../../hub/session.ts';
import type { Logger } from '../../ops/log.ts';
import { systemClock } from '../../ops/system-clock.ts';
import type { FileLeases } from '../leases.ts';
import { type Membership, whereabouts } from '../node.ts';
import type { Addresses } from './calls.ts';
import { forkWorker } from './fork.ts';
import type { NodeLeases } from './owners.ts';
import { Supervisor } from './supervisor.ts';

/** The workers of a node. */
export interface Workers {
  readonly addresses: Addresses;
  /** Resolves to the reason when they end again and again. */
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}

const LONG_MS = 3_600_000;

/** What workers are started with. */
export interface WorkersGround {
  readonly config: CoreConfig;
  readonly count: number;
  /** What each runs. */
  readonly program: URL;
  readonly log: Logger;
  readonly joinToken: string | undefined;
  readonly leases: FileLeases;
  /** Where the node shares a directory. */
  readonly membership: Membership | undefined;
}

/** Starts workers, which serve what `config` asks for. Rejects as a server does that cannot start. */
export async function startWorkers(start: WorkersGround): Promise<Workers> {
  const { config, count, program, log, membership } = start;
  if (!cluster.isPrimary)
    throw new Error('cluster.workers must be 1 in a process that is itself a worker of node:cluster');
  const folder = await mkdtemp(join(tmpdir(), 'headwater-'));
  const leases = nodeLeases(start);
  const hasOrigins = config.relay.origins.length > 0 || membership !== undefined;
  const spawn = () => forkWorker(program, log);
  const common = { count, config, run: shortId(), folder, clock: systemClock, log };
  const supervisor = new Supervisor({ ...common, leases, hasOrigins, cluster: membership?.member, spawn });
  // Timers do not, and there may be a moment without any worker.
  const stayAlive = setInterval(() => {}, LONG_MS);
  const clean = async () => {
    clearInterval(stayAlive);
    await membership?.member.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const addresses = await supervisor.start();
    if (membership) introduce(start, membership, supervisor);
    let stopping: Promise<void> | undefined;
    const stop = () => (stopping ??= supervisor.stop().then(clean));
    return { addresses, failed: supervisor.failed, stop };
  } catch (error) {
    await clean();
    throw error;
  }
}

/** Who decides which worker may publish: where others fetch the streams they are claimed in the cluster. */
function nodeLeases({ config, leases, membership }: WorkersGround): NodeLeases {
  const member = config.relay.listen && membership?.member;
  if (!member) return leases;
  return {
    claim: (...args) => member.claim(...args),
    keep: (path, lease) => member.keep(path, lease),
    release: (path) => member.release(path),
    leave(path) {
      leases.leave(path);
      member.leave(path);
    },
  };
}

/** Has the other nodes know of this one. */
function introduce({ config, joinToken }: WorkersGround, membership: Membership, supervisor: Supervisor): void {
  const at = { address: config.cluster.address, joinToken };
  membership.member.start(() => whereabouts({ ...at, listens: supervisor.addresses['headwater'] }, membership));
}
