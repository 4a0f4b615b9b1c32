import { SECOND } from '../base/clock.ts';

/** How often some have their turn where nobody is asked for less; slower is one at a time, less often. */
const TURN = SECOND / 20;

/** So many at a time, and so often, in microseconds, for `pace` a second. */
export function turnsOf(pace: number): { readonly count: number; readonly every: number } {
  const count = Math.max(1, Math.round((pace * TURN) / SECOND));
  return { count, every: (count * SECOND) / pace };
}
