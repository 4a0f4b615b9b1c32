import { consolePages } from './api/console.ts';
import { health } from './api/health.ts';
import { api } from './api/index.ts';
import { RefusedError } from './base/errors.ts';
import { callbacks } from './callbacks/index.ts';
import { cluster } from './cluster/index.ts';
import { selfSigned } from './cluster/self-signed.ts';
import { describeRunning } from './config/running.ts';
import { createContext, type Part } from './context.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { dispatch } from './dispatch/index.ts';
import { forward } from './forward/index.ts';
import type { Context, Module } from './module.ts';
import type { BoundAddress } from './net/listen.ts';
import type { Logger } from './ops/log.ts';
import { type Config, configSchema } from './options.ts';
import { hls } from './protocol/hls/index.ts';
import { http } from './protocol/http/index.ts';
import { httpFlv } from './protocol/http-flv/index.ts';
import { rtmp } from './protocol/rtmp/index.ts';
import { record } from './record/index.ts';
import type { LocalRecordings } from './record/recordings.ts';
import { relay } from './relay/index.ts';
import { legacyCloud } from './relay/legacy/cloud.ts';
import { legacyEdge } from './relay/legacy/edge.ts';
import { routes } from './routes/index.ts';
import { upstream } from './upstream/index.ts';

/** What one process runs: all of a node, or the part of one of its workers. */
export interface RunningProcess {
  /** Where it listens, by purpose. */
  readonly addresses: Readonly<Record<string, BoundAddress>>;
  /** Ends all sessions and closes all listeners. Idempotent. */
  stop(): Promise<void>;
}

/** The modules, in the order in which they start. To add a protocol, add its line. What is `once` a node has in one process alone. */
function modules(
  config: Config,
  part: Part,
  { recordings, dispatch: dispatcher }: { readonly recordings: LocalRecordings; readonly dispatch: Dispatcher },
): Module[] {
  const { siblings, identity, membership } = part;
  const once = (...only: Module[]) => (siblings.worker === 1 ? only : []);
  return [
    ...once(legacyCloud(config.legacy.cloud, selfSigned)),
    ...once(legacyEdge(config.legacy.edge, httpFlv())),
    forward(),
    rtmp(config.rtmp),
    relay(identity?.trust),
    upstream(),
    ...(membership ? [cluster(membership, identity?.joinToken)] : []),
    dispatch(dispatcher),
    callbacks(config.callbacks, config.heartbeat, config.hls.disk.folder !== ''),
    api(config.metrics, () => describeRunning(configSchema, config)),
    httpFlv(),
    hls(config.hls),
    ...once(record(recordings)),
    ...once(routes(config.routes)),
    health(),
    consolePages(),
    http(config.http),
  ];
}

/** Starts all modules; rejects when an address cannot be had or a certificate cannot be read. */
export async function startProcess(config: Config, log: Logger, part: Part): Promise<RunningProcess> {
  const context = await createContext(config, log, part);
  const started: Module[] = [];
  const addresses: Record<string, BoundAddress> = {};
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= stopAll(context, started));
  try {
    for (const module of modules(config, part, context)) {
      started.push(module);
      Object.assign(addresses, await module.start(context));
    }
    for (const module of started) module.ready?.(addresses);
  } catch (error) {
    await stop();
    throw error;
  }
  // What the others had before this one was there.
  for (const path of part.siblings.owned) context.hub.offer(path);
  return { addresses, stop };
}

async function stopAll({ hub, sessions, memory, tls }: Context, started: readonly Module[]): Promise<void> {
  hub.close();
  for (const session of [...sessions]) session.close(new RefusedError('shutdown', 'the server is stopping'));
  await Promise.all(started.map((module) => module.stop()));
  await Promise.all(started.map(async (module) => module.finish?.()));
  memory.close();
  tls?.close();
}
