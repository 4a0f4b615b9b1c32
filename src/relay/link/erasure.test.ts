import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { equalBytes } from '../../base/bytes.ts';
import { MOST_ROWS, MOST_SYMBOLS, parityOf, restore } from './erasure.ts';

const symbol = fc.uint8Array({ minLength: 1, maxLength: 40 });

/** A symbol as it is restored: as long as the longest. */
function padded(symbol: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(symbol);
  return bytes;
}

/** Restores `symbols` without those of `lost` from the rows `rows`, and compares. */
function check(symbols: readonly Uint8Array[], lost: readonly number[], rows: readonly number[]): void {
  const parity = rows.map((row) => ({ row, bytes: parityOf(symbols, row, 1)[0]! }));
  const kept = symbols.map((symbol, column) => (lost.includes(column) ? undefined : symbol));
  const restored = restore(kept, parity)!;
  assert.deepEqual(new Set(restored.keys()), new Set(lost));
  for (const [column, bytes] of restored) {
    assert.ok(equalBytes(bytes, padded(symbols[column]!, bytes.length)), `symbol ${column}`);
  }
}

describe('the erasure code', () => {
  test('restores whatever is missing from any rows that are as many', () => {
    const losses = fc
      .integer({ min: 1, max: 20 })
      .chain((count) =>
        fc.tuple(
          fc.array(symbol, { minLength: count, maxLength: count + 20 }),
          fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: count }),
          fc.uniqueArray(fc.nat(MOST_ROWS - 1), { minLength: count, maxLength: count + 3 }),
        ),
      );
    fc.assert(
      fc.property(losses, ([symbols, lost, rows]) => check(symbols, lost, rows)),
      { seed: 1, numRuns: 300 },
    );
  });

  test('restores all of the largest group from parity alone', () => {
    const symbols = Array.from({ length: MOST_SYMBOLS }, (_, i) => new Uint8Array(9).fill(i));
    check(symbols, [...symbols.keys()], [...symbols.keys()]);
  });

  test('has the plain XOR for its first row, as long as the longest symbol', () => {
    const symbols = [Uint8Array.of(1, 2, 3), Uint8Array.of(4), Uint8Array.of(8, 0x80)];
    assert.deepEqual(parityOf(symbols, 0, 1), [Uint8Array.of(13, 0x82, 3)]);
  });

  test('makes the same rows one by one and together', () => {
    const symbols = Array.from({ length: 11 }, (_, i) => Uint8Array.from({ length: 30 + i }, (_, j) => i * 17 + j * j));
    const together = parityOf(symbols, 3, 10);
    assert.deepEqual(
      together,
      together.map((_, i) => parityOf(symbols, 3 + i, 1)[0]),
    );
  });

  test('restores nothing from too few rows, and needs none when nothing is missing', () => {
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
    const [row] = parityOf([a, b], 5, 1);
    assert.equal(restore([undefined, undefined], [{ row: 5, bytes: row! }]), undefined);
    assert.deepEqual(restore([a, b], []), new Map());
  });

  test('refuses groups larger than it has coefficients for', () => {
    const symbols = new Array<Uint8Array>(MOST_SYMBOLS + 1).fill(new Uint8Array(1));
    assert.throws(() => parityOf(symbols, 0, 1));
    assert.throws(() => parityOf(symbols.slice(1), MOST_ROWS - 1, 2));
  });
});
