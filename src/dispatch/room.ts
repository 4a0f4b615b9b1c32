import { cpuShare } from '../net/cluster.ts';
import type { Reading } from '../net/load.ts';
import { type Room, UNLIMITED } from '../net/places.ts';

/** What a node is built for; 0 where nobody says. */
export interface Capacity {
  /** In bits per second. */
  readonly bandwidth: number;
  readonly viewers: number;
}

/** How a node is, beside its load. */
export type Usage = Pick<Reading, 'cpu' | 'cores' | 'viewers' | 'bitrate' | 'viewed'> & {
  /** How long its event loop makes others wait, in milliseconds. */
  readonly delay: number;
};

/** What a viewer is taken to need before anybody has watched, in bits per second. */
const USUAL_RATE = 2_500_000;
const [LEAST_RATE, GREATEST_RATE] = [50_000, 100_000_000];
/** The newest reading counts for so much. */
const WEIGHT = 0.3;
/** So long an event loop may be late, and when it is of no more use; in milliseconds. */
const [FINE_DELAY, BAD_DELAY] = [50, 300];
/** What a viewer costs of a core, where few are there to tell, and at least. */
const [USUAL_COST, LEAST_COST] = [1 / 2000, 1 / 20_000];
const ENOUGH_VIEWERS = 20;

/** Tells how much room a node has, from one reading of its load to the next. */
export class RoomGauge {
  readonly #capacity: Capacity;
  #rate = USUAL_RATE;
  /** Of all cores. */
  #cpu = 0;

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
  }

  read({ viewers, bitrate, viewed, delay, ...processor }: Usage): Room {
    const capacity = this.#capacity;
    const cores = Math.max(1, processor.cores);
    this.#cpu += WEIGHT * (cpuShare(processor) - this.#cpu);
    if (viewers > 0 && viewed > 0) this.#rate += WEIGHT * (clamp(viewed / viewers) - this.#rate);
    // Those who have just come have not been sent much yet.
    const bits = bitrate + Math.max(0, viewers * this.#rate - viewed);
    const late = (delay - FINE_DELAY) / (BAD_DELAY - FINE_DELAY);
    const shares = [this.#cpu, late, of(bits, capacity.bandwidth), of(viewers, capacity.viewers)];
    const own = viewers < ENOUGH_VIEWERS ? USUAL_COST / cores : Math.max(LEAST_COST / cores, this.#cpu / viewers);
    const costs = [of(this.#rate, capacity.bandwidth), of(1, capacity.viewers)];
    const isLimited = costs.some((cost) => cost > 0);
    const places = [(capacity.bandwidth - bits) / this.#rate, capacity.viewers - viewers];
    const limits = [capacity.bandwidth, capacity.viewers];
    return {
      share: Math.max(0, ...shares),
      cost: isLimited ? Math.max(...costs) : own,
      places: Math.min(
        UNLIMITED,
        ...places.filter((_, i) => limits[i] !== 0).map((some) => Math.max(0, Math.floor(some))),
      ),
    };
  }
}

function of(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function clamp(rate: number): number {
  return Math.min(GREATEST_RATE, Math.max(LEAST_RATE, rate));
}
