import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { Restarts } from './restarts.ts';

test('after its first end a worker is started again at once, then later and later, and at last not at all', () => {
  const restarts = new Restarts();
  const pauses = Array.from({ length: 6 }, () => restarts.next(SECOND));
  assert.deepEqual(pauses, [0, 500 * MILLISECOND, 1 * SECOND, 2 * SECOND, 4 * SECOND, undefined]);
});

test('one that has run for a while before may end as often as it likes', () => {
  const restarts = new Restarts();
  for (let i = 0; i < 3; i++) restarts.next(SECOND);
  for (let i = 0; i < 20; i++) assert.equal(restarts.next(30 * SECOND), 0);
  assert.equal(restarts.next(SECOND), 500 * MILLISECOND);
});
