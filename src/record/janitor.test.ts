import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recording } from '../hub/recordings.ts';
import { toRemove } from './janitor.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

const recording = (id: string, hoursAgo: number, isFinished = true): Recording => ({
  id,
  file: id,
  path: '__defaultVhost__/live/movie',
  format: 'fmp4',
  isFinished,
  began: NOW - (hoursAgo + 1) * HOUR,
  ended: NOW - hoursAgo * HOUR,
  size: 100,
  video: 1,
  audio: 1,
  missing: 0,
});
const all = [recording('a', 5), recording('b', 4), recording('c', 3), recording('d', 0, false)];
const NEVER = { age: 0, size: 0, free: 0 };

const cases: [what: string, keep: typeof NEVER, free: number, removed: string, isShort: boolean][] = [
  ['by default everything stays', NEVER, 0, '', false],
  ['what is too old goes', { ...NEVER, age: 3.5 * HOUR * 1000 }, 0, 'ab', false],
  ['the oldest go until the rest is within the quota', { ...NEVER, size: 250 }, 0, 'ab', false],
  ['what is being written never goes, but counts', { ...NEVER, size: 50 }, 0, 'abc', false],
  ['the oldest go until enough is free', { ...NEVER, free: 1000 }, 850, 'ab', false],
  ['where nothing is left to go there is too little room', { ...NEVER, free: 1000 }, 500, 'abc', true],
  ['with enough free everything stays', { ...NEVER, free: 1000 }, 1000, '', false],
];

for (const [what, keep, free, removed, isShort] of cases) {
  test(what, () => {
    const found = toRemove(all, keep, free, NOW * 1000);
    assert.equal(found.remove.map(({ id }) => id).join(''), removed);
    assert.equal(found.isShort, isShort);
  });
}
