import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../base/bytes.ts';
import { pesHeader, toTicks } from './pes.ts';

const headers: Record<string, { args: Parameters<typeof pesHeader>; hex: string }> = {
  'one time where both are the same': { args: [0xc0, 0, 0, 10], hex: '000001c00012848005' + '2100010001' },
  'two times': { args: [0xe0, 80_000, 40_000, 1000], hex: '000001e003f584c00a' + '3100013841' + '1100011c21' },
  'video too long for its length': { args: [0xe0, 0, 0, 70_000], hex: '000001e00000848005' + '2100010001' },
  'the last tick before the wrap': {
    args: [0xc0, 95_443_717_678, 95_443_717_678, 1],
    hex: '000001c00009848005' + '2fffffffff',
  },
  'the first tick after it': {
    args: [0xc0, 95_443_717_689, 95_443_717_689, 1],
    hex: '000001c00009848005' + '2100010001',
  },
};

for (const [what, { args, hex }] of Object.entries(headers))
  test(`a header with ${what}`, () => {
    assert.equal(toHex(pesHeader(...args)), hex);
  });

test('microseconds become the nearest tick, before and after any wrap', () => {
  const property = fc.property(fc.integer({ min: -(10 ** 14), max: 10 ** 14 }), (time) => {
    const hundredths = BigInt(time) * 9n + 50n;
    const ticks = hundredths / 100n - (hundredths % 100n < 0n ? 1n : 0n);
    assert.equal(BigInt(toTicks(time)), BigInt.asUintN(33, ticks));
  });
  fc.assert(property, { seed: 1, numRuns: 2000 });
});
