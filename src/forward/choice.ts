import { type Clock, SECOND } from '../base/clock.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Logger } from '../ops/log.ts';
import type { Taker, Takers } from '../net/takers.ts';

/** How long an origin that failed is left alone where there are others, to begin with and at most, in microseconds. */
const [FIRST_REST, LONGEST_REST] = [SECOND / 2, 10 * SECOND];

/** How an origin did of late. */
interface Record {
  rest: number;
  until: number;
  complaint: string;
}

/** Chooses the origin to which a stream goes: the first of the list that did not fail a moment ago, for all publishers. */
export class Choice {
  readonly #takers: Takers;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #records = new Map<string, Record>();

  constructor({ takers, clock, log }: { readonly takers: Takers; readonly clock: Clock; readonly log: Logger }) {
    this.#takers = takers;
    this.#clock = clock;
    this.#log = log;
  }

  /** The best one that is thought to live; where all have failed the one that has rested longest. Undefined where there is none. */
  async next(path: StreamPath): Promise<Taker | undefined> {
    const takers = await this.#takers.find(path);
    const now = this.#clock.now();
    const restsUntil = ({ name }: Taker) => this.#records.get(name)?.until ?? 0;
    return takers.find((taker) => restsUntil(taker) <= now) ?? takers.toSorted((a, b) => restsUntil(a) - restsUntil(b))[0];
  }

  /** It takes a stream. */
  succeeded({ name }: Taker): void {
    this.#records.delete(name);
  }

  /** It does not, or no longer: others are asked before it for a while. */
  failed({ name }: Taker, reason: unknown, wasTaken: boolean): void {
    const { rest, complaint } = this.#records.get(name) ?? { rest: FIRST_REST, complaint: '' };
    const message = reason instanceof Error ? reason.message : String(reason);
    this.#records.set(name, {
      rest: Math.min(2 * rest, LONGEST_REST),
      until: this.#clock.now() + rest,
      complaint: message,
    });
    if (message === complaint && !wasTaken) return;
    const what = wasTaken ? 'an origin takes a stream no longer; it is held for the next one' : 'an origin does not take a stream';
    this.#log.warn({ origin: name, reason: message }, what);
  }
}
