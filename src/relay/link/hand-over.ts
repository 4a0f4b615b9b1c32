import { CHAINED, chainOf, flagsOf, fragmentLength, joinFragments, LARGEST_RECORD, STARTABLE } from './packet.ts';
import type { ReceiveWindow } from './receive-window.ts';

/** So many packets that were given up are remembered, to tell those that come late from those that come twice. */
const MOST_REMEMBERED = 1024;

/** A record as it leaves the link. */
export interface IncomingRecord {
  /** Of its own memory, or the only view of it. */
  readonly bytes: Uint8Array;
  /** When it came in at the origin, by the origin's clock: microseconds. */
  readonly time: number;
  readonly startable: boolean;
}

/** When records leave. */
export interface Schedule {
  /** When a record that came in at the origin at this time is due, by the local clock. */
  due(time: number): number;
  /** How long a hole is left open at least: as long as packets may have been overtaken. */
  readonly patience: number;
}

/** From where to where a receiver catches up after an outage: what is older is given up, what lies between is waited for. */
export interface Rejoin {
  readonly from: number;
  readonly end: number;
  /** No longer than until then, by the local clock. */
  readonly until: number;
}

/** What became of records and of the packets that no record was made of. */
export interface HandOverCounters {
  records: number;
  /** Packets that were missing when their time came. */
  abandoned: number;
  /** Of those, were never asked for, since no answer could have come in time. */
  unasked: number;
  /** Complete records that were held back because something they need was lost. */
  skipped: number;
}

/**
 * Hands records over in order: each when it is due and not before. What is incomplete then is given up; after that the chained
 * records (video) wait for a startable one, the others go on.
 */
export class HandOver {
  readonly counters: HandOverCounters = { records: 0, abandoned: 0, unasked: 0, skipped: 0 };
  rejoin: Rejoin | undefined;
  readonly #window: ReceiveWindow;
  readonly #schedule: Schedule;
  readonly #emit: (record: IncomingRecord) => void;
  readonly #remembered = new Set<number>();
  /** The chain of the last record that was passed, and whether it has a hole. */
  #chain: number;
  #isBroken = false;
  /** Up to here the record at the base is here without a hole. */
  #scanned = 0;

  /** `chain` is that of the last record before the window's base, which was received by other means. */
  constructor(window: ReceiveWindow, chain: number, schedule: Schedule, emit: (record: IncomingRecord) => void) {
    this.#window = window;
    this.#chain = chain;
    this.#schedule = schedule;
    this.#emit = emit;
  }

  /** Hands over and gives up what is due; returns when there will be more to do, if nothing else arrives. */
  run(now: number): number {
    for (;;) {
      const until = this.#step(now);
      if (until > now) return until;
    }
  }

  /** Gives up everything before `sequence`, here or missing. */
  abandon(sequence: number): void {
    const window = this.#window;
    for (let at = window.base; at < Math.min(sequence, window.head); at++) if (!window.has(at)) this.#remember(at);
    this.counters.abandoned += window.release(sequence);
    this.#scanned = sequence;
    if (this.rejoin && sequence >= this.rejoin.end) this.rejoin = undefined;
  }

  /** Whether a packet before the base had been given up; if so, it is not asked for twice. */
  forget(sequence: number): boolean {
    return this.#remembered.delete(sequence);
  }

  /** Does one thing; returns until when there is nothing to do. */
  #step(now: number): number {
    const window = this.#window;
    const { base } = window;
    if (base === window.head) return Number.POSITIVE_INFINITY;
    if (!window.has(base)) return this.#waitFor(base, this.#nextHere(), now);
    if (!window.isFirst(base)) return this.#giveUp(base + 1, now);
    const stop = this.#scan();
    if (this.#isComplete(stop)) return this.#hand(stop, now);
    if (stop === window.head) return Number.POSITIVE_INFINITY;
    return window.has(stop) ? this.#giveUp(stop, now) : this.#waitFor(stop, base, now);
  }

  /** The end of the record at the base, or where it stops being whole: a hole, the head or the beginning of another. */
  #scan(): number {
    const window = this.#window;
    let at = Math.max(this.#scanned, window.base + 1);
    while (!window.isLast(at - 1) && at < window.head && window.has(at) && !window.isFirst(at)) at++;
    this.#scanned = at;
    return at;
  }

  #isComplete(stop: number): boolean {
    return this.#window.isLast(stop - 1);
  }

  #hand(end: number, now: number): number {
    const window = this.#window;
    const { base } = window;
    const time = window.timeOf(base);
    const due = this.#schedule.due(time);
    if (due > now) return due;
    const plains: Uint8Array[] = [];
    for (let at = base; at < end; at++) plains.push(window.plainOf(at));
    window.release(end);
    this.#scanned = end;
    if (this.rejoin && end >= this.rejoin.end) this.rejoin = undefined;
    this.#pass(plains, time);
    return now;
  }

  #pass(plains: readonly Uint8Array[], time: number): void {
    const flags = flagsOf(plains[0]!);
    const chain = chainOf(plains[0]!);
    const chained = (flags & CHAINED) !== 0;
    const startable = (flags & STARTABLE) !== 0;
    if (chain !== ((this.#chain + (chained ? 1 : 0)) & 0xffff)) this.#isBroken = true;
    if (startable) this.#isBroken = false;
    this.#chain = chain;
    if (this.#isBroken && chained) {
      this.counters.skipped++;
      return;
    }
    if (lengthOf(plains) > LARGEST_RECORD) return;
    this.counters.records++;
    this.#emit({ bytes: joinFragments(plains), time, startable });
  }

  /** Waits for what is missing at `hole` as long as `known`, which needs it or follows it, is not due. */
  #waitFor(hole: number, known: number, now: number): number {
    if (known < 0) return Number.POSITIVE_INFINITY;
    if (this.rejoin && now >= this.rejoin.until) this.rejoin = undefined;
    const { rejoin } = this;
    if (rejoin && hole < rejoin.from) return this.#giveUp(rejoin.from, now);
    if (rejoin && hole < rejoin.end) return this.#catchUp(rejoin, now);
    const due = this.#schedule.due(this.#window.timeOf(known));
    const until = Math.max(due, this.#window.timeOf(hole) + this.#schedule.patience);
    if (until > now) return until;
    return this.#giveUp(Math.max(known, hole + 1), now);
  }

  /** While catching up, holes are given up only for a later start that is whole and due. */
  #catchUp(rejoin: Rejoin, now: number): number {
    for (let at = rejoin.end; at < this.#window.head; at++) {
      if (!this.#isStart(at)) continue;
      const due = this.#schedule.due(this.#window.timeOf(at));
      if (due > now) return Math.min(due, rejoin.until);
      if (this.#isWhole(at)) return this.#giveUp(at, now);
    }
    return rejoin.until;
  }

  #isStart(at: number): boolean {
    return this.#window.has(at) && this.#window.isFirst(at) && this.#window.isStartable(at);
  }

  #isWhole(start: number): boolean {
    const window = this.#window;
    for (let at = start; at < window.head && window.has(at); at++) if (window.isLast(at)) return true;
    return false;
  }

  #giveUp(to: number, now: number): number {
    this.abandon(to);
    return now;
  }

  /** The first packet after the hole at the base; -1 when there is none. */
  #nextHere(): number {
    const window = this.#window;
    for (let at = window.base + 1; at < window.head; at++) if (window.has(at)) return at;
    return -1;
  }

  #remember(sequence: number): void {
    if (this.#window.askedOf(sequence) === 0) this.counters.unasked++;
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.add(sequence);
  }
}

function lengthOf(plains: readonly Uint8Array[]): number {
  let length = 0;
  for (const plain of plains) length += fragmentLength(plain);
  return length;
}
