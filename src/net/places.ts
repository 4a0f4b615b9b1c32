import type { Clock } from '../base/clock.ts';

/** How full a node is, by its own word. */
export interface Room {
  /** How much of what it can do is in use: 1 is all of it. */
  readonly share: number;
  /** What one more viewer adds to that. */
  readonly cost: number;
  /** How many more viewers it takes. */
  readonly places: number;
}

/** The same with the places that are reserved and not yet taken. */
export interface RoomNow extends Room {
  readonly reserved: number;
}

/** One place at a node for one who is about to come. */
export interface Reservation {
  /** Who comes, in a word without spaces: one who reserves again is counted once, wherever that was. */
  readonly ticket: string;
  /** The node's id. */
  readonly node: string;
}

/** What becomes of reservations: which of them are granted, and the rooms of the nodes that live, as they are then. */
export interface Reserved {
  readonly granted: readonly boolean[];
  readonly rooms: ReadonlyMap<string, RoomNow>;
}

/**
 * The places of viewers at all nodes. Each step is atomic, so that two who give places away at the same time cannot give the
 * same one; a promise rejects when nobody knows whether it was taken.
 */
export interface Places {
  /** A node tells its room, and which tickets have come: those are counted in it, and reserved no more. */
  offer(node: string, room: Room, arrived: readonly string[]): Promise<void>;
  /** Reserves places for {@link PLACE_LIFE}, as far as there are any. */
  reserve(wanted: readonly Reservation[]): Promise<Reserved>;
}

/** Instead of a number of places where there is no limit. */
export const UNLIMITED = 1e9;
/** How long a place is kept for one who does not come, in microseconds. */
export const PLACE_LIFE = 10_000_000;

interface Node {
  readonly room: Room;
  /** Until when, by ticket, by the wall clock. */
  readonly reserved: Map<string, number>;
}

/** The places of nodes that share a process, or of one that is alone. */
export class MemoryPlaces implements Places {
  readonly #clock: Clock;
  readonly #isAlive: (node: string) => boolean;
  readonly #nodes = new Map<string, Node>();
  /** At which node, by ticket. */
  readonly #tickets = new Map<string, string>();

  constructor(clock: Clock, isAlive: (node: string) => boolean = () => true) {
    this.#clock = clock;
    this.#isAlive = isAlive;
  }

  async offer(node: string, room: Room, arrived: readonly string[]): Promise<void> {
    const reserved = this.#nodes.get(node)?.reserved ?? new Map<string, number>();
    this.#nodes.set(node, { room, reserved });
    for (const ticket of arrived) if (reserved.has(ticket)) this.#drop(ticket);
  }

  async reserve(wanted: readonly Reservation[]): Promise<Reserved> {
    this.#expire();
    const granted = wanted.map((reservation) => this.#take(reservation));
    const alive = [...this.#nodes].filter(([id]) => this.#isAlive(id));
    const rooms = new Map(alive.map(([id, { room, reserved }]) => [id, { ...room, reserved: reserved.size }]));
    return { granted, rooms };
  }

  #take({ ticket, node }: Reservation): boolean {
    const there = this.#nodes.get(node);
    if (!there) return false;
    const before = this.#tickets.get(ticket);
    if (before !== node && there.reserved.size >= there.room.places) return false;
    if (before !== undefined) this.#drop(ticket);
    this.#tickets.set(ticket, node);
    there.reserved.set(ticket, this.#clock.wall() + PLACE_LIFE);
    return true;
  }

  /** All are kept for the same time: the oldest come first. */
  #expire(): void {
    const now = this.#clock.wall();
    for (const { reserved } of this.#nodes.values()) {
      for (const [ticket, until] of reserved) {
        if (until > now) break;
        this.#drop(ticket);
      }
    }
  }

  #drop(ticket: string): void {
    this.#nodes.get(this.#tickets.get(ticket)!)?.reserved.delete(ticket);
    this.#tickets.delete(ticket);
  }
}
