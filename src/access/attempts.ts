import type { Clock } from '../base/clock.ts';
import { SECOND } from '../base/clock.ts';

/** So many wrong tokens within so long, and an address may try no more for as long again. */
const MOST_WRONG = 10;
const PERIOD = 60 * SECOND;
/** Of so many addresses it is known; then the oldest is forgotten. */
const MOST_ADDRESSES = 10_000;

interface Tries {
  wrong: number;
  /** When they are forgotten, by the monotonic clock. */
  ends: number;
}

/** Counts wrong tokens by address, so that nobody can try many. */
export class Attempts {
  readonly #clock: Clock;
  readonly #tries = new Map<string, Tries>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the address has to wait. */
  isBlocked(remote: string): boolean {
    return (this.#find(network(remote))?.wrong ?? 0) >= MOST_WRONG;
  }

  /** Counts one wrong token. */
  fail(remote: string): void {
    const key = network(remote);
    const tries = this.#find(key) ?? this.#begin(key);
    tries.wrong++;
    if (tries.wrong === MOST_WRONG) tries.ends = this.#clock.now() + PERIOD;
  }

  #find(key: string): Tries | undefined {
    const tries = this.#tries.get(key);
    if (!tries || tries.ends > this.#clock.now()) return tries;
    this.#tries.delete(key);
    return undefined;
  }

  #begin(key: string): Tries {
    if (this.#tries.size >= MOST_ADDRESSES) this.#tries.delete(this.#tries.keys().next().value!);
    const tries = { wrong: 0, ends: this.#clock.now() + PERIOD };
    this.#tries.set(key, tries);
    return tries;
  }
}

/** What one peer can easily have of addresses: one of IPv4, 64 bits of IPv6. */
function network(remote: string): string {
  if (!remote.includes(':')) return remote;
  const [front = '', back = ''] = remote.split('::');
  const [first, last] = [front, back].map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: Math.max(0, 8 - first!.length - last!.length) }, () => '0');
  return [...first!, ...zeros, ...last!].slice(0, 4).join(':');
}
