import { availableParallelism } from 'node:os';
import { Attempts } from './access/attempts.ts';
import { identityOf, leasesOf, membershipOf } from './cluster/node.ts';
import { startWorkers } from './cluster/workers/index.ts';
import type { BoundAddress } from './net/listen.ts';
import { noSiblings } from './net/siblings.ts';
import type { Logger } from './ops/log.ts';
import { systemClock } from './ops/system-clock.ts';
import type { Config } from './options.ts';

export { type Config, configSchema } from './options.ts';

/** A running server. */
export interface Server {
  /** Where it listens, by purpose: `rtmp`, `rtmps`, `http`, `https`, `headwater`. */
  readonly addresses: Readonly<Record<string, BoundAddress>>;
  /** What lets other nodes in, where they can come. */
  readonly joinToken: string | undefined;
  /** Resolves to the reason if it cannot go on, because its workers end again and again. */
  readonly failed: Promise<Error>;
  /** Ends all sessions and closes all listeners. Idempotent. */
  stop(): Promise<void>;
}

/** What a worker runs. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** Starts everything that `config` asks for; rejects when an address cannot be had or a certificate cannot be read. */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  const { workers = availableParallelism() } = config.cluster;
  const identity = identityOf(config, new Attempts(systemClock), systemClock);
  const joinToken = identity?.joinToken;
  const leases = workers > 1 || config.relay.listen ? leasesOf(config, systemClock, log) : undefined;
  const membership = identity && (await membershipOf(config, identity.nodeId, leases, systemClock, log));
  if (workers > 1) {
    const ground = { config, count: workers, program: WORKER, log, joinToken, leases: leases!, membership };
    return { joinToken, ...(await startWorkers(ground)) };
  }
  // Whoever only starts workers does without all that they are made of.
  const { startProcess } = await import('./process.ts');
  const part = { siblings: noSiblings(), identity, leases, cluster: membership?.member, membership };
  const own = await startProcess(config, log, part).catch(async (error: Error) => {
    await leases?.close();
    throw error;
  });
  const stop = async () => {
    await own.stop();
    await leases?.close();
  };
  return { addresses: own.addresses, joinToken, failed: new Promise(() => {}), stop };
}
