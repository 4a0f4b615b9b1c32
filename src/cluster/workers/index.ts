import cluster from 'node:cluster';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CoreConfig } from '../../config/options.ts';
import { shortId } from '../../hub/session.ts';
import type { Logger } from '../../ops/log.ts';
import { systemClock } from '../../ops/system-clock.ts';
import { leasesOf } from '../node.ts';
import type { Addresses } from './calls.ts';
import { forkWorker } from './fork.ts';
import { Supervisor } from './supervisor.ts';

/** The workers of a node. */
export interface Workers {
  readonly addresses: Addresses;
  /** Resolves to the reason when they end again and again. */
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}

const LONG_MS = 3_600_000;

/** Starts so many workers, each running `program`, which serves what `config` asks for. Rejects as a server does that cannot start. */
export async function startWorkers(config: CoreConfig, count: number, program: URL, log: Logger): Promise<Workers> {
  if (!cluster.isPrimary)
    throw new Error('cluster.workers must be 1 in a process that is itself a worker of node:cluster');
  const folder = await mkdtemp(join(tmpdir(), 'headwater-'));
  const leases = leasesOf(config, systemClock, log);
  const hasOrigins = config.relay.origins.length > 0;
  const spawn = () => forkWorker(program, log);
  const ground = { count, config, run: shortId(), folder, leases, hasOrigins, clock: systemClock, log, spawn };
  const supervisor = new Supervisor(ground);
  // Timers do not, and there may be a moment without any worker.
  const stayAlive = setInterval(() => {}, LONG_MS);
  const clean = async () => {
    clearInterval(stayAlive);
    await leases.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const addresses = await supervisor.start();
    let stopping: Promise<void> | undefined;
    const stop = () => (stopping ??= supervisor.stop().then(clean));
    return { addresses, failed: supervisor.failed, stop };
  } catch (error) {
    await clean();
    throw error;
  }
}
