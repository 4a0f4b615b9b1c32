import type { AccessGate } from './access/gate.ts';
import type { Clock } from './base/clock.ts';
import type { CoreConfig } from './config/options.ts';
import type { Files } from './hub/files.ts';
import type { Hub } from './hub/hub.ts';
import type { Pasts } from './hub/past.ts';
import type { Recordings } from './hub/recordings.ts';
import type { Sessions } from './hub/session.ts';
import type { Admission } from './net/admission.ts';
import type { Callbacks } from './net/callbacks.ts';
import type { Cluster } from './net/cluster.ts';
import type { Dialers } from './net/dialers.ts';
import type { Dispatch } from './net/dispatch.ts';
import type { Gatherer } from './net/gatherer.ts';
import type { HttpRouter } from './net/http.ts';
import type { Ingress } from './net/ingress.ts';
import type { Links } from './net/links.ts';
import type { BoundAddress } from './net/listen.ts';
import type { Locators } from './net/locators.ts';
import type { MemoryWatch } from './net/memory.ts';
import type { OutletOptions } from './net/outlet.ts';
import type { Pacer } from './net/pacer.ts';
import type { Routes } from './net/routes.ts';
import type { Siblings } from './net/siblings.ts';
import type { Takers } from './net/takers.ts';
import type { TlsStore } from './net/tls.ts';
import type { Logger } from './ops/log.ts';

/** What every module is given. Modules do not know one another: they meet here. */
export interface Context {
  readonly config: CoreConfig;
  readonly log: Logger;
  readonly clock: Clock;
  /** Who this node is to others; empty where it has nothing to do with any, and in all workers but the first. */
  readonly nodeId: string;
  /** The other workers of this node, if it has several. */
  readonly siblings: Siblings;
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly recordings: Recordings;
  readonly pasts: Pasts;
  readonly files: Files;
  readonly access: AccessGate;
  readonly callbacks: Callbacks;
  readonly ingress: Ingress;
  readonly takers: Takers;
  readonly admission: Admission;
  readonly memory: MemoryWatch;
  readonly pacer: Pacer;
  readonly gatherer: Gatherer;
  readonly outlets: OutletOptions;
  readonly http: HttpRouter;
  readonly links: Links;
  readonly dialers: Dialers;
  readonly locators: Locators;
  readonly routes: Routes;
  /** The nodes with which this one shares a directory, if it does. */
  readonly cluster: Cluster | undefined;
  readonly dispatch: Dispatch;
  /** The certificates, if any are configured. */
  readonly tls: TlsStore | undefined;
}

/** A part of the server: made by a function named after it from its options, such as `rtmp(options)`. */
export interface Module {
  readonly name: string;
  /** Begins to serve; resolves to the addresses it listens on, by purpose, such as `{ rtmp: { host, port } }`. */
  start(context: Context): Promise<Record<string, BoundAddress>>;
  /** All modules have started, and listen on these addresses. */
  ready?(addresses: Readonly<Record<string, BoundAddress>>): void;
  /** Closes its listeners and ends its sessions. */
  stop(): Promise<void>;
  /** All modules have stopped: what there is to say of that is said now. */
  finish?(): Promise<void>;
}
