import { totalmem } from 'node:os';
import { z } from 'zod';
import { adminToken } from './access/admin-token.ts';
import { AccessGate } from './access/gate.ts';
import { publishKey } from './access/publish-key.ts';
import { consolePages } from './api/console.ts';
import { health } from './api/health.ts';
import { api } from './api/index.ts';
import { metricsOptions } from './api/options.ts';
import { RefusedError } from './base/errors.ts';
import { coreOptions } from './config/options.ts';
import { Hub } from './hub/hub.ts';
import { Sessions } from './hub/session.ts';
import type { Context, Module } from './module.ts';
import { Admission } from './net/admission.ts';
import { Gatherer } from './net/gatherer.ts';
import { HttpRouter } from './net/http.ts';
import type { BoundAddress } from './net/listen.ts';
import { loadUnsentLimiter } from './net/native.ts';
import { Pacer } from './net/pacer.ts';
import { TlsStore } from './net/tls.ts';
import type { Logger } from './ops/log.ts';
import { systemClock } from './ops/system-clock.ts';
import { http } from './protocol/http/index.ts';
import { httpOptions } from './protocol/http/options.ts';
import { httpFlv } from './protocol/http-flv/index.ts';
import { rtmp } from './protocol/rtmp/index.ts';
import { rtmpOptions } from './protocol/rtmp/options.ts';

/** All options: those of the server itself, and those that modules bring. */
export const configSchema = z.strictObject({
  rtmp: rtmpOptions,
  http: httpOptions,
  metrics: metricsOptions,
  ...coreOptions,
});

/** {@link configSchema} as the program reads it. */
export type Config = z.output<typeof configSchema>;

/** A running server. */
export interface Server {
  /** Where it listens, by purpose: `rtmp`, `rtmps`, `http`, `https`. */
  readonly addresses: Readonly<Record<string, BoundAddress>>;
  /** Ends all sessions and closes all listeners. Idempotent. */
  stop(): Promise<void>;
}

/** The modules, in the order in which they start. To add a protocol, add its line. */
function modules(config: Config): Module[] {
  return [rtmp(config.rtmp), httpFlv(), api(config.metrics), health(), consolePages(), http(config.http)];
}

/** Starts everything that `config` asks for; rejects when an address cannot be had or a certificate cannot be read. */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  const context = await createContext(config, log);
  const started: Module[] = [];
  const addresses: Record<string, BoundAddress> = {};
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= stopAll(context, started));
  try {
    for (const module of modules(config)) {
      started.push(module);
      Object.assign(addresses, await module.start(context));
    }
    for (const module of started) module.ready?.();
  } catch (error) {
    await stop();
    throw error;
  }
  return { addresses, stop };
}

async function createContext(config: Config, log: Logger): Promise<Context> {
  const { access, publish, window, play, fanout, limits, http } = config;
  const clock = systemClock;
  const warn = (fields: object, message: string) => log.warn({ ...fields }, message);
  const providers = [publishKey(access), adminToken({ ...access, listenHost: http.listen?.host })];
  const pacer = new Pacer(fanout, clock, (error) => log.error({ error }, 'a muxer failed: its viewers are closed'));
  const { certificates } = config.tls;
  const admission = new Admission({ ...limits, memory: limits.memory || defaultMemory() });
  // Not waited for: until it is there the first viewers go without it.
  void loadUnsentLimiter(play.maxUnsent, log).then((limiter) => limiter && (admission.prepare = limiter));
  return {
    config,
    log,
    clock,
    pacer,
    gatherer: new Gatherer(fanout.burstMax * READ_SHARE, clock),
    hub: new Hub({ ...publish, window }, clock),
    sessions: new Sessions(clock),
    access: new AccessGate(providers, { warn }),
    admission,
    outlets: { window: { ...window, duration: play.maxLag }, stallTimeout: play.stallTimeout },
    http: new HttpRouter(log, limits),
    tls: certificates.length > 0 ? await TlsStore.open(certificates, log) : undefined,
  };
}

/** How much of the longest burst may be spent waiting for publishers' bytes. */
const READ_SHARE = 0.25;

/** Four fifths of what the process may have. */
function defaultMemory(): number {
  const constrained = process.constrainedMemory();
  return 0.8 * (constrained > 0 ? Math.min(constrained, totalmem()) : totalmem());
}

async function stopAll({ hub, sessions, admission, tls }: Context, started: readonly Module[]): Promise<void> {
  hub.close();
  for (const session of [...sessions]) session.close(new RefusedError('shutdown', 'the server is stopping'));
  await Promise.all(started.map((module) => module.stop()));
  admission.close();
  tls?.close();
}
