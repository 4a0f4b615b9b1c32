import type { Clock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { PLACE_LIFE, type Places, type RoomNow } from '../net/places.ts';
import type { Field, Rooms } from './rank.ts';

interface Request {
  readonly ticket: string;
  readonly field: Field;
  readonly settle: (node: string | undefined) => void;
  tries: number;
}

/** How many places are asked for at once, and how many may wait. */
const MOST_AT_ONCE = 500;
const MOST_WAITING = 20_000;
/** So often a place may be another's. */
const MOST_TRIES = 4;
/** For so long rooms are known well enough to say that all are full, in microseconds. */
const FRESH = 50_000;
/** For so long they are known well enough to rank lines by them. */
const GOOD_ENOUGH = 1_000_000;

/** Gives places away: all who come while an answer is awaited are asked for together. */
export class Desk {
  readonly #places: Places;
  readonly #clock: Clock;
  #rooms: Map<string, RoomNow> = new Map();
  #knownAt = Number.NEGATIVE_INFINITY;
  /** Who was given a place of late, and where: who asks again keeps it. The oldest come first. */
  readonly #given = new Map<string, { readonly node: string; readonly until: number }>();
  #queue: Request[] = [];
  #running: Promise<void> | undefined;

  constructor(places: Places, clock: Clock) {
    this.#places = places;
    this.#clock = clock;
  }

  /** Rooms as they are known, with what was given away since. */
  get rooms(): Rooms {
    return this.#rooms;
  }

  /** Reserves a place at the best node of a field; resolves to its id, undefined where all are full. Rejects where too many wait. */
  async take(ticket: string, field: Field): Promise<string | undefined> {
    if (this.#queue.length >= MOST_WAITING) throw new RefusedError('limit', 'too many ask for lines');
    return new Promise((settle) => {
      this.#queue.push({ ticket, field, settle, tries: 0 });
      this.#running ??= this.#run();
    });
  }

  /** Somebody is sent to a node without a place being kept for him: rooms are known with him until they are known anew. */
  expect(node: string): void {
    const room = this.#rooms.get(node);
    if (room) this.#rooms.set(node, { ...room, reserved: room.reserved + 1 });
  }

  /** Rooms as they are now, or were a moment ago. */
  async look(): Promise<Rooms> {
    if (!this.#isKnown(GOOD_ENOUGH)) await (this.#running ??= this.#run());
    return this.#rooms;
  }

  async #run(): Promise<void> {
    do {
      const batch = this.#queue.splice(0, MOST_AT_ONCE);
      await this.#reserve(batch);
    } while (this.#queue.length > 0);
    this.#running = undefined;
  }

  async #reserve(batch: readonly Request[]): Promise<void> {
    this.#forget();
    const chosen = batch.map((request) => this.#choose(request));
    const wanted = batch.flatMap(({ ticket }, i) => (chosen[i] === undefined ? [] : [{ ticket, node: chosen[i] }]));
    const wasKnown = this.#isKnown(FRESH);
    const answer = await this.#places.reserve(wanted).catch(() => undefined);
    if (answer) {
      this.#rooms = new Map(answer.rooms);
      this.#knownAt = this.#clock.now();
    }
    // What cannot be asked is taken for granted: one goes on with what is known.
    const granted = answer?.granted.values();
    const again: Request[] = [];
    for (const [i, request] of batch.entries()) {
      const node = chosen[i];
      const isGranted = node !== undefined && (granted?.next().value ?? true);
      if (!isGranted) this.#given.delete(request.ticket);
      const isOver = answer === undefined || (node === undefined && wasKnown) || ++request.tries >= MOST_TRIES;
      if (isGranted) this.#give(request, node);
      else if (isOver) request.settle(undefined);
      else again.push(request);
    }
    this.#queue = [...again, ...this.#queue];
  }

  /** The best node for one of a batch; those behind it see that its place is gone. */
  #choose({ ticket, field }: Request): string | undefined {
    const before = this.#given.get(ticket)?.node;
    if (before !== undefined && field.candidates.some(({ id }) => id === before)) return before;
    const node = field.best(this.#rooms);
    if (node !== undefined) this.expect(node);
    return node;
  }

  #give({ ticket, settle }: Request, node: string): void {
    this.#given.delete(ticket);
    this.#given.set(ticket, { node, until: this.#clock.now() + PLACE_LIFE });
    settle(node);
  }

  #forget(): void {
    for (const [ticket, { until }] of this.#given) {
      if (until > this.#clock.now()) break;
      this.#given.delete(ticket);
    }
  }

  #isKnown(within: number): boolean {
    return this.#clock.now() - this.#knownAt <= within;
  }
}
