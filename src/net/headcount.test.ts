import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Family } from '../../test/support/family.ts';
import { MILLISECOND, VirtualClock } from '../base/clock.ts';
import { Headcount } from './headcount.ts';
import { noSiblings } from './siblings.ts';

test('one process counts its own', () => {
  const count = new Headcount('tests', noSiblings(), new VirtualClock());
  for (const address of ['a', 'a', 'b']) count.enter(address);
  count.leave('b');
  assert.deepEqual([count.own, count.total, count.from('a'), count.from('b')], [2, 2, 2, 0]);
});

test('workers know a moment later who came to the others, by address, and forget one that is lost', async () => {
  const [clock, family] = [new VirtualClock(), new Family()];
  const [one, two] = [1, 2].map((worker) => new Headcount('tests', family.join(worker), clock)) as [
    Headcount,
    Headcount,
  ];
  await turn();
  one.enter('a');
  one.enter('b');
  two.enter('a');
  assert.equal(two.total, 1);
  clock.advance(100 * MILLISECOND);
  assert.deepEqual([one.total, one.from('a'), one.own], [3, 2, 2]);
  assert.deepEqual([two.total, two.from('a'), two.from('b'), two.own], [3, 2, 1, 1]);
  one.leave('b');
  clock.advance(100 * MILLISECOND);
  assert.deepEqual([two.total, two.from('b')], [2, 0]);
  family.lose(1);
  assert.deepEqual([two.total, two.from('a')], [1, 1]);
});

test('a worker that begins learns who is there, and what changes while it asks is newer', async () => {
  const [clock, family] = [new VirtualClock(), new Family()];
  const one = new Headcount('tests', family.join(1), clock);
  for (const address of ['a', 'a', 'b']) one.enter(address);
  clock.advance(100 * MILLISECOND);
  const answer = Promise.withResolvers<void>();
  family.delay = answer.promise;
  const two = new Headcount('tests', family.join(2), clock);
  one.leave('a');
  clock.advance(100 * MILLISECOND);
  answer.resolve();
  await turn();
  assert.deepEqual([two.total, two.from('a'), two.from('b')], [2, 1, 1]);
});
