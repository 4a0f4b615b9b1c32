import { z } from 'zod';
import { MILLISECOND } from '../base/clock.ts';
import type { Delay } from '../hub/passage.ts';

const milliseconds = z.number().nonnegative().nullable();

/** The delay of a stream as it comes to a node, in answers; null where it is not known. */
export const delayShape = {
  added_ms: milliseconds.describe('What the way to this node adds to the delay; null where that is not known.'),
  total_ms: milliseconds.describe('How late the median frame comes to this node, since it came in at the owner.'),
  total_p99_ms: milliseconds.describe('The same of the slowest frame in a hundred.'),
};

/** A delay as `delayShape` has it. */
export function describeDelay(delay: Delay | undefined): { [name in keyof typeof delayShape]: number | null } {
  if (!delay) return { added_ms: null, total_ms: null, total_p99_ms: null };
  const { added, total } = delay;
  return {
    added_ms: added === undefined ? null : inMs(added),
    total_ms: inMs(total.p50),
    total_p99_ms: inMs(total.p99),
  };
}

/** Microseconds in milliseconds, with one decimal. */
export function inMs(time: number): number {
  return Math.round((10 * time) / MILLISECOND) / 10;
}
