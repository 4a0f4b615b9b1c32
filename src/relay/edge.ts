import type { UpstreamAddress } from '../config/options.ts';
import type { HubEvent, Resolver } from '../hub/hub.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import type { StreamRecord } from '../net/cluster.ts';
import { Peers } from './peers.ts';
import { Pull } from './pull.ts';
import type { Source } from './subscription.ts';
import type { Trust } from './trust.ts';
import { Uplink } from './uplink.ts';
import { Fetch } from './upstream.ts';

/** Fetches what somebody wants and nobody publishes here: from the node of the cluster that owns it, and from the origins. */
export class Edge {
  readonly #context: Context;
  readonly #idle: number;
  readonly #origins: readonly Uplink[];
  readonly #peers: Peers | undefined;
  readonly #pulls = new Map<StreamPath, Pull>();
  /** Servers of other kinds, and what is fetched from them. */
  readonly #upstreams: readonly UpstreamAddress[];
  readonly #fetches = new Map<StreamPath, Fetch>();

  /** Connects to the origins of the configuration at once. */
  constructor(context: Context, trust: Trust) {
    const { config, hub, cluster } = context;
    const { origins, idle } = config.relay;
    this.#context = context;
    this.#idle = idle;
    this.#upstreams = origins.filter((origin) => 'url' in origin);
    this.#origins = origins.filter((origin) => 'host' in origin).map((origin) => new Uplink(origin, trust, context));
    const peers = cluster && new Peers(context, trust);
    this.#peers = peers;
    hub.observe((event) => this.#observe(event));
    hub.resolveWith(this.resolve);
    cluster?.onMove((record) => this.#move(record));
    if (peers) cluster.reachBy(peers);
  }

  /** Looks for a stream where it can be had; however many want it, it is fetched once. */
  readonly resolve: Resolver = (path) => {
    const isRelayed = this.#origins.length > 0 || this.#peers !== undefined;
    const relayed = isRelayed ? this.#pull(path) : Promise.resolve();
    const fetched = this.#upstreams.length > 0 ? this.#fetch(path) : Promise.resolve();
    return Promise.all([relayed, fetched]).then(() => {});
  };

  #pull(path: StreamPath): Promise<void> {
    const present = this.#pulls.get(path);
    if (present) return present.found;
    const ground = { context: this.#context, sources: () => this.#sources(path), idle: this.#idle };
    const pull = new Pull(ground, path, () => this.#pulls.delete(path));
    this.#pulls.set(path, pull);
    return pull.found;
  }

  #fetch(path: StreamPath): Promise<void> {
    const present = this.#fetches.get(path);
    if (present) return present.found;
    const ground = { context: this.#context, upstreams: this.#upstreams, idle: this.#idle };
    const fetch = new Fetch(ground, path, () => this.#fetches.delete(path));
    this.#fetches.set(path, fetch);
    return fetch.found;
  }

  /** Whether a stream is being asked for at a node, or comes from it: then it would only get its own question back. */
  isAsking(node: string, path: StreamPath): boolean {
    return this.#pulls.get(path)?.isFrom(node) === true;
  }

  close(): void {
    for (const work of [...this.#pulls.values(), ...this.#fetches.values()]) work.end();
    for (const origin of this.#origins) origin.close();
    this.#peers?.close();
  }

  async #sources(path: StreamPath): Promise<readonly Source[]> {
    const nodes = (await this.#context.cluster?.locate(path)) ?? [];
    const peers = nodes.map((node) => this.#peers!.find(node)).filter((peer) => peer !== undefined);
    return [...peers, ...this.#origins];
  }

  /** A stream has another owner, or none. Who waits here for its publisher goes on with what comes from there. */
  #move({ path, node, token }: StreamRecord): void {
    const { hub } = this.#context;
    if (node === '') return void hub.raise(path, { token, dts: Number.NEGATIVE_INFINITY });
    if (!hub.find(path)?.mirrored) hub.concede(path);
    const pull = this.#pulls.get(path);
    pull?.move(node);
    hub.offer(path);
    if (!pull && hub.find(path)) void this.#pull(path);
  }

  #observe({ type, stream }: HubEvent): void {
    const pull = this.#pulls.get(stream.path);
    if (type === 'read' || type === 'stopped') pull?.look();
    else if (type === 'ended') {
      pull?.end();
      this.#fetches.get(stream.path)?.end();
    }
    // It may have been given up when nobody watched it.
    if (type === 'read' && !stream.publisher && this.#upstreams.length > 0) void this.#fetch(stream.path);
  }
}
