import type { Clock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { LinesWish } from '../net/dispatch.ts';
import { turnsOf } from './pace.ts';

/** What somebody who listens asked for. */
export type Asked = Pick<LinesWish, 'path' | 'protocols' | 'region' | 'query' | 'host'> & { readonly ticket: string };

/** One who plays, and listens to what he is to do. */
export interface Listener extends Asked {
  /** The nodes of which he was given lines; he may be at any of them. Undefined where that is not known any more. */
  readonly nodes: ReadonlySet<string> | undefined;
}

/** What a listener is told: the name of an event, and its data. */
export type Tell = (event: string, data: object) => void;

/** What somebody is told when it is his turn; undefined where there is nothing to tell him any more. */
type Say = (listener: Listener) => readonly [event: string, data: object] | undefined;

/** How many were meant to be told something, and how many were told so far. */
export interface Telling {
  readonly meant: number;
  readonly told: number;
}

/** Those who are yet to be told something. */
interface Round {
  readonly waiting: Listener[];
  readonly say: Say;
  readonly telling: { readonly meant: number; told: number };
  readonly turns: ReturnType<typeof turnsOf>;
  cancel: () => void;
}

/** How many listen at most, and of how many it is known which lines they were given. */
const MOST_LISTENERS = 50_000;
const MOST_REMEMBERED = 50_000;
/** So many things are told at once; with one more the oldest is told no further. */
const MOST_ROUNDS = 16;

/** All who play and listen here; they are told things a few at a time, so that nodes are not overrun by those who move. */
export class Audience {
  readonly #clock: Clock;
  /** How many are told a second, where nobody says otherwise. */
  readonly #pace: number;
  readonly #listeners = new Map<Listener, Tell>();
  /** The nodes of the lines that were given, by ticket; the oldest first. */
  readonly #given = new Map<string, Set<string>>();
  readonly #rounds = new Set<Round>();

  /** `pace` is how many are told a second. */
  constructor(clock: Clock, pace: number) {
    this.#clock = clock;
    this.#pace = pace;
  }

  /** Whether nobody is about to be told anything. */
  get isIdle(): boolean {
    return this.#rounds.size === 0;
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

  /** Tells all who are meant, `pace` a second; what each is told is asked when it is his turn. What is returned follows that. */
  tell(isMeant: (listener: Listener) => boolean, say: Say, pace = this.#pace): Telling {
    const waiting = [...this.#listeners.keys()].filter(isMeant);
    const telling = { meant: waiting.length, told: 0 };
    if (waiting.length === 0) return telling;
    const [oldest] = this.#rounds;
    if (oldest && this.#rounds.size >= MOST_ROUNDS) this.#end(oldest);
    const round: Round = { waiting, say, telling, turns: turnsOf(pace), cancel: () => {} };
    this.#rounds.add(round);
    round.cancel = this.#clock.after(0, () => this.#turn(round));
    return telling;
  }

  close(): void {
    for (const round of this.#rounds) this.#end(round);
  }

  #turn(round: Round): void {
    const { waiting, say, telling, turns } = round;
    for (const listener of waiting.splice(0, turns.count)) {
      const told = this.#listeners.has(listener) ? say(listener) : undefined;
      if (!told) continue;
      this.#listeners.get(listener)!(...told);
      telling.told++;
    }
    if (waiting.length > 0) round.cancel = this.#clock.after(turns.every, () => this.#turn(round));
    else this.#end(round);
  }

  #end(round: Round): void {
    round.cancel();
    this.#rounds.delete(round);
  }
}
