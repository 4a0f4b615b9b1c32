import { RefusedError } from '../base/errors.ts';
import { describePath, type StreamPath } from '../hub/path.ts';
import { shortId } from '../hub/session.ts';
import { isEmptied, sumOfMoves } from '../net/cluster.ts';
import type { Dispatch, DrainReport, Line, Lines, LinesWish, MoveReport, MoveWish } from '../net/dispatch.ts';
import { MemoryPlaces } from '../net/places.ts';
import type { Logger } from '../ops/log.ts';
import { Audience } from './audience.ts';
import { Desk } from './desk.ts';
import { eventsUrl } from './events.ts';
import type { Addresses } from './front.ts';
import { Leaving } from './leaving.ts';
import { lineOf, ticketOf } from './line.ts';
import { Moves, moveNews, NOTHING, readMoveNews } from './moves.ts';
import { Nodes, type NodesGround } from './nodes.ts';
import { type Field, fieldOfPublisher, fieldOfViewer } from './rank.ts';

/** What a {@link Dispatcher} is made with. */
export interface DispatchGround extends NodesGround {
  readonly log: Logger;
}

/** Of so many nodes lines are given at once. */
const MOST_NODES = 4;

/** Gives out lines, for this node or for all of a cluster; of several workers the first does, which the others hand on to. */
export class Dispatcher implements Dispatch {
  /** Those who play and listen here. */
  readonly audience: Audience;
  readonly #ground: DispatchGround;
  readonly #desk: Desk;
  readonly #nodes: Nodes;
  readonly #moves: Moves;
  #leaving: Leaving | undefined;

  constructor(ground: DispatchGround) {
    const { cluster, clock, config, sessions } = ground;
    const places = cluster?.places ?? new MemoryPlaces(clock);
    this.#ground = ground;
    this.audience = new Audience(clock, config.dispatch.pace);
    this.#desk = new Desk(places, clock);
    const [seen, moves] = [() => this.#look(), () => this.#moves.tallies];
    this.#nodes = new Nodes(ground, places, seen, moves);
    this.#moves = new Moves({ audience: this.audience, nodes: this.#nodes, desk: this.#desk, sessions, clock });
    cluster?.onTold((news) => {
      const move = readMoveNews(news);
      if (move) this.#moves.begin(move);
    });
  }

  /** All modules listen, at these addresses: from now on others may be sent here. */
  begin(addresses: Addresses): void {
    this.#nodes.begin(addresses);
  }

  end(): void {
    this.#nodes.end();
    this.audience.close();
    this.#leave(false);
  }

  async lines(wish: LinesWish): Promise<Lines> {
    const ticket = ticketOf(wish);
    const lines = await this.#lines(fieldOfViewer(this.#nodes.all, wish), wish, ticket);
    if (wish.viewer === '') return { lines, events: '' };
    this.audience.give(ticket, [...new Set(lines.map(({ node }) => node))]);
    return { lines, events: eventsUrl(describePath(wish.path), { ...wish, ticket }) };
  }

  ingestLines(wish: LinesWish): Promise<readonly Line[]> {
    const field = fieldOfPublisher(this.#nodes.all, wish);
    return this.#lines(field, { ...wish, protocols: ['rtmp'] }, ticketOf(wish));
  }

  async move(wish: MoveWish): Promise<string> {
    const [from, to] = [wish.node, wish.to].map((name) => (name === undefined ? undefined : this.#nodes.find(name)));
    if (to && (to.isDraining || to === from)) throw new RefusedError('busy', `node ${to.id} is to be left itself`);
    const move = { ...wish, ...(from && { node: from.id }), ...(to && { to: to.id }), id: shortId() };
    await this.#ground.cluster?.tell(moveNews(move)).catch(unreachable);
    // This node may hear of it only later.
    this.#moves.begin(move);
    return move.id;
  }

  moved(id: string): MoveReport {
    const others = this.#nodes.all.filter((node) => node.id !== this.#nodes.id);
    const own = this.#nodes.all.find((node) => node.id === this.#nodes.id)?.front.moves ?? [];
    // What the other workers of this node tell is a second old.
    const told = own.some((tally) => tally.id === id) ? own : this.#moves.tallies;
    const tallies = [...told, ...others.flatMap(({ front }) => front.moves ?? [])];
    const report = sumOfMoves(tallies).find((tally) => tally.id === id);
    if (!report) throw new RefusedError('not-found', `no move ${id} is known any more`);
    const { meant, told: soFar, viewers, stay } = report;
    const silent = others.filter(({ front }) => front.moves === undefined).length;
    return { meant, told: soFar, viewers, stay, silent };
  }

  async drain(node: string, isDraining: boolean): Promise<DrainReport> {
    const { cluster } = this.#ground;
    const { id } = this.#nodes.find(node);
    const isPossible = cluster !== undefined && this.#nodes.hasOther(id, 'play');
    if (isDraining && !isPossible) throw new RefusedError('busy', 'there is no other node to go to');
    await cluster?.drain(id, isDraining).catch(unreachable);
    return this.drained(id);
  }

  async drained(node: string): Promise<DrainReport> {
    const { id, front } = this.#nodes.find(node);
    const record = (await this.#ground.cluster?.nodes())?.find((each) => each.id === id);
    const { viewers } = record?.load ?? this.#nodes.reading;
    const { publishers } = record?.front ?? front;
    const since = record?.draining;
    return { node: id, since, viewers, publishers, isEmpty: isEmptied(record ?? { front }) };
  }

  get isDraining(): boolean {
    return this.#leaving !== undefined;
  }

  elsewhere(protocol: 'http' | 'rtmp', role: 'play' | 'publish', path: StreamPath): string | undefined {
    if (!this.isDraining) return undefined;
    const wish = { ...NOTHING, path, protocols: [], query: '', host: '' };
    const others = this.#nodes.all.filter(({ id }) => id !== this.#nodes.id);
    const field = (role === 'play' ? fieldOfViewer : fieldOfPublisher)(others, wish);
    const best = field.ranked(this.#desk.rooms).find(({ place }) => place[protocol] !== undefined);
    if (best) this.#desk.expect(best.id);
    return best?.place[protocol];
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

  #look(): void {
    this.#moves.look();
    this.#leave(this.#nodes.isLeft);
    // Those who are sent on go where there is room now.
    if (this.isDraining) void this.#desk.look();
  }

  /** Begins to empty this node, or ends that. */
  #leave(isDraining: boolean): void {
    if (isDraining === this.isDraining) return;
    const { sessions, clock, log, config, siblings } = this.#ground;
    const { pace, grace } = config.dispatch;
    const all = { workers: siblings.count, away: () => this.#nodes.away };
    const said = siblings.worker === 1 ? log : undefined;
    const canGo = (role: 'play' | 'publish') => this.#nodes.hasOther(this.#nodes.id, role);
    this.#leaving?.stop();
    this.#leaving = isDraining ? new Leaving({ sessions, clock, log: said, ...all, pace, grace, canGo }) : undefined;
  }
}

function unreachable(): never {
  throw new RefusedError('limit', 'the directory cannot be reached');
}
