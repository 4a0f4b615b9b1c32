import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRange } from './http-range.ts';

const whole = undefined;
const none = 'unsatisfiable';

const cases: [header: string | undefined, size: number, expected: ReturnType<typeof readRange>][] = [
  [undefined, 100, whole],
  ['bytes=0-', 100, { from: 0, to: 100 }],
  ['bytes=0-0', 100, { from: 0, to: 1 }],
  ['bytes=10-19', 100, { from: 10, to: 20 }],
  ['bytes=90-1000', 100, { from: 90, to: 100 }],
  ['bytes=-10', 100, { from: 90, to: 100 }],
  ['bytes=-1000', 100, { from: 0, to: 100 }],
  ['bytes=-0', 100, none],
  ['bytes=100-', 100, none],
  ['bytes=0-', 0, none],
  ['bytes=-1', 0, none],
  ['bytes=20-10', 100, whole],
  ['bytes=-', 100, whole],
  ['bytes=0-1,5-6', 100, whole],
  ['bytes=a-b', 100, whole],
  ['items=0-1', 100, whole],
  ['bytes=99999999999999999-', 100, whole],
];

for (const [header, size, expected] of cases) {
  test(`${header} of ${size} bytes is ${JSON.stringify(expected) ?? 'everything'}`, () => {
    assert.deepEqual(readRange(header, size), expected);
  });
}
