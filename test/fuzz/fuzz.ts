import { mutate } from './mutate.ts';
import type { Random } from './random.ts';
import type { FuzzTarget } from './targets.ts';

/** One input may take so long, in milliseconds: longer is a fault, too. */
const LONGEST_RUN = 1000;
const LARGEST_POOL = 256;

/** An input on which a target failed. */
export interface Failure {
  readonly bytes: Uint8Array;
  readonly error: unknown;
}

/** What is wrong with a target on this input, if anything is. */
export function failureOn(target: FuzzTarget, bytes: Uint8Array): Failure | undefined {
  const began = performance.now();
  try {
    target.run(bytes);
  } catch (error) {
    return { bytes, error };
  }
  const took = performance.now() - began;
  return took > LONGEST_RUN ? { bytes, error: new Error(`took ${Math.round(took)} ms`) } : undefined;
}

/** Tries inputs made of `known` ones while `goesOn` says so; returns the first failure, and how many were tried. */
export function fuzz(
  target: FuzzTarget,
  known: readonly Uint8Array[],
  random: Random,
  goesOn: (tried: number) => boolean,
): { failure?: Failure; tried: number } {
  const pool = [...known];
  let tried = 0;
  while (goesOn(tried)) {
    const bytes = mutate(random.pick(pool), random, pool);
    tried++;
    const failure = failureOn(target, bytes);
    if (failure) return { failure, tried };
    // Changes on top of changes reach further than changes of what is well-formed.
    if (pool.length < LARGEST_POOL) pool.push(bytes);
    else if (random.below(4) === 0) pool[known.length + random.below(LARGEST_POOL - known.length)] = bytes;
  }
  return { tried };
}

/** The shortest input that could be made of one that fails, by leaving pieces out. */
export function minimise(target: FuzzTarget, bytes: Uint8Array): Uint8Array {
  let least = bytes;
  for (let piece = Math.ceil(bytes.length / 2); piece >= 1; piece = piece === 1 ? 0 : Math.ceil(piece / 2)) {
    for (let at = 0; at < least.length; ) {
      const shorter = new Uint8Array([...least.subarray(0, at), ...least.subarray(at + piece)]);
      if (failureOn(target, shorter)) least = shorter;
      else at += piece;
    }
  }
  return least;
}
