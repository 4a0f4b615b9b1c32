import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Parser } from '../../src/base/decoder.ts';
import { Decoder } from '../../src/base/decoder.ts';

/** All messages that a parser makes of bytes that arrive in these pieces. */
export function decodeAll<T extends object>(parser: Parser<T>, ...pieces: readonly Uint8Array[]): T[] {
  const decoder = new Decoder(parser);
  const messages: T[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    for (let message = decoder.next(); message !== undefined; message = decoder.next()) messages.push(message);
  }
  return messages;
}

/** Checks that a parser makes `expected` of `bytes` whether they come whole, one by one, cut in two anywhere, or cut at random. */
export function assertSplitSafe<T extends object>(
  parser: () => Parser<T>,
  bytes: Uint8Array,
  expected: readonly T[],
): void {
  assert.deepEqual(decodeAll(parser(), bytes), expected, 'whole');
  assert.deepEqual(decodeAll(parser(), ...cut(bytes, [...bytes.keys()])), expected, 'one by one');
  for (let at = 1; at < bytes.length; at++)
    assert.deepEqual(decodeAll(parser(), ...cut(bytes, [at])), expected, `cut at ${at}`);
  const cuts = fc.array(fc.nat(bytes.length), { maxLength: 10 });
  fc.assert(
    fc.property(cuts, (at) => assert.deepEqual(decodeAll(parser(), ...cut(bytes, at)), expected)),
    { seed: 1, numRuns: 50 },
  );
}

/** The bytes in pieces, cut at these places. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}
