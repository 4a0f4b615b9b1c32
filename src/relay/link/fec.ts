import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { RepairPolicy } from './copies.ts';
import { forecast, type PathConditions } from './forecast.ts';
import { type Protection, rowsFor } from './protection.ts';
import type { ReceiverCounters } from './stream-receiver.ts';
import { spreadOf } from './stream-sender.ts';

/** Whether a stream is protected by parity: as the path needs it, never, or always by this share of its media. */
export type FecChoice = 'auto' | 'off' | number;

/** Holes a packet that may stay: as many as `auto` latencies aim at. */
const TARGET = 1e-5;
/** With more round trips than this, repairs alone do as well, and cost less. */
const MOST_ROUNDS = 3.5;
/**
 * Of the time that is left when media has come, this part is for its parity to come after it: large groups take less parity.
 * Where repairs come too, smaller ones do better: what is repaired in time counts for all of a group.
 */
const SPAN = 0.65;
const SPAN_BESIDE_REPAIRS = 0.4;
const SHORTEST_SPAN = 5 * MILLISECOND;
const LONGEST_SPAN = 100 * MILLISECOND;
/** Timers, and what else takes a moment. */
const MARGIN = 5 * MILLISECOND;
const JITTERS = 2;
/** Spans are told in such steps, and all else in steps of so many to its double: small changes are none. */
const SPAN_STEP = 5 * MILLISECOND;
const STEPS = 4;
/** How an edge wants the losses of its streams made good: by repairs weighed so, and by parity. */
export interface LossPolicy extends RepairPolicy {
  readonly fec?: Protection | undefined;
}

/** Whether parity is of use is looked at so often. It is none where, with it, more than both these shares stay missing: of all, and of what was missing without it. */
const LOOK = 2 * SECOND;
const NOTABLE = 0.01;
const USELESS = 0.5;
/** Then it is left out for a while, longer each time. */
const FIRST_PAUSE = 5 * SECOND;
const LONGEST_PAUSE = 600 * SECOND;
/** Protections are compared by what they make of a group of so many packets. */
const USUAL_GROUP = 32;

/**
 * Tells where parity is of no use: on a path that is full, it takes the place of media. There it is left out, and tried again after
 * a while.
 */
export class FecTrial {
  /** Since when there is protection; undefined while there is none. */
  #protectedAt: number | undefined;
  /** What is looked at next begins then, or has begun with these counters. */
  #from = Number.NEGATIVE_INFINITY;
  #before: ReceiverCounters | undefined;
  /** The share that was missing of late without it. */
  #without = 0;
  #pause = FIRST_PAUSE;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  /**
   * What of a protection that is wanted is to be asked for now; `settle` is how long it takes until all that is handed over was sent
   * with it, or without. To be called a few times a second.
   */
  allow(
    wanted: Protection | undefined,
    counters: ReceiverCounters,
    settle: number,
    now: number,
  ): Protection | undefined {
    if (this.#before && now - this.#from >= LOOK) this.#look(counters, this.#before, now);
    else if (!this.#before && now >= this.#from) this.#begin(counters, now);
    const allowed = now < this.#pausedUntil ? undefined : wanted;
    if (allowed && this.#protectedAt === undefined) this.#turn(now, now + settle);
    else if (!allowed && this.#protectedAt !== undefined) {
      // On a path that parity fills, delays grow until there is no room for it.
      if (now - this.#protectedAt < settle + LOOK) this.#leaveOut(now);
      this.#turn(undefined, now + settle);
    }
    return allowed;
  }

  /** What is looked at is either with protection or without. */
  #turn(protectedAt: number | undefined, from: number): void {
    this.#protectedAt = protectedAt;
    this.#before = undefined;
    this.#from = from;
  }

  #begin(counters: ReceiverCounters, now: number): void {
    this.#before = counters;
    this.#from = now;
  }

  #look(counters: ReceiverCounters, { received, lost, abandoned }: ReceiverCounters, now: number): void {
    const packets = counters.received + counters.lost - received - lost;
    const missing = packets > 0 ? (counters.abandoned - abandoned) / packets : 0;
    this.#begin(counters, now);
    if (this.#protectedAt === undefined) this.#without = missing;
    else if (missing < NOTABLE || missing < USELESS * this.#without) this.#pause = FIRST_PAUSE;
    else this.#leaveOut(now);
  }

  #leaveOut(now: number): void {
    this.#pausedUntil = now + this.#pause;
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }
}

/** How a stream that is handed over so late, in microseconds, and repaired by this policy is to be protected on a path. */
export function protectionFor(
  choice: FecChoice,
  path: PathConditions,
  latency: number,
  policy: RepairPolicy,
): Protection | undefined {
  const left = forecast(path, latency, policy).residual;
  const span = spanFor(path, latency, left < path.loss ? SPAN_BESIDE_REPAIRS : SPAN);
  if (choice === 'off' || span < SHORTEST_SPAN) return undefined;
  if (choice !== 'auto') return { span, share: choice };
  if (latency > MOST_ROUNDS * path.rtt || left <= TARGET) return undefined;
  return { span, loss: step(path.loss), left: step(left), burst: step(path.burst), target: TARGET };
}

/** Of those of several streams, the one with the most parity. */
export function strongest(protections: Iterable<Protection | undefined>): Protection | undefined {
  let [found, most] = [undefined as Protection | undefined, 0];
  for (const protection of protections) {
    const rows = protection ? rowsFor(protection, USUAL_GROUP) : 0;
    if (rows > most) [found, most] = [protection, rows];
  }
  return found;
}

function spanFor({ rtt, jitter }: PathConditions, latency: number, part: number): number {
  const room = latency - rtt / 2 - spreadOf(latency) - JITTERS * jitter - MARGIN;
  return Math.min(LONGEST_SPAN, Math.floor((part * room) / SPAN_STEP) * SPAN_STEP);
}

function step(value: number): number {
  return 2 ** (Math.round(STEPS * Math.log2(value)) / STEPS);
}
