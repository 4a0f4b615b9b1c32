import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplayWindow } from './replay-window.ts';

test('each counter is accepted once, in any order that stays within reach', () => {
  const window = new ReplayWindow();
  for (const counter of [0, 2, 1, 500, 3, 1023, 2 ** 47, 2 ** 47 - 1000]) {
    assert.equal(window.accept(counter), true, `${counter} is new`);
    assert.equal(window.accept(counter), false, `${counter} is not new`);
  }
});

test('what is too old to be told apart is refused', () => {
  const window = new ReplayWindow();
  assert.equal(window.accept(5000), true);
  assert.equal(window.accept(5000 - 1023), true);
  assert.equal(window.accept(5000 - 1024), false);
  assert.equal(window.accept(0), false);
});

test('it agrees with a set of all that were seen', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -700, max: 900 }), { maxLength: 400 }), (steps) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      let [newest, counter] = [-1, 2000];
      for (const step of steps) {
        counter = Math.max(0, counter + step);
        const expected = counter > newest - 1024 && !seen.has(counter);
        assert.equal(window.accept(counter), expected, `${counter} after ${newest}`);
        seen.add(counter);
        newest = Math.max(newest, counter);
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});
