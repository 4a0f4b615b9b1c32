import { type Clock, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { LinesWish } from '../net/dispatch.ts';

/** What somebody who listens asked for. */
export type Asked = Pick<LinesWish, 'path' | 'protocols' | 'region' | 'query' | 'host'> & { readonly ticket: string };

/** One who plays, and listens to what he is to do. */
export interface Listener extends Asked {
  /** The nodes of which he was given lines; he may be at any of them. Undefined where that is not known any more. */
  readonly nodes: ReadonlySet<string> | undefined;
}

/** What a listener is told: the name of an event, and its data. */
export type Tell = (event: string, data: object) => void;

/** How many listen at most, and of how many it is known which lines they were given. */
const MOST_LISTENERS = 50_000;
const MOST_REMEMBERED = 50_000;
/** How often some are told. */
const TURN = SECOND / 20;

/** All who play and listen here; they are told things a few at a time, so that nodes are not overrun by those who move. */
export class Audience {
  readonly #clock: Clock;
  /** How many are told in a turn. */
  readonly #pace: number;
  readonly #listeners = new Map<Listener, Tell>();
  /** The nodes of the lines that were given, by ticket; the oldest first. */
  readonly #given = new Map<string, Set<string>>();
  #queue: [Listener, () => readonly [event: string, data: object] | undefined][] = [];
  #cancel: (() => void) | undefined;

  /** `pace` is how many are told a second. */
  constructor(clock: Clock, pace: number) {
    this.#clock = clock;
    this.#pace = Math.max(1, Math.round((pace * TURN) / SECOND));
  }

  /** Whether nobody is about to be told anything. */
  get isIdle(): boolean {
    return this.#queue.length === 0;
  }

  /** The nodes of the lines that were given for a ticket. */
  given(ticket: string): ReadonlySet<string> | undefined {
    return this.#given.get(ticket);
  }

  /** Lines of these nodes are given for a ticket. */
  give(ticket: string, nodes: readonly string[]): void {
    const all = this.#given.get(ticket) ?? new Set();
    for (const node of nodes) all.add(node);
    this.#given.delete(ticket);
    this.#given.set(ticket, all);
    if (this.#given.size > MOST_REMEMBERED) this.#given.delete(this.#given.keys().next().value!);
  }

  /** Adds one; the function returned takes him away again. Throws {@link RefusedError} where there are too many. */
  join(asked: Asked, tell: Tell): () => void {
    if (this.#listeners.size >= MOST_LISTENERS) throw new RefusedError('limit', 'too many listen');
    const given = () => this.#given.get(asked.ticket);
    const listener: Listener = {
      ...asked,
      get nodes() {
        return given();
      },
    };
    this.#listeners.set(listener, tell);
    return () => this.#listeners.delete(listener);
  }

  /** Tells all who are meant, one after another; what each is told is asked when it is his turn. Returns how many those are. */
  tell(
    isMeant: (listener: Listener) => boolean,
    what: (listener: Listener) => readonly [event: string, data: object] | undefined,
  ): number {
    const meant = [...this.#listeners.keys()].filter(isMeant);
    for (const listener of meant) this.#queue.push([listener, () => what(listener)]);
    if (meant.length > 0) this.#cancel ??= this.#clock.after(0, () => this.#turn());
    return meant.length;
  }

  close(): void {
    this.#cancel?.();
    this.#queue = [];
  }

  #turn(): void {
    const some = this.#queue.splice(0, this.#pace);
    for (const [listener, what] of some) {
      const told = this.#listeners.has(listener) ? what() : undefined;
      if (told) this.#listeners.get(listener)!(...told);
    }
    this.#cancel = this.#queue.length > 0 ? this.#clock.after(TURN, () => this.#turn()) : undefined;
  }
}
