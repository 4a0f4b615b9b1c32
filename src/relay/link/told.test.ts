import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from './datagram.ts';
import { Told } from './told.ts';

function report(ssrc: number, received: number, lost: number): Report {
  return { item: 'report', ssrc, received, lost, repaired: lost - 1, abandoned: 1, queue: 0, rtt: 0, jitter: 0 };
}

test('nothing is known before an edge has told', () => {
  const told = new Told();
  assert.equal(told.of(1), undefined);
  assert.equal(told.total, undefined);
  told.end(1);
  assert.equal(told.total, undefined);
});

test('the newest report of each stream counts, also of those that are over', () => {
  const told = new Told();
  told.take(report(1, 90, 10));
  told.take(report(1, 180, 20));
  told.take(report(2, 45, 5));
  assert.deepEqual(told.of(1), { packets: 200, lost: 20, repaired: 19, residual: 1 });
  assert.deepEqual(told.total, { packets: 250, lost: 25, repaired: 23, residual: 2 });
  told.end(1);
  assert.equal(told.of(1), undefined);
  assert.deepEqual(told.total, { packets: 250, lost: 25, repaired: 23, residual: 2 });
  told.take(report(1, 9, 1));
  told.end(1);
  assert.deepEqual(told.total, { packets: 260, lost: 26, repaired: 23, residual: 3 });
});
