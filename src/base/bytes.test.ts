import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, equalBytes, fromHex, toHex } from './bytes.ts';

test('parts are put one after another', () => {
  assert.deepEqual(concat([fromHex('01'), fromHex(''), fromHex('0203')]), fromHex('010203'));
  assert.deepEqual(concat([]), fromHex(''));
  const only = fromHex('01');
  assert.equal(concat([only]), only);
});

test('bytes are equal if they are the same and as many', () => {
  assert.ok(equalBytes(fromHex(''), fromHex('')));
  assert.ok(equalBytes(fromHex('0102'), fromHex('000102').subarray(1)));
  assert.ok(!equalBytes(fromHex('0102'), fromHex('0103')));
  assert.ok(!equalBytes(fromHex('0102'), fromHex('01')));
});

test('hexadecimal digits are read with or without blanks, in either case', () => {
  assert.deepEqual(fromHex('00 aB\nff'), Uint8Array.of(0, 0xab, 0xff));
  assert.equal(toHex(Uint8Array.of(0, 0xab, 0xff)), '00abff');
});

test('bytes come back from their hexadecimal digits', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => equalBytes(fromHex(toHex(bytes)), bytes)),
    { seed: 1 },
  );
});
