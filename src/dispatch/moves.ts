import { z } from 'zod';
import { type Clock, SECOND } from '../base/clock.ts';
import { type Sessions, shortId } from '../hub/session.ts';
import { isViewer, type MoveTally } from '../net/cluster.ts';
import type { Line, MoveWish } from '../net/dispatch.ts';
import type { Audience, Listener, Telling } from './audience.ts';
import type { Desk } from './desk.ts';
import { lineOf } from './line.ts';
import type { Nodes } from './nodes.ts';
import { fieldOfViewer } from './rank.ts';

/** What an operator wishes, under the name by which all nodes know it. */
export interface Move extends MoveWish {
  readonly id: string;
}

/** By which others know that they are told of a {@link Move}. */
const MOVE = 'move';
const LONGEST = 256;
const MOST = 1000;
/** How many may be told a second. */
const MOST_A_SECOND = 100_000;
const word = z.string().max(LONGEST).optional();
const news = z.object({
  type: z.literal(MOVE),
  /** Nodes of older versions give none. */
  id: z.string().max(LONGEST).default(shortId),
  ...{ node: word, region: word, path: word, to: word },
  exclude: z.array(z.string().max(LONGEST)).max(MOST).optional(),
  pace: z.int().min(1).max(MOST_A_SECOND).optional(),
});

/** What one who only listens does not say. */
export const NOTHING = { viewer: '', exclude: [], region: '', probes: {}, reserve: true };

/** A move as all nodes are told of it. */
export function moveNews(move: Move): object {
  return { ...move, type: MOVE };
}

/** The move of which a node is told; undefined for other news. */
export function readMoveNews(told: unknown): Move | undefined {
  return news.safeParse(told).data;
}

/** What {@link Moves} are made with. */
export interface MovesGround {
  readonly audience: Audience;
  readonly nodes: Pick<Nodes, 'all' | 'id'>;
  readonly desk: Desk;
  /** Those of this worker. */
  readonly sessions: Sessions;
  readonly clock: Clock;
}

/** A move that has begun here. */
interface Begun {
  readonly move: Move;
  readonly telling: Telling;
  /** When, by the clock and by the wall clock, in microseconds. */
  readonly at: number;
  readonly since: number;
  /** Whether who is here is to leave this node, and how many those were. */
  readonly isLeft: boolean;
  readonly viewers: number;
}

/** How many moves are remembered, and how long after they have begun, in microseconds. */
const MOST_MOVES = 8;
const REMEMBERED = 300 * SECOND;

/** Tells those who play and listen here to which node they are to go, and when the nodes are others. */
export class Moves {
  readonly #ground: MovesGround;
  /** By id, the oldest first. */
  readonly #begun = new Map<string, Begun>();
  /** The nodes as those who listen were told of them. */
  #left = new Set<string>();
  #open = '';

  constructor(ground: MovesGround) {
    this.#ground = ground;
  }

  /** Has those who listen here go elsewhere, as far as they are meant, if they were not told of this move before. */
  begin(move: Move): void {
    if (this.#begun.has(move.id)) return;
    const { clock, nodes } = this.#ground;
    const [at, since] = [clock.now(), clock.wall()];
    const isLeft = this.#leaves(move).isLeft(nodes.id);
    const viewers = isLeft ? this.#viewers(move, since) : 0;
    this.#begun.set(move.id, { move, telling: this.#tell(move), at, since, isLeft, viewers });
    if (this.#begun.size > MOST_MOVES) this.#begun.delete(this.#begun.keys().next().value!);
  }

  /** How far the latest moves are at this worker. */
  get tallies(): readonly MoveTally[] {
    const now = this.#ground.clock.now();
    for (const [id, { at }] of this.#begun) if (now - at > REMEMBERED) this.#begun.delete(id);
    return Array.from(this.#begun.values(), ({ move, telling, since, isLeft, viewers }) => {
      const stay = isLeft ? this.#viewers(move, since) : 0;
      return { id: move.id, meant: telling.meant, told: telling.told, viewers, stay };
    });
  }

  /** Has them leave the nodes that are newly to be left, and ask anew when others have come or gone. */
  look(): void {
    const { nodes, audience } = this.#ground;
    const left = nodes.all.filter(({ isDraining }) => isDraining).map(({ id }) => id);
    const newlyLeft = left.filter((id) => !this.#left.has(id));
    this.#left = new Set(left);
    for (const node of newlyLeft) this.#tell({ node });
    // They are told one after another: until all were, there is nothing new to tell.
    if (!audience.isIdle) return;
    const open = nodes.all.filter(({ isDraining }) => !isDraining).map(({ id }) => id);
    const before = this.#open;
    this.#open = open.sort().join();
    if (before === '' || before === this.#open) return;
    audience.tell(
      () => true,
      () => ['lines', {}],
    );
  }

  #tell(move: MoveWish): Telling {
    const { path, to, exclude = [], pace } = move;
    const { named } = this.#leaves(move);
    const isMeant = (listener: Listener) => {
      const isThere = !named || !listener.nodes || [...named].some((id) => listener.nodes!.has(id));
      return isThere && (path === undefined || listener.path === path);
    };
    const from = [...(named ?? [])];
    return this.#ground.audience.tell(
      isMeant,
      (listener) => {
        if (to === undefined) return ['move', { exclude: [...from, ...exclude] }];
        const line = this.#lineTo(to, listener);
        // Who is elsewhere by now stays there.
        return line && ['move', { to: line, ...(named && { from }) }];
      },
      pace,
    );
  }

  /** The nodes that are named as those to be left, if any are, and which ones are to be left at all. */
  #leaves({ node, region, to, exclude = [] }: MoveWish): {
    readonly named: ReadonlySet<string> | undefined;
    readonly isLeft: (id: string) => boolean;
  } {
    if (node !== undefined || region !== undefined) {
      const ofRegion = this.#ground.nodes.all.filter(({ front }) => region !== undefined && front.region === region);
      const named = new Set([...(node === undefined ? [] : [node]), ...ofRegion.map(({ id }) => id)]);
      return { named, isLeft: (id) => named.has(id) && id !== to };
    }
    return { named: undefined, isLeft: (id) => (to === undefined ? exclude.includes(id) : id !== to) };
  }

  /** How many watch at this worker whom a move is about, and were there when it began. */
  #viewers({ path }: MoveWish, since: number): number {
    let viewers = 0;
    for (const session of this.#ground.sessions) {
      const isMeant = path === undefined || session.path === path;
      if (isMeant && session.since <= since && isViewer(session)) viewers++;
    }
    return viewers;
  }

  /** A line of this one node, by the protocol that is dearest to a listener; a place is taken there. */
  #lineTo(node: string, listener: Listener): Line | undefined {
    const { nodes, desk, audience } = this.#ground;
    const candidate = nodes.all.find(({ id }) => id === node);
    if (!candidate) return undefined;
    const { ticket, protocols } = listener;
    const wish = { ...NOTHING, ...listener };
    // An operator's word holds, whether or not there is room.
    desk.take(ticket, fieldOfViewer([candidate], wish)).catch(() => {});
    audience.give(ticket, [node]);
    const lines = protocols.map((protocol) => lineOf(candidate, protocol, wish, ticket, desk.rooms));
    return lines.find((line) => line !== undefined);
  }
}
