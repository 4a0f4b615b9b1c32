import type { StreamPath } from '../hub/path.ts';
import type { NodeFront } from '../net/cluster.ts';
import type { LinesWish } from '../net/dispatch.ts';
import type { RoomNow } from '../net/places.ts';
import type { Place } from './front.ts';

/** A node to which somebody may be sent. */
export interface Candidate {
  readonly id: string;
  readonly role: 'origin' | 'edge';
  /** Set for this node where it has no address of its own: it is reached as the one who asks did, RTMP at this port. */
  readonly here?: { readonly rtmpPort: number | undefined; readonly isNamed: boolean } | undefined;
  readonly isDraining: boolean;
  readonly name: string;
  readonly front: NodeFront;
  readonly place: Place;
  readonly owned: ReadonlySet<StreamPath>;
  readonly fetched: ReadonlySet<StreamPath>;
}

/** The rooms of nodes, by id. */
export type Rooms = ReadonlyMap<string, RoomNow>;

/** What it counts, in shares of a node's load, to be in another region, to have to fetch the stream, and a second's way. */
const [FAR, FETCH, SECOND_AWAY] = [0.5, 0.05, 2.5];
/** However far it is. */
const FARTHEST = 0.75;
/** A publisher goes where its stream is, and to an origin rather than to an edge that passes it on. */
const [ELSEWHERE, CARRIED] = [1, 0.25];
/** Of a node that has said nothing yet; and of all, as long as nothing is known of any. */
const UNKNOWN: RoomNow = { share: 0, cost: 1 / 2000, places: 0, reserved: 0 };
const HOPED: RoomNow = { ...UNKNOWN, places: 1 };

/** Whether a node has a stream. */
export function hasStream({ owned, fetched }: Candidate, path: StreamPath): boolean {
  return owned.has(path) || fetched.has(path);
}

/** The nodes that are in question for somebody, and how well each suits: the best is the one with the lowest score. */
export class Field {
  readonly candidates: readonly Candidate[];
  /** What is against each of them, whatever its load is. */
  readonly #against: readonly number[];

  constructor(candidates: readonly Candidate[], against: (candidate: Candidate) => number) {
    this.candidates = candidates;
    this.#against = candidates.map(against);
  }

  /** The id of the best one that has a place; undefined where all are full. */
  best(rooms: Rooms): string | undefined {
    let [best, lowest] = ['', Number.POSITIVE_INFINITY];
    for (const [i, { id }] of this.candidates.entries()) {
      const room = rooms.size === 0 ? HOPED : rooms.get(id);
      if (!room || room.reserved >= room.places) continue;
      const score = this.#score(i, room);
      if (score < lowest) [best, lowest] = [id, score];
    }
    return best === '' ? undefined : best;
  }

  /** All of them, best first; those that are full are last. */
  ranked(rooms: Rooms): Candidate[] {
    const scored = this.candidates.map((candidate, i) => {
      const room = rooms.get(candidate.id) ?? UNKNOWN;
      return { candidate, isFull: room.reserved >= room.places, score: this.#score(i, room) };
    });
    scored.sort((a, b) => Number(a.isFull) - Number(b.isFull) || a.score - b.score);
    return scored.map(({ candidate }) => candidate);
  }

  #score(i: number, { share, cost, reserved }: RoomNow): number {
    return this.#against[i]! + share + cost * reserved;
  }
}

/** Those of some nodes to which anybody of this kind is sent; what is published to an edge has to have an origin among them. */
export function openTo(kind: 'play' | 'publish', nodes: readonly Candidate[]): readonly Candidate[] {
  const own = kind === 'play' ? 'viewers' : 'publishers';
  const open = nodes.filter(({ front, isDraining }) => !isDraining && (front.takes === 'all' || front.takes === own));
  if (kind === 'play') return open;
  const hasOrigin = nodes.some(({ role, isDraining }) => role === 'origin' && !isDraining);
  return open.filter(({ role, front: { carries } }) => {
    return role === 'origin' || carries === 'anywhere' || (carries === 'cluster' && hasOrigin);
  });
}

/** The nodes for a viewer. */
export function fieldOfViewer(candidates: readonly Candidate[], wish: LinesWish): Field {
  return new Field(allowed(candidates, wish, 'play'), (candidate) => {
    return (hasStream(candidate, wish.path) ? 0 : FETCH) + distance(candidate, wish);
  });
}

/** The nodes for a publisher. */
export function fieldOfPublisher(candidates: readonly Candidate[], wish: LinesWish): Field {
  const hasOwner = candidates.some(({ owned }) => owned.has(wish.path));
  return new Field(allowed(candidates, wish, 'publish'), (candidate) => {
    const isElsewhere = hasOwner && !candidate.owned.has(wish.path);
    // What an edge passes on goes to the owner by itself.
    const against = candidate.role === 'edge' ? CARRIED : isElsewhere ? ELSEWHERE : 0;
    return against + distance(candidate, wish);
  });
}

/** What is not wanted is given all the same where there is nothing else. */
function allowed(
  candidates: readonly Candidate[],
  { exclude }: LinesWish,
  kind: 'play' | 'publish',
): readonly Candidate[] {
  const open = openTo(kind, candidates);
  const wanted = exclude.length > 0 ? open.filter(({ id }) => !exclude.includes(id)) : open;
  return wanted.length > 0 ? wanted : open;
}

/** What was measured says more than the name of a region. */
function distance({ id, front }: Candidate, { region, probes }: LinesWish): number {
  const probe = probes[id];
  if (probe !== undefined) return Math.min(FARTHEST, (probe / 1000) * SECOND_AWAY);
  return region === '' || front.region === region ? 0 : FAR;
}
