import { type Clock, MILLISECOND } from '../base/clock.ts';
import type { Siblings } from './siblings.ts';

/** How soon the other workers are told who has come and gone here. */
const TELL_AFTER = 100 * MILLISECOND;

/** Numbers by address: all of a worker's to one that has just begun, else those that have changed. */
interface Told {
  readonly worker: number;
  readonly counts: readonly (readonly [address: string, count: number])[];
}

/** How many of a kind there are, in all and from each address, whichever worker they came to. */
export class Headcount {
  readonly #siblings: Siblings;
  readonly #topic: string;
  readonly #clock: Clock;
  /** Of this worker. */
  readonly #own = new Tally();
  /** Of the others, as they told it last. */
  readonly #others = new Map<number, Tally>();
  readonly #changed = new Set<string>();
  /** What was told while the others were still being asked: it is newer than their answers. */
  #early: Set<string> | undefined = new Set();

  /** `kind` is the same word in all workers. */
  constructor(kind: string, siblings: Siblings, clock: Clock) {
    this.#siblings = siblings;
    this.#topic = `headcount ${kind}`;
    this.#clock = clock;
    siblings.onLost((worker) => this.#others.delete(worker));
    siblings.answer(this.#topic, (told) => (told === null ? this.#all() : this.#hear(told as Told)));
    void siblings.ask(this.#topic, null).then((answers) => this.#begin(answers as Told[]));
  }

  /** Those of this worker. */
  get own(): number {
    return this.#own.total;
  }

  /** Those of all workers. */
  get total(): number {
    let total = this.#own.total;
    for (const other of this.#others.values()) total += other.total;
    return total;
  }

  /** Those that came from an address, to whichever worker. */
  from(address: string): number {
    let count = this.#own.from(address);
    for (const other of this.#others.values()) count += other.from(address);
    return count;
  }

  /** One more has come from an address to this worker. */
  enter(address: string): void {
    this.#set(address, this.#own.from(address) + 1);
  }

  /** One has left. */
  leave(address: string): void {
    this.#set(address, this.#own.from(address) - 1);
  }

  #set(address: string, count: number): void {
    this.#own.set(address, count);
    if (this.#siblings.count === 1) return;
    if (this.#changed.size === 0) this.#clock.after(TELL_AFTER, () => this.#tell());
    this.#changed.add(address);
  }

  #tell(): void {
    const counts = Array.from(this.#changed, (address) => [address, this.#own.from(address)] as const);
    this.#changed.clear();
    void this.#siblings.ask(this.#topic, { worker: this.#siblings.worker, counts } satisfies Told);
  }

  #all(): Told {
    return { worker: this.#siblings.worker, counts: [...this.#own] };
  }

  #begin(answers: readonly Told[]): void {
    const early = this.#early!;
    this.#early = undefined;
    for (const { worker, counts } of answers)
      this.#hear({ worker, counts: counts.filter(([address]) => !early.has(`${worker} ${address}`)) });
  }

  #hear({ worker, counts }: Told): void {
    const other = this.#others.get(worker) ?? new Tally();
    this.#others.set(worker, other);
    for (const [address, count] of counts) {
      other.set(address, count);
      this.#early?.add(`${worker} ${address}`);
    }
  }
}

/** Numbers by address, and their sum. */
class Tally {
  total = 0;
  readonly #counts = new Map<string, number>();

  from(address: string): number {
    return this.#counts.get(address) ?? 0;
  }

  set(address: string, count: number): void {
    this.total += count - this.from(address);
    if (count > 0) this.#counts.set(address, count);
    else this.#counts.delete(address);
  }

  [Symbol.iterator](): Iterator<[string, number]> {
    return this.#counts.entries();
  }
}
