import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { z } from 'zod';
import { type Clock, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Hub } from '../hub/hub.ts';
import { describePath, type StreamPath } from '../hub/path.ts';
import type { Sessions } from '../hub/session.ts';
import { type LineCluster, type NodeFront, type NodeRecord, reportStreams } from '../net/cluster.ts';
import type { Dispatch, DrainReport, Line, Lines, LinesWish, Move } from '../net/dispatch.ts';
import { LoadGauge, type Reading } from '../net/load.ts';
import { MemoryPlaces, type Places } from '../net/places.ts';
import type { Logger } from '../ops/log.ts';
import { Arrivals } from './arrivals.ts';
import { Audience, type Listener } from './audience.ts';
import { Desk } from './desk.ts';
import { eventsUrl } from './events.ts';
import { type Addresses, type HlsTimes, placeOf, protocolsOf, type RelayTimes, relayedOf } from './front.ts';
import { Leaving } from './leaving.ts';
import { lineOf, ticketOf } from './line.ts';
import type { DispatchOptions } from './options.ts';
import { type Candidate, type Field, fieldOfPublisher, fieldOfViewer, takes } from './rank.ts';
import { RoomGauge } from './room.ts';

/** What a {@link Dispatcher} is made with. */
export interface DispatchGround {
  readonly config: { readonly dispatch: DispatchOptions; readonly hls: HlsTimes; readonly relay: RelayTimes };
  readonly hub: Hub;
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** The nodes that lines are of; without it this one alone. */
  readonly cluster: LineCluster | undefined;
  readonly log: Logger;
}

/** How often a node says how much room it has, and looks at the others. */
const BEAT = 1 * SECOND;
/** Of so many nodes lines are given at once. */
const MOST_NODES = 4;
/** So many streams of a node are told to the others. */
const MOST_STREAMS = 100;
/** How finely the event loop is looked at, in milliseconds. */
const RESOLUTION = 20;
const NANOSECONDS = 1e6;
/** By which others know that they are told of a {@link Move}. */
const MOVE = 'move';
const id = z.string().max(256);
const moveNews = z.object({
  type: z.literal(MOVE),
  ...{ node: id.optional(), region: id.optional(), path: id.optional(), to: id.optional() },
  exclude: z.array(id).max(1000).optional(),
});
/** What one who only listens does not say. */
const NOTHING = { viewer: '', exclude: [], region: '', probes: {}, reserve: true };
/** The id of a node that shares no directory. */
const ALONE = 'self';

/** Gives out lines, for this node or for all of a cluster. */
export class Dispatcher implements Dispatch {
  readonly #ground: DispatchGround;
  readonly #places: Places;
  readonly #desk: Desk;
  readonly #load: LoadGauge;
  readonly #room: RoomGauge;
  readonly #arrivals: Arrivals;
  readonly audience: Audience;
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  #addresses: Addresses = {};
  #candidates: readonly Candidate[] = [];
  #delay = 0;
  #reading: Reading = { cpu: 0, streams: 0, viewers: 0, publishers: 0, bitrate: 0, viewed: 0 };
  /** The nodes that are to be left, as far as those who listen were told. */
  #left = new Set<string>();
  #leaving: Leaving | undefined;
  #cancel = () => {};

  constructor(ground: DispatchGround) {
    const { cluster, clock, config } = ground;
    this.#ground = ground;
    this.#places = cluster?.places ?? new MemoryPlaces(clock);
    this.#desk = new Desk(this.#places, clock);
    this.#load = new LoadGauge(ground);
    this.#room = new RoomGauge(config.dispatch);
    this.#arrivals = new Arrivals(ground.sessions);
    this.audience = new Audience(clock, config.dispatch.pace);
    cluster?.onTold((news) => this.#hear(news));
  }

  /** All modules listen, at these addresses: from now on others may be sent here. */
  begin(addresses: Addresses): void {
    this.#addresses = addresses;
    this.#delays.enable();
    void this.#beat();
  }

  end(): void {
    this.#cancel();
    this.#cancel = () => {};
    this.#delays.disable();
    this.audience.close();
    this.#leave(false);
  }

  async lines(wish: LinesWish): Promise<Lines> {
    const ticket = ticketOf(wish);
    const field = fieldOfViewer(this.#candidates, wish);
    const lines = await this.#lines(field, wish, ticket);
    const asked = { ...wish, ticket };
    this.audience.give(ticket, [...new Set(lines.map(({ node }) => node))]);
    return { lines, events: wish.viewer === '' ? '' : eventsUrl(describePath(wish.path), asked) };
  }

  async move(move: Move): Promise<void> {
    const { cluster } = this.#ground;
    if (move.to !== undefined && !this.#candidates.some(({ id }) => id === move.to))
      throw new RefusedError('not-found', `there is no node ${move.to}`);
    if (!cluster) return this.#move(move);
    await cluster.tell({ ...move, type: MOVE }).catch(unreachable);
  }

  ingestLines(wish: LinesWish): Promise<readonly Line[]> {
    const protocols = ['rtmp'];
    return this.#lines(fieldOfPublisher(this.#candidates, wish), { ...wish, protocols }, ticketOf(wish));
  }

  async drain(node: string, isDraining: boolean): Promise<DrainReport> {
    const { cluster } = this.#ground;
    const { id } = this.#find(node);
    const isElse = this.#candidates.some((other) => other.id !== id && !other.isDraining && takes(other, 'play'));
    if (isDraining && !(cluster && isElse)) throw new RefusedError('busy', 'there is no other node to go to');
    await cluster?.drain(id, isDraining).catch(unreachable);
    return this.drained(id);
  }

  async drained(node: string): Promise<DrainReport> {
    const { id, front } = this.#find(node);
    const record = (await this.#ground.cluster?.nodes())?.find((each) => each.id === id);
    const { viewers } = record?.load ?? this.#reading;
    return { node: id, since: record?.draining, viewers, publishers: record?.front?.publishers ?? front.publishers };
  }

  get isDraining(): boolean {
    return this.#leaving !== undefined;
  }

  elsewhere(protocol: 'http' | 'rtmp', role: 'play' | 'publish', path: StreamPath): string | undefined {
    if (!this.isDraining) return undefined;
    const wish = { ...NOTHING, path, protocols: [], query: '', host: '' };
    const field = role === 'play' ? fieldOfViewer : fieldOfPublisher;
    const others = this.#candidates.filter(({ id, front }) => id !== this.#nodeId && front[protocol] !== undefined);
    return field(others, wish).ranked(this.#desk.rooms)[0]?.front[protocol];
  }

  front(address: string | undefined): NodeFront {
    const { config, hub, sessions } = this.#ground;
    const { name, region, takes } = config.dispatch;
    const streams = reportStreams({ hub, sessions }).slice(0, MOST_STREAMS);
    const place = placeOf(config.dispatch, this.#addresses, address);
    return {
      name: name || (place.http ? new URL(place.http).host : hostname()),
      ...{ region, takes, publishers: this.#reading.publishers, delay: this.#delay },
      protocols: protocolsOf(this.#addresses, config.hls),
      relayed: relayedOf(config.relay),
      ...place,
      owned: streams.filter(({ isOwner }) => isOwner).map(({ path }) => path),
      fetched: streams.filter(({ isOwner }) => !isOwner).map(({ path }) => path),
    };
  }

  async #lines(field: Field, wish: LinesWish, ticket: string): Promise<Line[]> {
    const first = wish.reserve ? await this.#desk.take(ticket, field) : undefined;
    if (wish.reserve && first === undefined)
      throw new RefusedError('limit', `no node has a place for ${describePath(wish.path)}`);
    const rooms = wish.reserve ? this.#desk.rooms : await this.#desk.look();
    const ranked = field.ranked(rooms).sort((a, b) => Number(b.id === first) - Number(a.id === first));
    // Whoever plays by a line of a node is told of that node as long as it is there.
    const given = this.audience.given(ticket);
    const nodes = ranked.filter(({ id }, i) => i < MOST_NODES || given?.has(id));
    const protocols = wish.protocols.length > 0 ? wish.protocols : Object.keys(nodes[0]?.front.protocols ?? {});
    return protocols.flatMap((protocol) => {
      const lines = nodes.map((node) => lineOf(node, protocol, wish, ticket, rooms));
      return lines.filter((line) => line !== undefined);
    });
  }

  /** Tells how much room there is, and learns who else is there. */
  async #beat(): Promise<void> {
    const { clock, cluster } = this.#ground;
    this.#cancel = clock.after(BEAT, () => void this.#beat());
    this.#delay = Math.round(this.#delays.percentile(99) / NANOSECONDS) || 0;
    this.#delays.reset();
    const load = this.#load.read();
    this.#reading = load;
    const [room, arrived] = [this.#room.read({ ...load, delay: this.#delay }), this.#arrivals.take()];
    this.#see(this.#candidatesOf((await cluster?.nodes()) ?? []));
    // What cannot be told now is told the next time; a ticket of which it is not told runs out.
    await this.#places.offer(this.#nodeId, room, arrived).catch(() => {});
  }

  /** These are the nodes now: those who listen are told of what that changes for them. */
  #see(candidates: readonly Candidate[]): void {
    const left = new Set(candidates.filter(({ isDraining }) => isDraining).map(({ id }) => id));
    const names = (of: readonly Candidate[]) =>
      of
        .filter(({ id }) => !left.has(id))
        .map(({ id }) => id)
        .join();
    const isOther = names(candidates) !== names(this.#candidates) && this.#candidates.length > 0;
    const newlyLeft = [...left].filter((id) => !this.#left.has(id));
    [this.#candidates, this.#left] = [candidates, left];
    for (const node of newlyLeft) this.#move({ node });
    if (isOther && newlyLeft.length === 0)
      this.audience.tell(
        () => true,
        () => ['lines', {}],
      );
    this.#leave(left.has(this.#nodeId));
  }

  /** Begins to empty this node, or ends that. */
  #leave(isDraining: boolean): void {
    if (isDraining === this.isDraining) return;
    const { sessions, clock, log, config } = this.#ground;
    const { pace, grace } = config.dispatch;
    const canGo = (role: 'play' | 'publish') =>
      this.#candidates.some((other) => other.id !== this.#nodeId && !other.isDraining && takes(other, role));
    this.#leaving?.stop();
    this.#leaving = isDraining ? new Leaving({ sessions, clock, log, pace, grace, canGo }) : undefined;
  }

  #find(node: string): Candidate {
    const id = node === ALONE ? this.#nodeId : node;
    const found = this.#candidates.find((candidate) => candidate.id === id);
    if (!found) throw new RefusedError('not-found', `there is no node ${node}`);
    return found;
  }

  #hear(news: unknown): void {
    const { success, data } = moveNews.safeParse(news);
    if (success) this.#move(data);
  }

  /** Has those who listen here go elsewhere. */
  #move({ node, region, path, to, exclude = [] }: Move): void {
    const left = this.#candidates.filter(
      ({ id, front }) => id === node || (region !== undefined && front.region === region),
    );
    const leaves = new Set(left.map(({ id }) => id));
    const isMeant = (listener: Listener) => {
      const isThere = leaves.size === 0 || !listener.nodes || [...leaves].some((id) => listener.nodes!.has(id));
      return isThere && (path === undefined || listener.path === path);
    };
    this.audience.tell(isMeant, (listener) => {
      if (to === undefined) return ['move', { exclude: [...leaves, ...exclude] }];
      const line = this.#lineTo(to, listener);
      return line && ['move', { to: line }];
    });
  }

  /** A line of this one node, by the protocol that is dearest to a listener; a place is taken there. */
  #lineTo(node: string, listener: Listener): Line | undefined {
    const candidates = this.#candidates.filter(({ id }) => id === node);
    const { ticket, protocols } = listener;
    const wish = { ...NOTHING, ...listener };
    void this.#desk.take(ticket, fieldOfViewer(candidates, wish));
    this.audience.give(ticket, [node]);
    const lines = protocols.map((protocol) => lineOf(candidates[0]!, protocol, wish, ticket, this.#desk.rooms));
    return lines.find((line) => line !== undefined);
  }

  get #nodeId(): string {
    return this.#ground.cluster?.nodeId ?? ALONE;
  }

  #candidatesOf(nodes: readonly NodeRecord[]): Candidate[] {
    const others = nodes.filter(({ id }) => id !== this.#nodeId).map((node) => candidateOf(node));
    const own = nodes.find(({ id }) => id === this.#nodeId);
    const isEdge = this.#ground.config.relay.origins.length > 0;
    const { role = isEdge ? 'edge' : 'origin', draining } = own ?? {};
    const front = own?.front ?? this.front(undefined);
    const { url, name } = this.#ground.config.dispatch;
    const here = url === undefined && { rtmpPort: this.#addresses['rtmp']?.port, isNamed: name !== '' };
    const self = candidateOf({ id: this.#nodeId, role, draining, front });
    return [{ ...self!, ...(here && { here }) }, ...others.filter((node) => node !== undefined)];
  }
}

/** Undefined for a node of which nobody is told where it is. */
function candidateOf({
  id,
  role,
  draining,
  front,
}: Pick<NodeRecord, 'id' | 'role' | 'draining' | 'front'>): Candidate | undefined {
  if (!front) return undefined;
  const { owned, fetched } = front;
  return { id, role, isDraining: draining !== undefined, front, owned: new Set(owned), fetched: new Set(fetched) };
}

function unreachable(): never {
  throw new RefusedError('limit', 'the directory cannot be reached');
}
