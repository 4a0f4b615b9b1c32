import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../base/errors.ts';
import type { Kind } from '../../media/track.ts';
import { readOrder, writeOrder } from './order.ts';

const KINDS: Readonly<Record<string, Kind>> = { v: 'video', a: 'audio' };
const kindsOf = (letters: string) => Array.from(letters, (letter) => KINDS[letter]!);

const cases: [letters: string, order: string][] = [
  ['', '00'],
  ['v', '10'],
  ['a', '01'],
  ['vaav', '1210'],
  ['avv', '0120'],
  ['v'.repeat(40), 'z050'],
  ['a'.repeat(36), '0z01'],
];
for (const [letters, order] of cases)
  test(`the order of ${letters || 'nothing'} is ${order}`, () => {
    assert.equal(writeOrder(kindsOf(letters)), order);
    assert.deepEqual([...readOrder(order)], kindsOf(letters));
  });

test('orders that are put together are the order of all', () => {
  const kinds = fc.array(fc.constantFrom<Kind>('video', 'audio'), { maxLength: 100 });
  fc.assert(
    fc.property(fc.array(kinds, { maxLength: 5 }), (parts) =>
      assert.deepEqual([...readOrder(parts.map(writeOrder).join(''))], parts.flat()),
    ),
    { seed: 2 },
  );
});

test('other characters are refused', () => assert.throws(() => [...readOrder('1?')], ProtocolError));
