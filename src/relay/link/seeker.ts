import { MILLISECOND } from '../../base/clock.ts';
import { MOST_RUNS } from './datagram.ts';
import type { Rejoin } from './hand-over.ts';
import { LossGauge } from './loss-gauge.ts';
import type { Path } from './path.ts';
import type { ReceiveWindow } from './receive-window.ts';

/**
 * Requests are repeated while anything is missing: after this part of a round trip, or sooner where so many of them are lost that
 * time would be; in microseconds at least and at most.
 */
const REPEAT = 1 / 4;
const REPEAT_FOR_LOSS = 1 / 60;
const SOONEST_REPEAT = 10 * MILLISECOND;
const LATEST_REPEAT = 50 * MILLISECOND;
/** New holes are asked for sooner than that, but not sooner after the last request than this. */
const CLOSEST = 5 * MILLISECOND;
/** What is urgent is asked for this often: were it a burst of loss that requests fall into, only more of them get through it. */
const URGENT = 3 * MILLISECOND;
/** Urgent is what will soon be too late to ask for. */
const LAST_CHANCE = 50 * MILLISECOND;
/** Urgent, too, is everything when no repairs come for this part of a round trip though some should: requests are lost in bursts. */
const SILENCE = 1 / 4;
const LEAST_MARGIN = 10 * MILLISECOND;
/** How long a packet may be late by having been overtaken before it is asked for. */
const LEAST_TOLERANCE = 2 * MILLISECOND;
const MOST_TOLERANCE = 60 * MILLISECOND;
/** Asking for one that was only late costs a repair; so does it to wait too long. The tolerance settles where one in 40 is such. */
const WIDEN = 2 * MILLISECOND;
const NARROW = WIDEN / 40;
/** What parity may restore is not asked for before it has come, if there is time for so many round trips after that. */
const ROUNDS = 3;

/** Which sequences are asked for. */
export interface Wanted {
  /** Pairs of first sequence and count, ascending. */
  readonly runs: number[];
  /** How many of them are asked for the first time. */
  readonly fresh: number;
}

/** Decides when a receiver asks for what is missing: all of it each time, so that a lost request costs no more than a moment. */
export class Seeker {
  /** What the path loses: requests, too, it is assumed. */
  readonly losses = new LossGauge();
  /** When to ask next. */
  next = Number.POSITIVE_INFINITY;
  /** How long after a packet its parity comes; 0 where none comes. */
  lag = 0;
  #tolerance = LEAST_TOLERANCE;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** When the last repair came. */
  #repairedAt = Number.NEGATIVE_INFINITY;
  readonly #path: Path;

  constructor(path: Path) {
    this.#path = path;
  }

  /** How long packets may be overtaken, in microseconds. */
  get tolerance(): number {
    return this.#tolerance;
  }

  /** A hole was noticed. */
  noticed(now: number): void {
    this.next = Math.min(this.next, Math.max(now + this.#tolerance, this.#askedAt + CLOSEST));
  }

  /** A packet came that had been missing since `noticed` and asked for at `asked`, if at all (0); says whether it was only late. */
  arrived(noticed: number, asked: number, now: number): boolean {
    const isOvertaken = asked === 0 || now < asked + 0.9 * this.#path.leastRtt;
    if (!isOvertaken) this.#repairedAt = now;
    if (!isOvertaken) this.#tolerance = Math.max(LEAST_TOLERANCE, this.#tolerance - NARROW);
    else if (asked !== 0 && now - noticed < MOST_TOLERANCE)
      this.#tolerance = Math.min(MOST_TOLERANCE, this.#tolerance + WIDEN);
    return isOvertaken;
  }

  /** What to ask for now. `latest` says of a hole before a packet of that time until when a repair is of use, `tail` is the time after the head. */
  ask(
    window: ReceiveWindow,
    rejoin: Rejoin | undefined,
    tail: number,
    latest: (time: number) => number,
    now: number,
  ): Wanted {
    const runs: number[] = [];
    let [fresh, deadline] = [0, latest(tail)];
    const soonest = now + this.#path.leastRtt;
    const overdueBy = now - this.#path.rtt - 2 * this.#path.jitter - LEAST_MARGIN;
    const isSilent = now - this.#repairedAt > SILENCE * this.#path.rtt;
    let isUrgent = false;
    let [following, waiting] = [-1, Number.POSITIVE_INFINITY];
    for (let sequence = window.head - 1; sequence >= window.base; sequence--) {
      if (window.has(sequence)) {
        deadline = latest(window.timeOf(sequence));
        continue;
      }
      const asked = window.askedOf(sequence);
      const ripe = this.#ripe(window.timeOf(sequence), deadline);
      if (asked === 0 && ripe > now) waiting = Math.min(waiting, ripe);
      else if (isWanted(sequence, rejoin) ?? deadline > soonest) {
        if (asked === 0) {
          window.ask(sequence, now);
          fresh++;
        } else if (asked < overdueBy && isSilent) isUrgent = true;
        if (deadline - soonest < LAST_CHANCE) isUrgent = true;
        if (following === sequence + 1) runs[runs.length - 1]!++;
        else runs.push(sequence, 1);
        if (following === sequence + 1) runs[runs.length - 2] = sequence;
        following = sequence;
      }
    }
    this.#askedAt = now;
    const part = Math.min(REPEAT, REPEAT_FOR_LOSS / this.losses.loss);
    const usual = Math.max(SOONEST_REPEAT, Math.min(LATEST_REPEAT, this.#path.rtt * part));
    const repeat = isUrgent ? URGENT : usual;
    this.next = Math.min(runs.length > 0 ? now + repeat : Number.POSITIVE_INFINITY, Math.max(waiting, now + URGENT));
    return { runs: ascending(runs), fresh };
  }

  /** When a packet is asked for that has been missing since `noticed` and has to be here by `deadline`. */
  #ripe(noticed: number, deadline: number): number {
    const held = noticed + this.lag;
    const isTime = held + ROUNDS * this.#path.rtt < deadline;
    return isTime ? Math.max(held, noticed + this.#tolerance) : noticed + this.#tolerance;
  }
}

/** Whether catching up needs this sequence; undefined when that has nothing to do with it. */
function isWanted(sequence: number, rejoin: Rejoin | undefined): boolean | undefined {
  return rejoin && sequence < rejoin.end ? sequence >= rejoin.from : undefined;
}

/** The runs in the order of their sequences; of too many, the first. */
function ascending(runs: readonly number[]): number[] {
  const sorted: number[] = [];
  for (let i = runs.length - 2; i >= 0 && sorted.length < 2 * MOST_RUNS; i -= 2) sorted.push(runs[i]!, runs[i + 1]!);
  return sorted;
}
