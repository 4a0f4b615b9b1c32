import { SECOND } from '../../src/base/clock.ts';
import { Random } from '../fuzz/random.ts';

/** What a datagram costs besides its payload: IPv4 and UDP headers. */
export const IP_UDP = 28;

interface Event {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

/** Time that moves from event to event. */
export class Simulation {
  now = 0;
  readonly random: Random;
  readonly #heap: Event[] = [];
  #order = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  /** A number from 0 up to, not including, 1. */
  chance(): number {
    return this.random.below(2 ** 32) / 2 ** 32;
  }

  at(time: number, act: () => void): void {
    const heap = this.#heap;
    const event = { at: Math.max(time, this.now), order: this.#order++, act };
    let slot = heap.length;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[slot] = heap[parent]!;
      slot = parent;
    }
    heap[slot] = event;
  }

  /** When the next thing happens; infinite when there is nothing to come. */
  get next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Has everything happen that is due up to `end`. */
  run(end: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= end) {
      const event = this.#pop();
      this.now = event.at;
      event.act();
    }
    this.now = end;
  }

  #pop(): Event {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[slot] = heap[child]!;
      slot = child;
    }
    heap[slot] = last;
    return top;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** One direction of a path. Times are microseconds. */
export interface Conditions {
  /** The share of packets that is lost, and how many are lost together on average (Gilbert: two states, stepped per packet). */
  readonly loss?: number;
  readonly burst?: number;
  readonly delay?: number;
  /** Added evenly from 0 up to this; the order is kept. */
  readonly jitter?: number;
  /** The share of packets that are overtaken by those of the following `reorderBy`. */
  readonly reorder?: number;
  readonly reorderBy?: number;
  readonly duplicate?: number;
  /** Bits a second through a queue of so many bytes, which drops what finds no room. */
  readonly rate?: number;
  readonly queue?: number;
  /** Nothing passes from the first up to the second moment. */
  readonly outages?: readonly (readonly [from: number, to: number])[];
}

/** One direction of a path: takes packets, and delivers those that survive. */
export class Wire {
  conditions: Conditions;
  readonly counters = { packets: 0, bytes: 0, lost: 0, dropped: 0 };
  readonly #simulation: Simulation;
  #isBad = false;
  /** When the bottleneck has sent all that waits for it, and when the newest packet arrives. */
  #freeAt = 0;
  #arrival = 0;

  constructor(simulation: Simulation, conditions: Conditions) {
    this.#simulation = simulation;
    this.conditions = conditions;
  }

  /** Sends so many bytes of IP packet; `deliver` is called when and as often as it arrives, `dropped` when the queue is full. */
  send(bytes: number, deliver: () => void, dropped?: () => void): void {
    this.counters.packets++;
    this.counters.bytes += bytes;
    const sent = this.#throughBottleneck(bytes);
    if (sent === undefined) {
      this.counters.dropped++;
      dropped?.();
    } else if (this.#isLost()) this.counters.lost++;
    else {
      this.#simulation.at(this.#arriveAt(sent), deliver);
      if (this.#happens(this.conditions.duplicate)) this.#simulation.at(this.#arriveAt(sent), deliver);
    }
  }

  /** When the last bit has left, undefined when there is no room. */
  #throughBottleneck(bytes: number): number | undefined {
    const { rate, queue = Number.POSITIVE_INFINITY } = this.conditions;
    const { now } = this.#simulation;
    if (rate === undefined) return now;
    const begin = Math.max(now, this.#freeAt);
    if (((begin - now) * rate) / 8 / SECOND + bytes > queue) return undefined;
    this.#freeAt = begin + (bytes * 8 * SECOND) / rate;
    return this.#freeAt;
  }

  #isLost(): boolean {
    const { loss = 0, burst = 1, outages = [] } = this.conditions;
    const { now } = this.#simulation;
    if (outages.some(([from, to]) => now >= from && now < to)) return true;
    if (burst <= 1) return this.#happens(loss);
    const recovery = 1 / burst;
    this.#isBad = this.#simulation.chance() < (this.#isBad ? 1 - recovery : (loss * recovery) / (1 - loss));
    return this.#isBad;
  }

  #arriveAt(sent: number): number {
    const { delay = 0, jitter = 0, reorder, reorderBy = 0 } = this.conditions;
    const arrival = sent + delay + jitter * (jitter > 0 ? this.#simulation.chance() : 0);
    if (this.#happens(reorder)) return arrival + reorderBy * this.#simulation.chance();
    this.#arrival = Math.max(this.#arrival, arrival);
    return this.#arrival;
  }

  #happens(chance = 0): boolean {
    return chance > 0 && this.#simulation.chance() < chance;
  }
}

const SEGMENT = 1500;

/** A flow like TCP's: a window that grows by a packet a round trip and is halved when one is lost. */
export class GreedyFlow {
  delivered = 0;
  readonly #simulation: Simulation;
  readonly #wire: Wire;
  readonly #back: number;
  #window = 10;
  #threshold = 64;
  #inFlight = 0;
  #halvedAt = Number.NEGATIVE_INFINITY;

  /** Shares `wire` with whoever else uses it; acknowledgements come back after `back`. */
  constructor(simulation: Simulation, wire: Wire, back: number) {
    this.#simulation = simulation;
    this.#wire = wire;
    this.#back = back;
    this.#fill();
  }

  #fill(): void {
    while (this.#inFlight < Math.floor(this.#window)) {
      this.#inFlight++;
      let isLost = true;
      const sent = this.#simulation.now;
      this.#wire.send(SEGMENT, () => {
        isLost = false;
        this.#simulation.at(this.#simulation.now + this.#back, () => this.#acknowledged());
      });
      // What was lost is found out after a good round trip.
      this.#simulation.at(sent + 3 * this.#back + SECOND / 4, () => isLost && this.#lost(sent));
    }
  }

  #acknowledged(): void {
    this.delivered += SEGMENT;
    this.#inFlight--;
    this.#window += this.#window < this.#threshold ? 1 : 1 / this.#window;
    this.#fill();
  }

  #lost(sent: number): void {
    this.#inFlight--;
    if (sent > this.#halvedAt) {
      this.#halvedAt = this.#simulation.now;
      this.#window = Math.max(2, this.#window / 2);
      this.#threshold = this.#window;
    }
    this.#fill();
  }
}
