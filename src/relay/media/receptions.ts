import { type Clock, MILLISECOND, SECOND } from '../../base/clock.ts';
import { type Crossing, type LinkStream, NOTHING_CROSSED, sumOfCrossings } from '../../net/links.ts';
import type { Logger } from '../../ops/log.ts';
import { USUAL_POLICY } from '../link/copies.ts';
import type { EdgeEnd } from '../link/edge-end.ts';
import { type FecChoice, type LossPolicy, strongest } from '../link/fec.ts';
import { Reception, type ReceptionOptions } from './reception.ts';

const LOG_EVERY = 60 * SECOND;

/** What is wanted of a stream. */
export type Wanted = Omit<ReceptionOptions, 'latency' | 'fec' | 'listen'>;

/** What {@link Receptions} need. */
export interface ReceptionsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** The origin's name, for people. */
  readonly name: string;
  /** In microseconds; undefined for what the path needs. */
  readonly latency: number | undefined;
  readonly fec: FecChoice;
}

/** All streams that come from one origin by UDP. */
export class Receptions {
  readonly #end: EdgeEnd;
  readonly #options: ReceptionsOptions;
  readonly #present = new Set<Reception>();
  /** What those came to that are over. */
  #ended = NOTHING_CROSSED;
  #logAt: number;

  constructor(end: EdgeEnd, options: ReceptionsOptions) {
    this.#end = end;
    this.#options = options;
    this.#logAt = options.clock.now() + LOG_EVERY;
  }

  /** How the origin should make losses good: of several streams the one that needs most decides. */
  get policy(): LossPolicy {
    const present = [...this.#present];
    const repairs = present.map(({ policy }) => policy).reduce((a, b) => (b.spare > a.spare ? b : a), USUAL_POLICY);
    const fec = strongest(present.map(({ protection }) => protection));
    return { ...repairs, ...(fec && { fec }) };
  }

  begin(wanted: Omit<ReceptionOptions, 'latency' | 'fec'>): Reception {
    const { latency, fec, clock } = this.#options;
    const reception = new Reception(this.#end, () => clock.now(), { ...wanted, latency, fec });
    this.#present.add(reception);
    return reception;
  }

  /** Ends what {@link begin} began. Idempotent. */
  leave(reception: Reception): void {
    if (!this.#present.delete(reception)) return;
    this.#tell(reception);
    this.#ended = sumOfCrossings([this.#ended, reception.report()]);
    reception.close();
  }

  /** Learns from what has come; false when packets are blocked. To be called a few times a second. */
  look(now: number): boolean {
    let isOpen = true;
    for (const reception of this.#present) isOpen = reception.look(now) && isOpen;
    if (now >= this.#logAt) {
      this.#logAt = now + LOG_EVERY;
      for (const reception of this.#present) this.#tell(reception);
    }
    return isOpen;
  }

  /** There will be no more of any of them. */
  lose(reason: Error): void {
    for (const reception of this.#present) reception.onLost(reason);
  }

  /** How they are doing, and what all that ever were came to. */
  report(): Crossing & { readonly streams: readonly LinkStream[] } {
    const streams = Array.from(this.#present, (reception) => reception.report());
    return { ...sumOfCrossings([this.#ended, ...streams]), streams };
  }

  #tell(reception: Reception): void {
    const { path, latency, outcome: _, summary, delay, ...crossing } = reception.report();
    const [wanted, p50, p99] = [latency, delay.p50, delay.p99].map((time) => Math.round(time / MILLISECOND));
    const fields = { origin: this.#options.name, path, latency: wanted, p50, p99, ...crossing };
    this.#options.log.info(fields, summary);
  }
}
