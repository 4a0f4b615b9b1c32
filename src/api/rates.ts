import { type Clock, SECOND } from '../base/clock.ts';

/** What is counted: bytes that only ever grow. */
export interface Counters {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Counters, and the wall clock at which they were 0, in microseconds. */
export type Counted = readonly [since: number, counters: Counters];

/** Kilobits per second, in SRS's words. */
export interface Kbps {
  readonly recv_30s: number;
  readonly send_30s: number;
}

interface Mark extends Counters {
  readonly time: number;
}

/** Marks are set so often, and so many are kept: a rate is that of the last 20 to 30 seconds. */
const INTERVAL = 10 * SECOND;
const MARKS = 3;
const SHORTEST = 1 * SECOND;

/** Bit rates of whatever counts bytes. It keeps nothing alive. */
export class Rates {
  readonly #clock: Clock;
  readonly #all: () => Iterable<Counted>;
  readonly #marks = new WeakMap<Counters, Mark[]>();
  #cancel: () => void;

  /** `all` lists what rates may be asked of. */
  constructor(clock: Clock, all: () => Iterable<Counted>) {
    this.#clock = clock;
    this.#all = all;
    this.#cancel = this.#schedule();
  }

  /** The rates of one that was listed, or has come since. */
  of([since, counters]: Counted): Kbps {
    const from = this.#marks.get(counters)?.[0] ?? origin(since);
    const seconds = Math.max(this.#clock.wall() - from.time, SHORTEST) / SECOND;
    const kilobits = (bytes: number) => Math.round((bytes * 8) / 1000 / seconds);
    return {
      recv_30s: kilobits(counters.bytesIn - from.bytesIn),
      send_30s: kilobits(counters.bytesOut - from.bytesOut),
    };
  }

  stop(): void {
    this.#cancel();
  }

  #schedule(): () => void {
    return this.#clock.after(INTERVAL, () => {
      for (const counted of this.#all()) this.#mark(counted);
      this.#cancel = this.#schedule();
    });
  }

  #mark([since, counters]: Counted): void {
    const { bytesIn, bytesOut } = counters;
    const marks = this.#marks.get(counters) ?? [origin(since)];
    marks.push({ time: this.#clock.wall(), bytesIn, bytesOut });
    if (marks.length > MARKS) marks.shift();
    this.#marks.set(counters, marks);
  }
}

function origin(time: number): Mark {
  return { time, bytesIn: 0, bytesOut: 0 };
}
