import type { Line } from './line.ts';
import { type Failure, isRefusal, retryDelay } from './policy.ts';
import type { Roster } from './roster.ts';

/** What becomes of an {@link Entry}. */
export interface EntryEvents {
  /** This line is to be opened. */
  open(line: Line): void;
  /** There are none; it is tried again by itself. */
  none(failure: Failure | undefined): void;
  /** There will be none for this viewer. */
  refused(): void;
}

/** The way in: asks for lines and chooses one, again and again until there is one, more rarely each time. */
export class Entry {
  readonly #roster: Roster;
  readonly #events: EntryEvents;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;

  constructor(roster: Roster, events: EntryEvents) {
    this.#roster = roster;
    this.#events = events;
    addEventListener('online', this.#now);
    this.#in(0);
  }

  /** Tries again in a while. */
  again(): void {
    this.#in(retryDelay(this.#attempt++, Math.random()));
  }

  /** It plays: the next time it is tried again soon. */
  succeeded(): void {
    this.#attempt = 0;
  }

  /** A line is being opened. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    this.cancel();
    removeEventListener('online', this.#now);
  }

  readonly #now = (): void => {
    if (this.#timer !== undefined) this.#in(0);
  };

  #in(delay: number): void {
    clearTimeout(this.#timer);
    const timer = setTimeout(async () => {
      const failure = await this.#roster.ask();
      if (timer === this.#timer) this.#choose(failure);
    }, delay);
    this.#timer = timer;
  }

  #choose(failure: Failure | undefined): void {
    const line = this.#roster.any();
    if (failure && isRefusal(failure)) return this.#events.refused();
    if (line) return this.#events.open(line);
    this.#events.none(failure);
    this.again();
  }
}
