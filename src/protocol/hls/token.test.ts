import assert from 'node:assert/strict';
import { test } from 'node:test';
import { homeOf, newToken, TOKEN } from './token.ts';

test('a token tells the worker that made it, and no two are alike', () => {
  for (const worker of [1, 2, 64]) {
    const tokens = Array.from({ length: 100 }, () => newToken(worker));
    assert.equal(new Set(tokens).size, 100);
    for (const token of tokens) {
      assert.match(token, new RegExp(`^${TOKEN}$`));
      assert.equal(homeOf(token), worker);
    }
  }
});

test('one that nobody made is some worker’s, or nobody’s', () => {
  assert.equal(homeOf(`hls-${'_'.repeat(22)}`), 255);
  assert.equal(homeOf('hls-short'), 0);
});
