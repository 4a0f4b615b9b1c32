import { z } from 'zod';
import type { Line, Move } from '../net/dispatch.ts';
import type { Audience, Listener } from './audience.ts';
import type { Desk } from './desk.ts';
import { lineOf } from './line.ts';
import type { Nodes } from './nodes.ts';
import { fieldOfViewer } from './rank.ts';

/** By which others know that they are told of a {@link Move}. */
const MOVE = 'move';
const LONGEST = 256;
const MOST = 1000;
const word = z.string().max(LONGEST).optional();
const news = z.object({
  type: z.literal(MOVE),
  ...{ node: word, region: word, path: word, to: word },
  exclude: z.array(z.string().max(LONGEST)).max(MOST).optional(),
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

/** Tells those who play and listen here to which node they are to go, and when the nodes are others. */
export class Moves {
  readonly #audience: Audience;
  readonly #nodes: Nodes;
  readonly #desk: Desk;
  /** The nodes as those who listen were told of them. */
  #left = new Set<string>();
  #open = '';

  constructor(audience: Audience, nodes: Nodes, desk: Desk) {
    this.#audience = audience;
    this.#nodes = nodes;
    this.#desk = desk;
  }

  /** Has those who listen here go elsewhere, as far as they are meant. */
  move({ node, region, path, to, exclude = [] }: Move): void {
    const ofRegion = this.#nodes.all.filter(({ front }) => region !== undefined && front.region === region);
    const leaves = new Set([...(node === undefined ? [] : [node]), ...ofRegion.map(({ id }) => id)]);
    const isAnywhere = node === undefined && region === undefined;
    const isMeant = (listener: Listener) => {
      const isThere = isAnywhere || !listener.nodes || [...leaves].some((id) => listener.nodes!.has(id));
      return isThere && (path === undefined || listener.path === path);
    };
    this.#audience.tell(isMeant, (listener) => {
      if (to === undefined) return ['move', { exclude: [...leaves, ...exclude] }];
      const line = this.#lineTo(to, listener);
      return line && ['move', { to: line }];
    });
  }

  /** Has them leave the nodes that are newly to be left, and ask anew when others have come or gone. */
  look(): void {
    const left = this.#nodes.all.filter(({ isDraining }) => isDraining).map(({ id }) => id);
    const newlyLeft = left.filter((id) => !this.#left.has(id));
    this.#left = new Set(left);
    for (const node of newlyLeft) this.move({ node });
    // They are told one after another: until all were, there is nothing new to tell.
    if (!this.#audience.isIdle) return;
    const open = this.#nodes.all.filter(({ isDraining }) => !isDraining).map(({ id }) => id);
    const before = this.#open;
    this.#open = open.sort().join();
    if (before === '' || before === this.#open) return;
    this.#audience.tell(
      () => true,
      () => ['lines', {}],
    );
  }

  /** A line of this one node, by the protocol that is dearest to a listener; a place is taken there. */
  #lineTo(node: string, listener: Listener): Line | undefined {
    const candidate = this.#nodes.all.find(({ id }) => id === node);
    if (!candidate) return undefined;
    const { ticket, protocols } = listener;
    const wish = { ...NOTHING, ...listener };
    // An operator's word holds, whether or not there is room.
    this.#desk.take(ticket, fieldOfViewer([candidate], wish)).catch(() => {});
    this.#audience.give(ticket, [node]);
    const lines = protocols.map((protocol) => lineOf(candidate, protocol, wish, ticket, this.#desk.rooms));
    return lines.find((line) => line !== undefined);
  }
}
