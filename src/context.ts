import { totalmem } from 'node:os';
import { addresses } from './access/addresses.ts';
import { adminToken } from './access/admin-token.ts';
import { AccessGate, DEADLINE } from './access/gate.ts';
import { isLoopback } from './access/loopback.ts';
import { publishKey } from './access/publish-key.ts';
import { MILLISECOND } from './base/clock.ts';
import type { Membership, NodeIdentity } from './cluster/node.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { Files } from './hub/files.ts';
import { Hub } from './hub/hub.ts';
import type { Leases } from './hub/lease.ts';
import { Pasts } from './hub/past.ts';
import { Sessions } from './hub/session.ts';
import type { Context } from './module.ts';
import { Admission } from './net/admission.ts';
import { Callbacks } from './net/callbacks.ts';
import type { LineCluster } from './net/cluster.ts';
import { Dialers } from './net/dialers.ts';
import { Gatherer } from './net/gatherer.ts';
import { Headcount } from './net/headcount.ts';
import { HttpRouter } from './net/http.ts';
import { Ingress } from './net/ingress.ts';
import { Links } from './net/links.ts';
import { Locators } from './net/locators.ts';
import { MemoryWatch } from './net/memory.ts';
import { loadUnsentLimiter } from './net/native.ts';
import { Pacer } from './net/pacer.ts';
import { Routes } from './net/routes.ts';
import type { Siblings } from './net/siblings.ts';
import { Takers } from './net/takers.ts';
import { TlsStore } from './net/tls.ts';
import type { Logger } from './ops/log.ts';
import { systemClock } from './ops/system-clock.ts';
import type { Config } from './options.ts';
import { systemDisk } from './record/disk.ts';
import { LocalRecordings } from './record/recordings.ts';

/** What a process has for itself of its node, or has in common with its siblings. */
export interface Part {
  readonly siblings: Siblings;
  /** In the process that other nodes meet. */
  readonly identity: NodeIdentity | undefined;
  /** Without any, streams begin anew after a restart. */
  readonly leases: Leases | undefined;
  /** Where nodes share a directory. */
  readonly cluster?: LineCluster | undefined;
  /** In the process that is a member of it; of several workers their primary is. */
  readonly membership?: Membership | undefined;
}

/** How much of the longest burst may be spent waiting for publishers' bytes. */
const READ_SHARE = 0.25;

/** Makes what all modules of a process meet in. Rejects when a certificate cannot be read. */
export async function createContext(
  config: Config,
  log: Logger,
  { siblings, identity, leases, cluster, membership }: Part,
): Promise<Context & { readonly recordings: LocalRecordings; readonly dispatch: Dispatcher }> {
  const { publish, window, play, fanout, limits, http } = config;
  const clock = systemClock;
  const warn = (fields: object, message: string) => log.warn({ ...fields }, message);
  const providers = [
    addresses(config.access.addresses),
    publishKey(config.access),
    adminToken({ ...config.access, listenHost: exposedHost(http) }),
  ];
  const access = new AccessGate(providers, { warn, deadline: DEADLINE + timeToAsk(config.callbacks) });
  const pacer = new Pacer(fanout, clock, (error) => log.error({ error }, 'a muxer failed: its viewers are closed'));
  const { certificates } = config.tls;
  const sessions = new Sessions(clock);
  const hub = new Hub(
    { ...publish, window, segment: config.hls.segment },
    clock,
    leases && (membership?.member ?? leases),
  );
  const limit = (limits.memory || defaultMemory()) / siblings.count;
  const memory = new MemoryWatch({ limit, resident: process.memoryUsage.rss, sessions, clock, log });
  const ingress = new Ingress(access, hub);
  const admission = new Admission(limits, memory, new Headcount('connections', siblings, clock));
  // Not waited for: until it is there the first viewers go without it.
  void loadUnsentLimiter(play.maxUnsent, log).then((limiter) => limiter && (admission.prepare = limiter));
  return {
    config,
    log,
    clock,
    nodeId: identity?.nodeId ?? '',
    siblings,
    pacer,
    gatherer: new Gatherer(fanout.burstMax * READ_SHARE, clock),
    hub,
    sessions,
    recordings: new LocalRecordings({ options: config.record, disk: systemDisk, hub, sessions, clock, log }),
    files: new Files(),
    pasts: new Pasts(),
    access,
    callbacks: new Callbacks(),
    ingress,
    takers: new Takers(),
    admission,
    memory,
    outlets: { window: { ...window, duration: play.maxLag }, stallTimeout: play.stallTimeout },
    http: new HttpRouter(log, config),
    links: new Links(),
    dialers: new Dialers(siblings.run),
    locators: new Locators(),
    routes: new Routes(),
    cluster,
    dispatch: new Dispatcher({ config, hub, sessions, clock, siblings, ingress, cluster, log }),
    tls: certificates.length > 0 ? await TlsStore.open(certificates, log) : undefined,
  };
}

/** How long callbacks may take to decide, where any are asked, in milliseconds. */
function timeToAsk({ rules, timeout }: Config['callbacks']): number {
  return rules.length > 0 ? timeout / MILLISECOND : 0;
}

/** The host that HTTP listens on for administrators, of two addresses the one that others reach. */
function exposedHost({ listen, listenApi }: Config['http']): string | undefined {
  const hosts = [listen, listenApi].filter((address) => address !== undefined).map(({ host = '' }) => host);
  return hosts.find((host) => !isLoopback(host)) ?? hosts[0];
}

/** Four fifths of what the machine or container has. */
function defaultMemory(): number {
  const constrained = process.constrainedMemory();
  return 0.8 * (constrained > 0 ? Math.min(constrained, totalmem()) : totalmem());
}
