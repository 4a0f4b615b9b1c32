import { isUpstream, type OriginAddress } from '../config/options.ts';
import type { HubEvent, Resolver } from '../hub/hub.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import type { StreamRecord } from '../net/cluster.ts';
import type { Taker } from '../net/takers.ts';
import { UnknownAsides } from './asides.ts';
import { Audiences } from './audiences.ts';
import { bestOrigins } from './best-origins.ts';
import { takerAt } from './destination.ts';
import { filesAt } from './files.ts';
import { Follower } from './follower.ts';
import { Peers } from './peers.ts';
import { Pull } from './pull.ts';
import { Sibling } from './sibling.ts';
import type { Source } from './subscription.ts';
import { type Outside, Uplink } from './uplink.ts';

/** How many streams are looked for at the same time: whoever asks for more of them is after something else. */
const MOST_SOUGHT = 1024;

/**
 * Fetches what somebody wants and nobody publishes here: from the worker of this node that has it, else from the node of the cluster
 * that owns it, and from the origins.
 */
export class Edge {
  readonly #context: Context;
  readonly #audiences: Audiences;
  readonly #unknown: UnknownAsides;
  readonly #idle: number;
  /** The first worker asks the origins, on behalf of all. */
  readonly #origins: readonly Source[];
  readonly #siblings = new Map<number, Sibling>();
  readonly #uplinks: readonly Uplink[];
  readonly #peers: Peers | undefined;
  readonly #pulls = new Map<StreamPath, Pull>();
  /** How many of them are not known yet to be anywhere. */
  #sought = 0;
  #followers: readonly Follower[] = [];

  /** Connects to the origins of the configuration at once, where it is the one who does. */
  constructor(context: Context, means: Omit<Outside, 'onReached'> | undefined) {
    const { config, hub, siblings, pasts } = context;
    const { origins, idle } = config.relay;
    this.#context = context;
    this.#audiences = new Audiences(context);
    this.#unknown = new UnknownAsides(context.log);
    this.#idle = idle;
    for (let worker = 1; worker <= siblings.count; worker++)
      if (worker !== siblings.worker) this.#siblings.set(worker, new Sibling(worker, siblings));
    const nodes = origins.filter((origin): origin is OriginAddress => !isUpstream(origin));
    const outside = means && { ...means, onReached: (node: string) => this.#askAgain(node) };
    this.#uplinks = outside ? nodes.map((origin) => new Uplink(origin, outside, context)) : [];
    this.#peers = outside && this.#meet(outside);
    const first = this.#siblings.get(1);
    const areOthers = origins.length > 0 || config.cluster.coworkers.length > 0 || context.cluster !== undefined;
    this.#origins = first && areOthers ? [first] : this.#uplinks;
    context.cluster?.onMove((record) => this.#follow(record));
    hub.observe((event) => this.#observe(event));
    hub.resolveWith(this.resolve);
    pasts.elsewhere = ({ path }) => this.#keepers.map((source) => filesAt(source, path));
    siblings.onMove((path, owner) => {
      if (owner !== undefined && owner !== siblings.worker) this.#move(path, this.#siblings.get(owner)!.node);
    });
    context.takers.add((path) => this.#takers(path));
    context.files.elsewhere = (path) => this.#origins.map((origin) => filesAt(origin, path));
  }

  /** From now on hears what the origins publish, to have what is wanted here. To be called when it is known whether anything is. */
  follow(): void {
    if (this.#context.hub.hasWishes) this.#followers = this.#uplinks.map((each) => new Follower(this.#context, each));
  }

  /** Looks for a stream where it can be had; however many want it, it is fetched once. */
  readonly resolve: Resolver = (path) => {
    const isOneMore = !this.#pulls.has(path);
    if (this.#isOwned(path) || (isOneMore && this.#sought >= MOST_SOUGHT)) return undefined;
    return this.#peers !== undefined || this.#places(path).length > 0 ? this.#pull(path) : undefined;
  };

  /** Whether a stream is being asked for at a node, or comes from it: then it would only get its own question back. */
  isAsking(node: string, path: StreamPath): boolean {
    return this.#pulls.get(path)?.isFrom(node) === true;
  }

  /** Whether another worker can have a stream from this one: what this one has from a third it gets there. */
  isSource(path: StreamPath): boolean {
    const { hub, siblings } = this.#context;
    const stream = hub.find(path);
    if (stream) return !stream.mirrored?.isInner;
    return siblings.worker === 1 && siblings.ownerOf(path) === undefined;
  }

  close(): void {
    for (const follower of this.#followers) follower.close();
    for (const pull of this.#pulls.values()) pull.end();
    for (const uplink of this.#uplinks) uplink.close();
    this.#peers?.close();
  }

  /** Comes to know of the other nodes of the cluster, if this one is in one. */
  #meet(outside: Outside): Peers | undefined {
    const { cluster } = this.#context;
    if (!cluster) return undefined;
    const peers = new Peers(this.#context, outside);
    cluster.reachBy(peers);
    return peers;
  }

  #pull(path: StreamPath): Promise<void> {
    const present = this.#pulls.get(path);
    if (present) return present.found;
    const ground = {
      context: this.#context,
      audiences: this.#audiences,
      unknown: this.#unknown,
      sources: () => this.#sources(path),
      idle: this.#idle,
    };
    const pull = new Pull(ground, path, () => this.#pulls.delete(path));
    this.#pulls.set(path, pull);
    this.#sought++;
    void pull.found.then(() => this.#sought--);
    return pull.found;
  }

  /** Who may have kept what was: the first worker records on behalf of all, and asks the origins. */
  get #keepers(): readonly Source[] {
    const first = this.#siblings.get(1);
    return first ? [first] : this.#uplinks;
  }

  /** Whether this worker is the one that has a stream: it can be had nowhere else. */
  #isOwned(path: StreamPath): boolean {
    const { siblings } = this.#context;
    return siblings.ownerOf(path) === siblings.worker;
  }

  /** Where a stream may be had, as far as the configuration and the other workers know. */
  #places(path: StreamPath): readonly Source[] {
    const owner = this.#context.siblings.ownerOf(path);
    return owner === undefined ? this.#origins : [this.#siblings.get(owner)!];
  }

  async #sources(path: StreamPath): Promise<readonly Source[]> {
    if (this.#isOwned(path)) return [];
    const ways = this.#peers;
    const nodes = ways ? await this.#context.cluster!.locate(path) : [];
    const peers = nodes.map((node) => ways!.find(node)).filter((peer) => peer !== undefined);
    return [...peers, ...this.#places(path)];
  }

  /** Where a stream may be published: the first worker does it on behalf of all, at the node that has it, or else is the best one. */
  async #takers(path: StreamPath): Promise<readonly Taker[]> {
    const first = this.#siblings.get(1);
    if (first) return [takerAt(first)];
    const { cluster } = this.#context;
    const owners = new Set((await cluster?.locate(path))?.map(({ id }) => id));
    const nodes = (await cluster?.nodes()) ?? [];
    const own = nodes.find(({ id }) => id === cluster!.nodeId);
    const others = nodes.filter((node) => node !== own);
    const best = bestOrigins(others, { owners, region: own?.front?.region ?? '' });
    const peers = best.map((node) => this.#peers?.find(node)).filter((peer) => peer !== undefined);
    return [...peers, ...this.#uplinks].map(takerAt);
  }

  /** A stream has another owner in the cluster, or none. */
  #follow({ path, node, token }: StreamRecord): void {
    if (node === '') void this.#context.hub.raise(path, { token, dts: Number.NEGATIVE_INFINITY });
    else this.#move(path, this.#siblings.get(1)?.node ?? node);
  }

  /** A stream is another node's now, or another worker's. Who waits here for its publisher goes on with what comes from there. */
  #move(path: StreamPath, node: string): void {
    const { hub } = this.#context;
    if (!hub.find(path)?.mirrored) hub.concede(path);
    const pull = this.#pulls.get(path);
    pull?.move(node);
    hub.offer(path);
    if (!pull && hub.find(path)) void this.#pull(path);
  }

  /** A node can be reached again: whatever is wanted it is asked for. */
  #askAgain(node: string): void {
    for (const pull of this.#pulls.values()) pull.askAgain(node);
  }

  #observe({ type, stream }: HubEvent): void {
    const pull = this.#pulls.get(stream.path);
    if (type === 'read' || type === 'stopped') pull?.look();
    else if (type === 'ended') pull?.end();
  }
}
