import { concat } from '../../src/base/bytes.ts';
import type { Random } from './random.ts';

const LARGEST = 8192;
const MOST_CHANGES = 6;
/** What length fields, counts and markers are likely to be wrong with. */
const EXTREMES = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff];

type Change = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

const CHANGES: readonly Change[] = [
  (bytes, random) => replaced(bytes, random.below(bytes.length), (byte) => byte ^ (1 << random.below(8))),
  (bytes, random) => replaced(bytes, random.below(bytes.length), () => random.below(256)),
  (bytes, random) => replaced(bytes, random.below(bytes.length), () => random.pick(EXTREMES)),
  (bytes, random) => filled(bytes, random, random.pick([0, 0xff])),
  (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  (bytes, random) => without(bytes, random.below(bytes.length), 1 + random.below(8)),
  (bytes, random) => repeated(bytes, random.below(bytes.length), 1 + random.below(16), 1 + random.below(32)),
  (bytes, random, others) => spliced(bytes, random.pick(others), random),
];

/** Another input made of one that is known, by a few changes such as a hostile peer would make. */
export function mutate(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  let changed = bytes;
  for (let left = 1 + random.below(MOST_CHANGES); left > 0; left--) {
    if (changed.length === 0) changed = Uint8Array.of(random.below(256));
    changed = random.pick(CHANGES)(changed, random, others).slice(0, LARGEST);
  }
  return changed;
}

function replaced(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = change(copy[at]!);
  return copy;
}

/** Two to eight bytes set to the same value: the ends of what a length field can say. */
function filled(bytes: Uint8Array, random: Random, value: number): Uint8Array {
  const at = random.below(bytes.length);
  return bytes.slice().fill(value, at, at + 2 + random.below(7));
}

function without(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
}

function repeated(bytes: Uint8Array, at: number, length: number, times: number): Uint8Array {
  const piece = bytes.subarray(at, at + length);
  return concat([bytes.subarray(0, at), ...Array<Uint8Array>(times).fill(piece), bytes.subarray(at)]);
}

function spliced(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  return concat([bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1))]);
}
