import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../test/fuzz/random.ts';

/** What one actor decides, the same for the same seed, whatever the others do meanwhile. */
export class Dice extends Random {
  /** From `low` up to `high`, in whole steps of 1. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True so many times out of a hundred. */
  percent(share: number): boolean {
    return this.below(100) < share;
  }

  /** Waits from `low` to `high` milliseconds, or until `signal` aborts. */
  async pause(low: number, high: number, signal: AbortSignal): Promise<void> {
    await sleep(this.between(low, high), undefined, { signal }).catch(() => undefined);
  }

  /** All of them in an order of its own. */
  shuffle<T>(values: readonly T[]): T[] {
    const left = [...values];
    return values.map(() => left.splice(this.below(left.length), 1)[0]!);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
