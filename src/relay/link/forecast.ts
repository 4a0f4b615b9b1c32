import { MILLISECOND } from '../../base/clock.ts';
import { copiesFor, type RepairPolicy, USUAL_POLICY } from './copies.ts';

/** How a path treats packets. Times are microseconds. */
export interface PathConditions {
  /** The share of packets that is lost, each way. */
  readonly loss: number;
  /** How many consecutive ones are lost together, on average. */
  readonly burst: number;
  readonly rtt: number;
  readonly jitter: number;
}

/** What a latency achieves on a path. */
export interface Forecast {
  /** The share of packets that is missing when its time comes. */
  readonly residual: number;
  /** What repairs cost as a part of the media, requests and reports not counted. */
  readonly repairs: number;
}

/** From a packet's way in to the moment at which its loss is noticed and asked for, besides the way: pacing, a gap, tolerance. */
const NOTICED = 15 * MILLISECOND;
/** The records that leave spread over time lose this part of the latency, on average. */
const SPREAD = 1 / 20;
const LEAST_STEP = 7 * MILLISECOND;
const MARGIN = 4 * MILLISECOND;
/** Requests are repeated so often in a round trip. */
const REPEATS = 8;
/** So many packets pass between two copies of an answer, and between two requests when none gets through. */
const PACKETS_BETWEEN_COPIES = 9;
const PACKETS_BETWEEN_REQUESTS = 2;
/** The share of packets that belong to key frames. */
const KEY_SHARE = 1 / 6;
/** So many copies are told apart. */
const MOST_SENT = 16;

/** Follows a lost packet through its tries, eighth by eighth of a round trip. An estimate: right to about a factor of ten. */
export function forecast(path: PathConditions, latency: number, policy: RepairPolicy = USUAL_POLICY): Forecast {
  const { loss, rtt } = path;
  const step = Math.max(rtt / REPEATS, LEAST_STEP);
  const room = latency * (1 - SPREAD) - (rtt / 2 + NOTICED + path.jitter) - rtt - path.jitter;
  if (room < 0 || loss <= 0) return { residual: Math.max(0, loss), repairs: 0 };
  const [key, other] = [true, false].map((isKey) =>
    new Tries(path, Math.floor(room / step), step, policy, isKey).begin(),
  );
  const mean = (of: (each: Forecast) => number) => KEY_SHARE * of(key!) + (1 - KEY_SHARE) * of(other!);
  return { residual: mean(({ residual }) => residual), repairs: mean(({ repairs }) => repairs) };
}

class Tries {
  readonly #path: PathConditions;
  /** The last step in which a request is of use, and how many an answer takes to be known lost. */
  readonly #last: number;
  readonly #round: number;
  readonly #policy: RepairPolicy;
  readonly #isKey: boolean;
  readonly #known = new Map<number, Forecast>();
  readonly #copyLoss: number;
  readonly #requestLoss: number;

  constructor(path: PathConditions, last: number, step: number, policy: RepairPolicy, isKey: boolean) {
    const { loss, burst, rtt, jitter } = path;
    const together = 1 - 1 / Math.max(1, burst);
    this.#path = path;
    this.#last = last;
    this.#round = Math.ceil((rtt + MARGIN + 2 * jitter) / step);
    this.#policy = policy;
    this.#isKey = isKey;
    this.#copyLoss = Math.max(loss, together ** PACKETS_BETWEEN_COPIES);
    this.#requestLoss = Math.max(loss, together ** PACKETS_BETWEEN_REQUESTS);
  }

  begin(): Forecast {
    const { loss } = this.#path;
    const { residual, repairs } = this.#after(0, 1, loss);
    return { residual: loss * residual, repairs: loss * repairs };
  }

  /** What is to be expected of a packet asked for in this step, of which so many copies are lost. */
  #after(step: number, sent: number, requestLoss: number): Forecast {
    if (step > this.#last) return { residual: 1, repairs: 0 };
    const key = (step * MOST_SENT + sent) * 2 + (requestLoss === this.#path.loss ? 0 : 1);
    const known = this.#known.get(key);
    if (known) return known;
    const { loss } = this.#path;
    const tries = 1 + Math.floor((this.#last - step) / (this.#round + 1));
    const missed = step / (this.#round + 1);
    const copies = copiesFor(this.#isKey, loss, { sent, tries, missed }, this.#policy);
    const failed = loss * this.#copyLoss ** (copies - 1);
    const again = this.#after(step + this.#round, Math.min(sent + copies, MOST_SENT - 1), loss);
    const unheard = this.#after(step + 1, sent, this.#requestLoss);
    const residual = (1 - requestLoss) * failed * again.residual + requestLoss * unheard.residual;
    const repairs = (1 - requestLoss) * (copies + failed * again.repairs) + requestLoss * unheard.repairs;
    const result = { residual, repairs };
    this.#known.set(key, result);
    return result;
  }
}
