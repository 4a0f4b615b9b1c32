import { type Clock, SECOND } from '../base/clock.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Taker, Takers } from '../net/takers.ts';
import type { Logger } from '../ops/log.ts';

/** How long an origin that failed is left alone where there are others, to begin with and at most, in microseconds. */
const [FIRST_REST, LONGEST_REST] = [SECOND / 2, 10 * SECOND];

/** How an origin that failed did of late. */
interface Failure {
  readonly rest: number;
  readonly until: number;
  readonly complaint: string;
}

/** Chooses to which origin a stream goes: the first of the list that did not fail a moment ago, whoever's stream that was. */
export class Choice {
  readonly #takers: Pick<Takers, 'find'>;
  readonly #clock: Clock;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #failures = new Map<string, Failure>();

  constructor({ takers, clock, log }: { takers: Pick<Takers, 'find'>; clock: Clock; log: Pick<Logger, 'warn'> }) {
    this.#takers = takers;
    this.#clock = clock;
    this.#log = log;
  }

  /** The best one that is thought to live; where all have failed the one whose rest is over first. Undefined where there is none. */
  async next(path: StreamPath): Promise<Taker | undefined> {
    const takers = await this.#takers.find(path);
    const now = this.#clock.now();
    const until = ({ name }: Taker) => this.#failures.get(name)?.until ?? 0;
    return takers.find((taker) => until(taker) <= now) ?? takers.toSorted((a, b) => until(a) - until(b))[0];
  }

  /** It takes a stream. */
  succeeded({ name }: Taker): void {
    this.#failures.delete(name);
  }

  /** It does not, or no longer: others are asked before it for a while. */
  failed({ name }: Taker, cause: unknown): void {
    const { rest, complaint } = this.#failures.get(name) ?? { rest: FIRST_REST, complaint: undefined };
    const reason = cause instanceof Error ? cause.message : String(cause);
    const until = this.#clock.now() + rest;
    this.#failures.set(name, { rest: Math.min(2 * rest, LONGEST_REST), until, complaint: reason });
    if (reason !== complaint)
      this.#log.warn({ origin: name, reason }, 'an origin does not take what is published here');
  }
}
