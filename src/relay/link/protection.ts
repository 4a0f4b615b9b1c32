import { MOST_ROWS } from './erasure.ts';

/** How one who is sent a stream wants it protected: the parity of a packet has left a span after it, or a quarter more. */
export type Protection = SteadyProtection | FittedProtection;

/** The same share of parity whatever happens. */
interface SteadyProtection {
  /** In microseconds. */
  readonly span: number;
  /** Of the media. */
  readonly share: number;
}

/** As much parity as a path takes. */
export interface FittedProtection {
  /** In microseconds. */
  readonly span: number;
  /** The share of packets that is lost on the path, and of media that repairs alone would leave lost. */
  readonly loss: number;
  readonly left: number;
  /** How many consecutive ones are lost together, on average. */
  readonly burst: number;
  /** So many holes a packet may stay: one is a group that parity does not restore, as much of it as may be missing. */
  readonly target: number;
}

/** There is no more parity than media in a group, but for a few rows that small groups need. */
const SPARE_ROWS = 2;

/** How many rows of parity a group of `count` packets gets. */
export function rowsFor(protection: Protection, count: number): number {
  const most = Math.min(MOST_ROWS, count + SPARE_ROWS);
  if ('share' in protection) return Math.min(most, Math.max(1, Math.round(protection.share * count)));
  const { loss, left, burst, target } = protection;
  const losses = new LossCount(left, burst);
  losses.follow(count);
  losses.turn(loss, burst);
  let rows = 0;
  for (; rows < most && losses.beyond(rows) > target * count; rows++) losses.follow(1);
  return rows;
}

/** How many of consecutive packets a path of two states (Gilbert) loses: the chance of each number, for each state after the last one. */
class LossCount {
  readonly #kept: number[];
  readonly #lost: number[];
  /** The chances that a packet is lost after one that is not, and after one that is. */
  #falls = 0;
  #stays = 0;

  constructor(loss: number, burst: number) {
    this.#kept = [1 - loss];
    this.#lost = [loss];
    this.turn(loss, burst);
  }

  /** From here on the path is another. */
  turn(loss: number, burst: number): void {
    // Bursts are no shorter than those that chance alone makes.
    const recovers = Math.min(1 - loss, 1 / burst);
    this.#stays = 1 - recovers;
    this.#falls = (loss * recovers) / (1 - loss);
  }

  follow(packets: number): void {
    const [kept, lost] = [this.#kept, this.#lost];
    for (let followed = 0; followed < packets; followed++) {
      kept.push(0);
      lost.push(0);
      for (let count = kept.length - 2; count >= 0; count--) {
        const next = kept[count]! * this.#falls + lost[count]! * this.#stays;
        kept[count]! += lost[count]! - next;
        lost[count + 1] = next;
      }
      lost[0] = 0;
    }
  }

  /** The chance that more than so many are lost. */
  beyond(number: number): number {
    let sum = 0;
    for (let count = number + 1; count < this.#kept.length; count++) sum += this.#kept[count]! + this.#lost[count]!;
    return sum;
  }
}
