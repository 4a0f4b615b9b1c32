import { totalmem } from 'node:os';
import { z } from 'zod';
import { adminToken } from './access/admin-token.ts';
import { Attempts } from './access/attempts.ts';
import { AccessGate } from './access/gate.ts';
import { isLoopback } from './access/loopback.ts';
import { publishKey } from './access/publish-key.ts';
import { consolePages } from './api/console.ts';
import { health } from './api/health.ts';
import { api } from './api/index.ts';
import { metricsOptions } from './api/options.ts';
import { RefusedError } from './base/errors.ts';
import { type ClusterNode, openNode } from './cluster/node.ts';
import { selfSigned } from './cluster/self-signed.ts';
import { coreOptions } from './config/options.ts';
import { Hub } from './hub/hub.ts';
import { Sessions } from './hub/session.ts';
import type { Context, Module } from './module.ts';
import { Admission } from './net/admission.ts';
import { Dialers } from './net/dialers.ts';
import { Gatherer } from './net/gatherer.ts';
import { HttpRouter } from './net/http.ts';
import { Links } from './net/links.ts';
import type { BoundAddress } from './net/listen.ts';
import { Locators } from './net/locators.ts';
import { MemoryWatch } from './net/memory.ts';
import { loadUnsentLimiter } from './net/native.ts';
import { Pacer } from './net/pacer.ts';
import { Routes } from './net/routes.ts';
import { TlsStore } from './net/tls.ts';
import type { Logger } from './ops/log.ts';
import { systemClock } from './ops/system-clock.ts';
import { hls } from './protocol/hls/index.ts';
import { hlsOptions } from './protocol/hls/options.ts';
import { http } from './protocol/http/index.ts';
import { httpOptions } from './protocol/http/options.ts';
import { httpFlv } from './protocol/http-flv/index.ts';
import { rtmp } from './protocol/rtmp/index.ts';
import { rtmpOptions } from './protocol/rtmp/options.ts';
import { systemDisk } from './record/disk.ts';
import { record } from './record/index.ts';
import { recordOptions } from './record/options.ts';
import { LocalRecordings } from './record/recordings.ts';
import { relay } from './relay/index.ts';
import { legacyCloud } from './relay/legacy/cloud.ts';
import { legacyEdge } from './relay/legacy/edge.ts';
import { legacyOptions } from './relay/legacy/options.ts';
import { routes } from './routes/index.ts';
import { routesOptions } from './routes/options.ts';
import { upstream } from './upstream/index.ts';

/** All options: those of the server itself, and those that modules bring. */
export const configSchema = z.strictObject({
  rtmp: rtmpOptions,
  http: httpOptions,
  hls: hlsOptions,
  record: recordOptions,
  routes: routesOptions,
  metrics: metricsOptions,
  legacy: legacyOptions,
  ...coreOptions,
});

/** {@link configSchema} as the program reads it. */
export type Config = z.output<typeof configSchema>;

/** A running server. */
export interface Server {
  /** Where it listens, by purpose: `rtmp`, `rtmps`, `http`, `https`, `headwater`. */
  readonly addresses: Readonly<Record<string, BoundAddress>>;
  /** What lets other nodes in, where they can come. */
  readonly joinToken: string | undefined;
  /** Ends all sessions and closes all listeners. Idempotent. */
  stop(): Promise<void>;
}

/** The modules, in the order in which they start. To add a protocol, add its line. */
function modules(config: Config, node: ClusterNode | undefined, recordings: LocalRecordings): Module[] {
  return [
    legacyCloud(config.legacy.cloud, selfSigned),
    legacyEdge(config.legacy.edge, httpFlv()),
    rtmp(config.rtmp),
    ...(node ? [relay(node.trust)] : []),
    upstream(),
    httpFlv(),
    hls(config.hls),
    record(recordings),
    routes(config.routes),
    api(config.metrics),
    health(),
    consolePages(),
    http(config.http),
  ];
}

/** Starts everything that `config` asks for; rejects when an address cannot be had or a certificate cannot be read. */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  const node = openNode(config, new Attempts(systemClock), systemClock, log);
  const context = await createContext(config, log, node);
  const started: Module[] = [];
  const addresses: Record<string, BoundAddress> = {};
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= stopAll(context, started, node));
  try {
    for (const module of modules(config, node, context.recordings)) {
      started.push(module);
      Object.assign(addresses, await module.start(context));
    }
    for (const module of started) module.ready?.(addresses);
  } catch (error) {
    await stop();
    throw error;
  }
  return { addresses, joinToken: node?.joinToken, stop };
}

async function createContext(
  config: Config,
  log: Logger,
  node: ClusterNode | undefined,
): Promise<Context & { readonly recordings: LocalRecordings }> {
  const { access, publish, window, play, fanout, limits, http } = config;
  const clock = systemClock;
  const warn = (fields: object, message: string) => log.warn({ ...fields }, message);
  const providers = [publishKey(access), adminToken({ ...access, listenHost: exposedHost(http) })];
  const pacer = new Pacer(fanout, clock, (error) => log.error({ error }, 'a muxer failed: its viewers are closed'));
  const { certificates } = config.tls;
  const sessions = new Sessions(clock);
  const hub = new Hub({ ...publish, window, segment: config.hls.segment }, clock, node?.leases);
  const limit = limits.memory || defaultMemory();
  const memory = new MemoryWatch({ limit, resident: process.memoryUsage.rss, sessions, clock, log });
  const admission = new Admission(limits, memory);
  // Not waited for: until it is there the first viewers go without it.
  void loadUnsentLimiter(play.maxUnsent, log).then((limiter) => limiter && (admission.prepare = limiter));
  return {
    config,
    log,
    clock,
    pacer,
    gatherer: new Gatherer(fanout.burstMax * READ_SHARE, clock),
    hub,
    sessions,
    recordings: new LocalRecordings({ options: config.record, disk: systemDisk, hub, sessions, clock, log }),
    access: new AccessGate(providers, { warn }),
    admission,
    memory,
    outlets: { window: { ...window, duration: play.maxLag }, stallTimeout: play.stallTimeout },
    http: new HttpRouter(log, limits),
    links: new Links(),
    dialers: new Dialers(),
    locators: new Locators(),
    routes: new Routes(),
    tls: certificates.length > 0 ? await TlsStore.open(certificates, log) : undefined,
  };
}

/** The host that HTTP listens on for administrators, of two addresses the one that others reach. */
function exposedHost({ listen, listenApi }: Config['http']): string | undefined {
  const hosts = [listen, listenApi].filter((address) => address !== undefined).map(({ host = '' }) => host);
  return hosts.find((host) => !isLoopback(host)) ?? hosts[0];
}

/** How much of the longest burst may be spent waiting for publishers' bytes. */
const READ_SHARE = 0.25;

/** Four fifths of what the process may have. */
function defaultMemory(): number {
  const constrained = process.constrainedMemory();
  return 0.8 * (constrained > 0 ? Math.min(constrained, totalmem()) : totalmem());
}

async function stopAll(
  { hub, sessions, memory, tls }: Context,
  started: readonly Module[],
  node: ClusterNode | undefined,
): Promise<void> {
  hub.close();
  for (const session of [...sessions]) session.close(new RefusedError('shutdown', 'the server is stopping'));
  await Promise.all(started.map((module) => module.stop()));
  await node?.leases?.close();
  memory.close();
  tls?.close();
}
