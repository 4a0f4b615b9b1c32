import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Clock, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Hub } from '../hub/hub.ts';
import type { Sessions } from '../hub/session.ts';
import { type Cluster, type NodeFront, type NodeRecord, reportStreams } from '../net/cluster.ts';
import { LoadGauge, type Reading } from '../net/load.ts';
import type { Places } from '../net/places.ts';
import { Arrivals } from './arrivals.ts';
import { type Addresses, type HlsTimes, placeOf, protocolsOf, type RelayTimes, relayedOf } from './front.ts';
import type { DispatchOptions } from './options.ts';
import { type Candidate, takes } from './rank.ts';
import { RoomGauge } from './room.ts';

/** What {@link Nodes} know of their own one, and where they hear of the others. */
export interface NodesGround {
  readonly config: { readonly dispatch: DispatchOptions; readonly hls: HlsTimes; readonly relay: RelayTimes };
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** Without it there is this node alone. */
  readonly cluster: Cluster | undefined;
}

/** How often a node says how much room it has, and looks at the others. */
const BEAT = 1 * SECOND;
/** So many streams of a node are told to the others. */
const MOST_STREAMS = 100;
/** How finely the event loop is looked at, in milliseconds. */
const RESOLUTION = 20;
const NANOSECONDS = 1e6;
/** The id of a node that shares no directory, and what everybody may call the one that he asks. */
const SELF = 'self';

/** The nodes to which somebody may be sent, as they are known; tells the others of this one. */
export class Nodes {
  readonly #ground: NodesGround;
  readonly #places: Places;
  readonly #seen: () => void;
  readonly #load: LoadGauge;
  readonly #room: RoomGauge;
  readonly #arrivals: Arrivals;
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  #addresses: Addresses = {};
  #all: readonly Candidate[] = [];
  #delay = 0;
  #reading: Reading = { cpu: 0, streams: 0, viewers: 0, publishers: 0, bitrate: 0, viewed: 0 };
  #cancel = () => {};

  /** `seen` is called whenever they were looked at. */
  constructor(ground: NodesGround, places: Places, seen: () => void) {
    this.#ground = ground;
    this.#places = places;
    this.#seen = seen;
    this.#load = new LoadGauge(ground);
    this.#room = new RoomGauge(ground.config.dispatch);
    this.#arrivals = new Arrivals(ground.sessions);
  }

  /** This node is reached at these addresses from now on. */
  begin(addresses: Addresses): void {
    this.#addresses = addresses;
    this.#delays.enable();
    void this.#beat();
  }

  end(): void {
    this.#cancel();
    this.#delays.disable();
  }

  /** This one is the first. */
  get all(): readonly Candidate[] {
    return this.#all;
  }

  /** Of this node. */
  get id(): string {
    return this.#ground.cluster?.nodeId ?? SELF;
  }

  /** How this node was when it last looked. */
  get reading(): Reading {
    return this.#reading;
  }

  /** A node by its id. Throws {@link RefusedError} where there is none. */
  find(node: string): Candidate {
    const id = node === SELF ? this.id : node;
    const found = this.#all.find((candidate) => candidate.id === id);
    if (!found) throw new RefusedError('not-found', `there is no node ${node}`);
    return found;
  }

  /** Whether anybody of this kind can go elsewhere who leaves a node. */
  hasOther(node: string, kind: 'play' | 'publish'): boolean {
    return this.#all.some((other) => other.id !== node && !other.isDraining && takes(other, kind));
  }

  async #beat(): Promise<void> {
    const { clock, cluster } = this.#ground;
    this.#cancel = clock.after(BEAT, () => void this.#beat());
    this.#delay = Math.round(this.#delays.percentile(99) / NANOSECONDS) || 0;
    this.#delays.reset();
    this.#reading = this.#load.read();
    const [room, arrived] = [this.#room.read({ ...this.#reading, delay: this.#delay }), this.#arrivals.take()];
    const front = this.#front();
    cluster?.show(front);
    this.#all = this.#candidates(front, (await cluster?.nodes()) ?? []);
    this.#seen();
    // What cannot be told now is told the next time; a ticket of which it is not told runs out.
    await this.#places.offer(this.id, room, arrived).catch(() => {});
  }

  /** What this node tells the others. */
  #front(): NodeFront {
    const { config, hub, sessions } = this.#ground;
    const { name, region, takes: taken, url } = config.dispatch;
    const { http, https, rtmp } = this.#addresses;
    const streams = reportStreams({ hub, sessions }, () => false).slice(0, MOST_STREAMS);
    return {
      ...{ name, region, url, takes: taken, publishers: this.#reading.publishers, delay: this.#delay },
      ports: { http: http?.port, https: https?.port, rtmp: rtmp?.port },
      protocols: protocolsOf(this.#addresses, config.hls),
      relayed: relayedOf(config.relay),
      owned: streams.filter(({ isOwner }) => isOwner).map(({ path }) => path),
      fetched: streams.filter(({ isOwner }) => !isOwner).map(({ path }) => path),
    };
  }

  #candidates(front: NodeFront, nodes: readonly NodeRecord[]): Candidate[] {
    const { dispatch, relay } = this.#ground.config;
    const others = nodes.filter(({ id }) => id !== this.id).map((node) => node.front && candidateOf(node, node.front));
    const own = nodes.find(({ id }) => id === this.id);
    const role = own?.role ?? (relay.origins.length > 0 ? 'edge' : 'origin');
    const { url, name } = dispatch;
    const here = url === undefined && { rtmpPort: front.ports.rtmp, isNamed: name !== '' };
    const self = candidateOf({ ...own, id: this.id, role }, front);
    return [{ ...self, ...(here && { here }) }, ...others.filter((node) => node !== undefined)];
  }
}

type Told = Pick<NodeRecord, 'id' | 'role' | 'draining' | 'address'>;

function candidateOf({ id, role, draining, address }: Told, front: NodeFront): Candidate {
  const place = placeOf(front, address);
  const { owned, fetched } = front;
  return {
    ...{ id, role, isDraining: draining !== undefined, front, place },
    name: front.name || (place.http ? new URL(place.http).host : id),
    ...{ owned: new Set(owned), fetched: new Set(fetched) },
  };
}
