import { askForLines, DispatchError, listen, type Wish } from './dispatch.ts';
import type { Line, Move } from './line.ts';
import type { Failure } from './policy.ts';
import { isClearlyWorse, Trials } from './trials.ts';

/** What one hears of a {@link Roster}. */
export interface RosterEvents {
  /** The lines are others than before. */
  changed(): void;
  /** An operator wishes this, or the lines as they are now: the one that plays is to be left for another one. */
  move(to: Line): void;
}

/** The lines of a stream as they are known, the best first, and what was found out about them. Moments are `performance.now()`. */
export class Roster {
  readonly #wish: Wish;
  readonly #events: RosterEvents;
  readonly #trials = new Trials();
  #lines: readonly Line[] = [];
  /** The nodes that an operator wants to be left. */
  #excluded: readonly string[] = [];
  #address = '';
  #stop: (() => void) | undefined;
  /** The line that plays, by its id. */
  #present = '';

  constructor(wish: Wish, events: RosterEvents) {
    this.#wish = wish;
    this.#events = events;
  }

  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** Asks for the lines as they are now, to go to one of them unless it is only to `look`. Resolves to the reason for which there are none. */
  async ask(purpose: 'go' | 'look' = 'go'): Promise<Failure | undefined> {
    const exclude = [...new Set([...this.#excluded, ...this.#trials.nodes(this.#lines, performance.now())])];
    try {
      const { lines, events } = await askForLines(this.#wish, exclude, purpose === 'go');
      this.#lines = lines.filter(({ protocol }) => this.#wish.protocols.includes(protocol));
      this.#listen(events);
      this.#events.changed();
      return this.#lines.length > 0 ? undefined : { kind: 'status', status: 404 };
    } catch (error) {
      if (!(error instanceof DispatchError)) throw error;
      return error.failure;
    }
  }

  find(id: string): Line | undefined {
    return this.#lines.find((line) => line.id === id);
  }

  /** The best line that has not failed of late, `but` left out. */
  best(but?: Line): Line | undefined {
    return this.#trials.best(this.#allowed(), performance.now(), but);
  }

  /** The same, or where all have failed that whose failure is longest ago. */
  any(): Line | undefined {
    return this.best() ?? this.#trials.oldest(this.#allowed());
  }

  plays({ id }: Line): void {
    this.#present = id;
  }

  failed(line: Line): void {
    this.#trials.failed(line, performance.now());
  }

  worked(line: Line): void {
    this.#trials.worked(line);
  }

  close(): void {
    this.#stop?.();
  }

  #allowed(): readonly Line[] {
    const allowed = this.#lines.filter(({ node }) => !this.#excluded.includes(node));
    return allowed.length > 0 ? allowed : this.#lines;
  }

  #listen(address: string): void {
    if (address === this.#address) return;
    this.#stop?.();
    this.#address = address;
    const { server } = this.#wish;
    const changed = () => void this.#review('look');
    this.#stop = address === '' ? undefined : listen(address, server, { move: (move) => this.#move(move), changed });
  }

  #move({ to, from, exclude = [] }: Move): void {
    const present = this.find(this.#present);
    if (to && from && present && !from.includes(present.node)) return;
    this.#excluded = exclude;
    if (!to) return void this.#review('go');
    if (!this.find(to.id)) this.#lines = [to, ...this.#lines];
    this.#events.move(to);
  }

  /** Asks again, and leaves the present line where it is there no more, or clearly worse than another. */
  async #review(purpose: 'go' | 'look'): Promise<void> {
    await this.ask(purpose);
    const present = this.#allowed().find(({ id }) => id === this.#present);
    const best = this.best();
    if (best && best.id !== this.#present && (!present || isClearlyWorse(present, best))) this.#events.move(best);
  }
}
