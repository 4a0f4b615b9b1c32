import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefusedError } from '../../base/errors.ts';
import { readMoment, writeMoment } from './moment.ts';

const NOW = Date.parse('2026-11-26T08:10:00Z') * 1000;
const at = (text: string) => readMoment(new URLSearchParams(`from=${text}`), NOW);

const cases: [text: string, time: string][] = [
  ['-600s', '2026-11-26T08:00:00.000Z'],
  ['-10m', '2026-11-26T08:00:00.000Z'],
  ['-1.5h', '2026-11-26T06:40:00.000Z'],
  ['-0s', '2026-11-26T08:10:00.000Z'],
  ['2026-11-26T08:00:00Z', '2026-11-26T08:00:00.000Z'],
  ['2026-11-26T08:00:00.250Z', '2026-11-26T08:00:00.250Z'],
  ['2026-11-26T08:00Z', '2026-11-26T08:00:00.000Z'],
  ['2026-11-26T16:00:00%2B08:00', '2026-11-26T08:00:00.000Z'],
  ['2026-11-26T16:00:00+08:00', '2026-11-26T08:00:00.000Z'],
  ['2026-11-26T03:00:00-0500', '2026-11-26T08:00:00.000Z'],
];
for (const [text, time] of cases)
  test(`from=${text} is ${time}`, () => {
    const moment = at(text)!;
    assert.equal(writeMoment(moment), time);
    assert.equal(at(writeMoment(moment)), moment, 'and stays so, whenever it is used');
  });

test('the start is the start, and nothing is nothing', () => {
  assert.equal(at('start'), Number.NEGATIVE_INFINITY);
  assert.equal(writeMoment(Number.NEGATIVE_INFINITY), 'start');
  assert.equal(readMoment(new URLSearchParams(), NOW), undefined);
});

for (const text of ['', '600s', '-600', '-1d', '-99999999s', 'end', '2026-11-26', '2026-13-26T08:00:00Z', '1764144000'])
  test(`from=${text} is refused`, () => assert.throws(() => at(text), RefusedError));
