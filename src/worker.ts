import { Attempts } from './access/attempts.ts';
import { identityOf } from './cluster/node.ts';
import type { Place, PrimaryCalls, WorkerCalls } from './cluster/workers/calls.ts';
import { lineTo } from './cluster/workers/fork.ts';
import { Member } from './cluster/workers/member.ts';
import { Rpc } from './cluster/workers/rpc.ts';
import { createLogger } from './ops/log.ts';
import { systemClock } from './ops/system-clock.ts';
import type { Config } from './options.ts';
import { type RunningProcess, startProcess } from './process.ts';

// The program of a worker. Terminals and service managers send their signals to all processes at once: the primary decides.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

let running: RunningProcess | undefined;
const calls: Partial<WorkerCalls> = { start, stop: async () => running?.stop() };
const primary = new Rpc<PrimaryCalls>(lineTo(process), calls);

async function start(config: unknown, place: Place): Promise<RunningProcess['addresses']> {
  const { worker } = place;
  process.title = `headwater worker ${worker}`;
  const member = new Member(place, primary);
  Object.assign(calls, member.calls);
  running = await startWorker(config as Config, member);
  return running.addresses;
}

async function startWorker(config: Config, member: Member): Promise<RunningProcess> {
  const { worker, leases, cluster, tail } = member;
  const log = (await createLogger({ ...config.log, format: 'json', file: '' }, tail)).child({ worker });
  const identity = worker === 1 ? identityOf(config, new Attempts(systemClock), systemClock) : undefined;
  return startProcess(config, log, { siblings: member, identity, leases, cluster });
}
