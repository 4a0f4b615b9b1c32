import { ProtocolError } from '../../base/errors.ts';
import type { Kind } from '../../media/track.ts';

/** The longest run that one digit tells of. */
const LONGEST_RUN = 35;

/**
 * The order in which frames came: how many pictures, sounds, pictures, sounds, … follow one another, a digit of base 36 each.
 * Their number is even, so that the orders of pieces that follow one another can be put together.
 */
export function writeOrder(kinds: readonly Kind[]): string {
  const runs = [0];
  for (const kind of kinds) {
    if (runs.length % 2 === (kind === 'video' ? 0 : 1)) runs.push(0);
    if (runs.at(-1) === LONGEST_RUN) runs.push(0, 0);
    runs[runs.length - 1]!++;
  }
  if (runs.length % 2 === 1) runs.push(0);
  return runs.map((run) => run.toString(LONGEST_RUN + 1)).join('');
}

/** The kinds of the frames, one after another. Throws {@link ProtocolError}. */
export function* readOrder(order: string): Generator<Kind> {
  for (let i = 0; i < order.length; i++) {
    const run = Number.parseInt(order[i]!, LONGEST_RUN + 1);
    if (Number.isNaN(run)) throw new ProtocolError('an order with another character in it');
    for (let left = run; left > 0; left--) yield i % 2 === 0 ? 'video' : 'audio';
  }
}
