import { chainOf, FIRST, flagsOf, LAST, STARTABLE } from './packet.ts';

const SMALLEST_RING = 256;
/** So many sequences lie in a window at most: 29 s at 20 Mbit/s. */
export const LARGEST_WINDOW = 65_536;
/** What held packets may take in memory, in bytes, and what each costs besides its own. */
const MOST_BYTES = 64 * 1024 * 1024;
const OVERHEAD = 128;

/**
 * The packets of a stream that came and were not handed over yet, by sequence: from `base`, the oldest that is undecided, to
 * `head`, the next that nothing was heard of. In between, every sequence is here or missing.
 */
export class ReceiveWindow {
  /** Plaintexts; undefined where one is missing. */
  #plains: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(SMALLEST_RING);
  /** Of one that is here, when its record came in at the origin; of one that is missing, since when that is known here. */
  #times = new Float64Array(SMALLEST_RING);
  /** When a missing one was first asked for; 0 while it was not. */
  #asked = new Float64Array(SMALLEST_RING);
  #base: number;
  #head: number;
  #bytes = 0;
  #missing = 0;

  constructor(first: number) {
    this.#base = first;
    this.#head = first;
  }

  get base(): number {
    return this.#base;
  }

  get head(): number {
    return this.#head;
  }

  /** How many are missing. */
  get missing(): number {
    return this.#missing;
  }

  /** What is kept costs so many bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether `sequence` can come in only when older ones are let go. */
  isBeyond(sequence: number, length: number): boolean {
    return sequence - this.#base >= LARGEST_WINDOW || this.#bytes + length + OVERHEAD > MOST_BYTES;
  }

  has(sequence: number): boolean {
    return this.#plains[this.#slot(sequence)] !== undefined;
  }

  plainOf(sequence: number): Uint8Array {
    return this.#plains[this.#slot(sequence)]!;
  }

  /** See the field. */
  timeOf(sequence: number): number {
    return this.#times[this.#slot(sequence)]!;
  }

  askedOf(sequence: number): number {
    return this.#asked[this.#slot(sequence)]!;
  }

  ask(sequence: number, now: number): void {
    this.#asked[this.#slot(sequence)] = now;
  }

  isFirst(sequence: number): boolean {
    return (flagsOf(this.plainOf(sequence)) & FIRST) !== 0;
  }

  isLast(sequence: number): boolean {
    return (flagsOf(this.plainOf(sequence)) & LAST) !== 0;
  }

  isStartable(sequence: number): boolean {
    return (flagsOf(this.plainOf(sequence)) & STARTABLE) !== 0;
  }

  chainOf(sequence: number): number {
    return chainOf(this.plainOf(sequence));
  }

  /** Moves the head to `head`: what was not heard of is missing from now on. It must lie within {@link LARGEST_WINDOW} of the base. */
  extend(head: number, now: number): void {
    while (head - this.#base > this.#times.length) this.#grow();
    for (let sequence = this.#head; sequence < head; sequence++) {
      const slot = this.#slot(sequence);
      this.#times[slot] = now;
      this.#asked[slot] = 0;
      this.#missing++;
    }
    this.#head = Math.max(this.#head, head);
  }

  /** Puts in a packet that was missing. */
  put(sequence: number, plain: Uint8Array, time: number): void {
    const slot = this.#slot(sequence);
    this.#plains[slot] = plain;
    this.#times[slot] = time;
    this.#bytes += plain.length + OVERHEAD;
    this.#missing--;
  }

  /** Lets everything before `base` go; returns how many of it were missing. */
  release(base: number): number {
    const missingBefore = this.#missing;
    for (; this.#base < Math.min(base, this.#head); this.#base++) {
      const slot = this.#slot(this.#base);
      const plain = this.#plains[slot];
      if (plain) this.#bytes -= plain.length + OVERHEAD;
      else this.#missing--;
      this.#plains[slot] = undefined;
    }
    const skipped = missingBefore - this.#missing + Math.max(0, base - this.#head);
    this.#base = base;
    this.#head = Math.max(this.#head, base);
    return skipped;
  }

  #slot(sequence: number): number {
    return sequence & (this.#times.length - 1);
  }

  #grow(): void {
    const [plains, times, asked] = [this.#plains, this.#times, this.#asked];
    const [from, to] = [times.length - 1, 2 * times.length - 1];
    this.#plains = new Array<Uint8Array | undefined>(2 * times.length);
    this.#times = new Float64Array(2 * times.length);
    this.#asked = new Float64Array(2 * times.length);
    for (let at = this.#base; at < this.#head; at++) {
      this.#plains[at & to] = plains[at & from];
      this.#times[at & to] = times[at & from]!;
      this.#asked[at & to] = asked[at & from]!;
    }
  }
}
