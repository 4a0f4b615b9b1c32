import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeReadings, Series } from './series.ts';

const NAMES = ['viewers', 'delay'] as const;

test('a series has the newest rows, in their order, and no more than its size', () => {
  const series = new Series(NAMES, 3);
  for (let slot = 10; slot <= 14; slot++) series.put(slot, { viewers: slot });
  assert.deepEqual(series.read(14), {
    slots: [12, 13, 14],
    columns: { viewers: [12, 13, 14], delay: [null, null, null] },
  });
  assert.deepEqual(series.read(14, 13).slots, [14]);
  assert.deepEqual(series.read(14, 14).slots, []);
});

test('rows that have become too old are not told, though nothing has taken their place', () => {
  const series = new Series(NAMES, 3);
  series.put(10, { viewers: 1 });
  series.put(12, { viewers: 2 });
  assert.deepEqual(series.read(12).slots, [10, 12]);
  assert.deepEqual(series.read(13).slots, [12]);
});

test('several readings become one, row by row, of what is known', () => {
  const [one, other] = [new Series(NAMES, 4), new Series(NAMES, 4)];
  one.put(1, { viewers: 1, delay: 5 });
  one.put(2, { viewers: 2 });
  other.put(2, { viewers: 10, delay: 7 });
  const add = (_: string, values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  assert.deepEqual(mergeReadings([one.read(4), other.read(4)], NAMES, add), {
    slots: [1, 2],
    columns: { viewers: [1, 12], delay: [5, 7] },
  });
});
