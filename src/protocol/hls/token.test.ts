import assert from 'node:assert/strict';
import { test } from 'node:test';
import { homeElsewhere, newToken, TOKEN } from './token.ts';

test('a token tells the worker that made it, and no two are alike', () => {
  for (const worker of [1, 2, 64]) {
    const tokens = Array.from({ length: 100 }, () => newToken(worker));
    assert.equal(new Set(tokens).size, 100);
    for (const token of tokens) {
      assert.match(token, new RegExp(`^${TOKEN}$`));
      assert.equal(homeElsewhere(token, { worker: 3, count: 64 }), worker);
      assert.equal(homeElsewhere(token, { worker, count: 64 }), undefined);
    }
  }
});

test('one that nobody of this node made is dealt with by whoever is asked', () => {
  for (const token of [`hls-${'_'.repeat(22)}`, `hls-${'A'.repeat(22)}`, 'hls-short', newToken(9)])
    assert.equal(homeElsewhere(token, { worker: 1, count: 8 }), undefined);
});
