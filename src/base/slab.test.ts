import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Slab } from './slab.ts';

test('pieces are zeroed, of their size, and never overlap', () => {
  const sizes = fc.array(fc.oneof(fc.nat(100), fc.nat(5000)), { maxLength: 50, size: 'max' });
  const property = fc.property(sizes, (lengths) => {
    const slab = new Slab();
    const pieces = lengths.map((length, i) => {
      const piece = slab.take(length);
      assert.ok(piece.every((byte) => byte === 0));
      return piece.fill(i + 1);
    });
    pieces.forEach((piece, i) => {
      assert.equal(piece.length, lengths[i]);
      assert.ok(piece.every((byte) => byte === i + 1));
    });
  });
  fc.assert(property, { seed: 1, numRuns: 50 });
});

test('small pieces share memory, large ones have their own', () => {
  const slab = new Slab();
  const [first, second, large] = [slab.take(100), slab.take(100), slab.take(10_000)];
  assert.equal(first!.buffer, second!.buffer);
  assert.equal(large!.buffer.byteLength, 10_000);
});
