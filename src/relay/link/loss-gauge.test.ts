import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LossGauge } from './loss-gauge.ts';

test('loss is learnt from what a stream counts, smoothly', () => {
  const gauge = new LossGauge();
  assert.equal(gauge.loss, 0.05);
  let before = { received: 0, lost: 0 };
  for (let i = 1; i <= 60; i++) {
    const after = { received: i * 80, lost: i * 20 };
    assert.ok(gauge.learn(before, after));
    before = after;
  }
  assert.ok(Math.abs(gauge.loss - 0.2) < 0.001, `${gauge.loss}`);
});

test('too few packets tell nothing, nor do counts that are older than those before', () => {
  const gauge = new LossGauge();
  const counts = { received: 100, lost: 100 };
  assert.equal(gauge.learn(counts, { received: 120, lost: 110 }), false);
  assert.equal(gauge.learn(counts, { received: 20, lost: 200 }), false);
  assert.equal(gauge.loss, 0.05);
});

test('packets that came late after all do not make it negative', () => {
  const gauge = new LossGauge();
  assert.ok(gauge.learn({ received: 100, lost: 10 }, { received: 200, lost: 5 }));
  assert.ok(gauge.loss > 0 && gauge.loss < 0.05);
});
