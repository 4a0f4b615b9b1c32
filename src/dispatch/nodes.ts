import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { LineCluster, MoveTally, NodeFront, NodeRecord } from '../net/cluster.ts';
import type { Carrier } from '../net/ingress.ts';
import { IDLE, type Reading } from '../net/load.ts';
import type { Places } from '../net/places.ts';
import { type Addresses, type HlsTimes, placeOf, protocolsOf, type RelayTimes, relayedOf } from './front.ts';
import type { DispatchOptions } from './options.ts';
import { type NodeState, type OwnGround, OwnNode, type Present } from './own-node.ts';
import { type Candidate, openTo } from './rank.ts';
import { RoomGauge } from './room.ts';

/** What {@link Nodes} know of their own one, and where they hear of the others. */
export interface NodesGround extends OwnGround {
  readonly config: { readonly dispatch: DispatchOptions; readonly hls: HlsTimes; readonly relay: RelayTimes };
  /** Where publishers come in. */
  readonly ingress: { readonly carrier: Carrier | undefined };
  /** Without it there is this node alone. */
  readonly cluster: LineCluster | undefined;
}

/** How often a node says how much room it has, and looks at the others. */
const BEAT = 1 * SECOND;
/** The id of a node that shares no directory, and what everybody may call the one that he asks. */
const SELF = 'self';

/** The nodes to which somebody may be sent, as they are known; in the first worker of this one, it tells the others of it. */
export class Nodes {
  readonly #ground: NodesGround;
  readonly #places: Places;
  readonly #seen: () => void;
  readonly #own: OwnNode;
  readonly #room: RoomGauge;
  #addresses: Addresses = {};
  #all: readonly Candidate[] = [];
  #reading = IDLE;
  /** Since when this one is to be left, if it is. */
  #leftSince: number | undefined;
  #cancel = () => {};
  #hasEnded = false;

  /** `seen` is called whenever they were looked at, and `moves` tells how far those are here. */
  constructor(ground: NodesGround, places: Places, seen: () => void, moves: () => readonly MoveTally[]) {
    this.#ground = ground;
    this.#places = places;
    this.#seen = seen;
    this.#own = new OwnNode(ground, moves);
    this.#room = new RoomGauge(ground.config.dispatch);
  }

  /** This node is reached at these addresses from now on. */
  begin(addresses: Addresses): void {
    this.#addresses = addresses;
    this.#own.begin();
    void this.#beat();
  }

  end(): void {
    this.#hasEnded = true;
    this.#cancel();
    this.#own.end();
  }

  /** In the first worker this one is the first. */
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

  /** Who is at the other workers of it. */
  get away(): Present {
    return this.#own.away;
  }

  /** Whether all are to leave it. */
  get isLeft(): boolean {
    return this.#leftSince !== undefined;
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
    const others = this.#all.filter(({ id }) => id !== node);
    return openTo(kind, others).length > 0;
  }

  async #beat(): Promise<void> {
    const isFirst = this.#ground.siblings.worker === 1;
    await (isFirst ? this.#tell() : this.#look(undefined));
    if (!this.#hasEnded) this.#cancel = this.#ground.clock.after(BEAT, () => void this.#beat());
  }

  /** Tells the others how this node is. */
  async #tell(): Promise<void> {
    const state = await this.#own.look();
    const { reading, delay, arrived } = state;
    const { publishers: _, viewed: __, ...load } = reading;
    this.#reading = reading;
    const room = this.#room.read({ ...reading, delay });
    const front = this.#front(state);
    this.#ground.cluster?.show(load, front);
    await this.#look(front);
    // What cannot be told now is told the next time; a ticket of which it is not told runs out.
    await this.#places.offer(this.id, room, arrived).catch(() => {});
  }

  /** Looks at all of them; how this one is, is known before the others hear of it. */
  async #look(front: NodeFront | undefined): Promise<void> {
    const nodes = (await this.#ground.cluster?.nodes().catch(() => undefined)) ?? [];
    if (this.#hasEnded) return;
    this.#leftSince = nodes.find(({ id }) => id === this.id)?.draining;
    this.#all = front ? this.#candidates(front, nodes) : candidatesOf(nodes);
    this.#seen();
  }

  /** What this node tells the others. */
  #front({ reading, delay, streams, moves }: NodeState): NodeFront {
    const { config, ingress } = this.#ground;
    const { name, region, takes: taken, url } = config.dispatch;
    const { http, https, rtmp } = this.#addresses;
    const isEmpty = reading.viewers + reading.publishers === 0;
    return {
      ...{ name, region, url, takes: taken, publishers: reading.publishers, delay },
      ...(isEmpty && { emptied: this.#leftSince }),
      moves,
      ...(ingress.carrier && { carries: ingress.carrier.reach }),
      ports: { http: http?.port, https: https?.port, rtmp: rtmp?.port },
      protocols: protocolsOf(this.#addresses, config.hls),
      relayed: relayedOf(config.relay),
      owned: streams.filter(({ isOwner }) => isOwner).map(({ path }) => path),
      fetched: streams.filter(({ isOwner }) => !isOwner).map(({ path }) => path),
    };
  }

  #candidates(front: NodeFront, nodes: readonly NodeRecord[]): Candidate[] {
    const { dispatch, relay } = this.#ground.config;
    const own = nodes.find(({ id }) => id === this.id);
    const role = own?.role ?? (relay.origins.length > 0 ? 'edge' : 'origin');
    const { url, name } = dispatch;
    const here = url === undefined && { rtmpPort: front.ports.rtmp, isNamed: name !== '' };
    const self = candidateOf({ ...own, id: this.id, role }, front);
    return [{ ...self, ...(here && { here }) }, ...candidatesOf(nodes.filter(({ id }) => id !== this.id))];
  }
}

function candidatesOf(nodes: readonly NodeRecord[]): Candidate[] {
  return nodes.flatMap((node) => (node.front ? [candidateOf(node, node.front)] : []));
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
