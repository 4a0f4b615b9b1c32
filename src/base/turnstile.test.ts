import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turnstile } from './turnstile.ts';

test('no more are at work than may be, each in turn, whether they succeed or fail', async () => {
  const turnstile = new Turnstile(2);
  const works = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const begun: number[] = [];
  const done = works.map((work, i) =>
    turnstile.pass(() => {
      begun.push(i);
      return work.promise;
    }),
  );
  const settled = Promise.allSettled(done);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  assert.deepEqual(begun, [0, 1]);
  works[1]!.reject(new Error('no'));
  await turn();
  assert.deepEqual(begun, [0, 1, 2]);
  for (const [i, work] of works.entries()) work.resolve(i);
  const results = await settled;
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed')),
    [0, 'failed', 2, 3, 4],
  );
});
