import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { type RepairPolicy, USUAL_POLICY } from './copies.ts';
import { type Forecast, forecast, type PathConditions } from './forecast.ts';
import type { Path } from './path.ts';
import type { Protection } from './protection.ts';
import type { ReceiverCounters } from './stream-receiver.ts';

/** Latencies are chosen in these steps. */
const STEP = 20 * MILLISECOND;
/** Loss is measured over this; the worst of late counts, and is forgotten by half in the second time. */
const MEASURE = 2 * SECOND;
const FORGET = 30 * SECOND;
/** A latency that has been more than is needed for so long is lowered. */
const PATIENCE = 30 * SECOND;
/** On a path that nothing was lost on, no burst is longer. */
const LONGEST_BURST = 50;
/** Where no latency that is allowed suffices, so much more may be spent on copies. */
const GENEROUS = 1;

/** What {@link AutoLatency} aims at. */
export interface AutoOptions {
  /** The share of packets that may stay lost. */
  readonly target: number;
  /** Between what the latency is chosen, in microseconds. */
  readonly least: number;
  readonly most: number;
}

/** One packet in a hundred thousand, whatever latency up to 5 s that takes. */
export const USUAL_AUTO: AutoOptions = { target: 1e-5, least: 60 * MILLISECOND, most: 5 * SECOND };

/** What a latency has achieved, in shares of the packets. */
export interface Outcome {
  readonly loss: number;
  /** What stayed lost; while nothing did, what is to be expected. */
  readonly residual: number;
  /** Repairs and parity that were sent, by what came of them. */
  readonly overhead: number;
  /** The latency, in microseconds, of which a tenth of that residual, or a little less, is to be expected. */
  readonly better: { readonly latency: number; readonly residual: number } | undefined;
}

/**
 * Chooses the latency of one stream: the least with which no more than the target is to be expected to stay lost. It is raised at
 * once and lowered after a while; the receiver then moves there without a jump.
 */
export class AutoLatency {
  /** What to set `StreamReceiver.targetLatency` and, at the origin, `Repairer.policy` to. */
  latency: number;
  policy: RepairPolicy = USUAL_POLICY;
  readonly #options: AutoOptions;
  readonly #path: Path;
  #before: ReceiverCounters | undefined;
  #measuredAt = Number.NEGATIVE_INFINITY;
  #enoughSince: number | undefined;
  #loss = 0;
  #burst = 1;

  /** `latency` is where to begin. */
  constructor(path: Path, latency: number, options: AutoOptions = USUAL_AUTO) {
    this.#path = path;
    this.#options = options;
    this.latency = latency;
  }

  /** How the path was of late, as far as the stream's packets show. */
  get conditions(): PathConditions {
    const { rtt, jitter } = this.#path;
    return { loss: this.#loss, burst: this.#burst, rtt, jitter };
  }

  /** Learns from a receiver's counters. To be called a few times a second. */
  observe(counters: ReceiverCounters, now: number): void {
    this.#before ??= counters;
    if (now - this.#measuredAt < MEASURE) return;
    this.#learn(this.#before, counters);
    this.#before = counters;
    this.#measuredAt = now;
    this.#choose(now);
  }

  /** What is achieved. */
  outcome(counters: ReceiverCounters, protection?: Protection): Outcome {
    const { received, lost, abandoned, repaired, parity, duplicates, late } = counters;
    const total = Math.max(1, received + lost);
    const loss = lost / total;
    const expected = this.#expected(protection);
    const residual = abandoned > 0 ? abandoned / total : expected;
    const overhead = (repaired + parity + duplicates + late) / Math.max(0.1, 1 - loss) / total;
    const less = 10 ** (Math.ceil(Math.log10(Math.max(residual, 1e-12))) - 1);
    const latency = expected > 0 ? this.#leastFor(less) : undefined;
    const better = latency !== undefined && latency > this.latency ? { latency, residual: less } : undefined;
    return { loss, residual, overhead, better };
  }

  /** That in one line, such as: loss 8.1 %, residual 3e-6 at 480 ms, overhead 10 %; 620 ms would give 1e-6. */
  summary({ loss, residual, overhead, better }: Outcome): string {
    const achieved = `loss ${percent(loss)}, residual ${power(residual)} at ${inMs(this.latency)}, overhead ${percent(overhead)}`;
    return better ? `${achieved}; ${inMs(better.latency)} would give ${power(better.residual)}` : achieved;
  }

  /** What stays lost, where too little has crossed to see it. */
  #expected(protection: Protection | undefined): number {
    if (protection) return 'target' in protection ? protection.target : 0;
    return this.#forecast(this.latency).residual;
  }

  #learn(before: ReceiverCounters, after: ReceiverCounters): void {
    const lost = Math.max(0, after.lost - before.lost);
    const total = lost + after.received - before.received;
    if (total <= 0) return;
    const kept = this.#loss * 0.5 ** (MEASURE / FORGET);
    this.#loss = Math.max(kept, Math.min(0.5, lost / total));
    if (lost === 0) return;
    const burst = lost / Math.max(1, after.bursts - before.bursts);
    this.#burst += (Math.max(1, Math.min(burst, LONGEST_BURST)) - this.#burst) / 4;
  }

  #choose(now: number): void {
    const needed = this.#leastFor(this.#options.target);
    this.policy = needed === undefined ? { ...USUAL_POLICY, spare: GENEROUS } : USUAL_POLICY;
    const latency = needed ?? this.#options.most;
    if (latency < this.latency) this.#enoughSince ??= now;
    else this.#enoughSince = undefined;
    if (latency >= this.latency) this.latency = latency;
    else if (now - this.#enoughSince! >= PATIENCE) this.latency = Math.max(latency, this.latency - STEP);
  }

  /** The least latency allowed of which no more than `residual` is to be expected. */
  #leastFor(residual: number): number | undefined {
    const { least, most } = this.#options;
    for (let latency = least; latency <= most; latency += STEP) {
      if (this.#forecast(latency).residual <= residual) return latency;
    }
    return undefined;
  }

  #forecast(latency: number): Forecast {
    return forecast(this.conditions, latency, this.policy);
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function inMs(time: number): string {
  return `${Math.round(time / MILLISECOND)} ms`;
}

function power(residual: number): string {
  return residual === 0 ? '0' : residual.toExponential(0);
}
