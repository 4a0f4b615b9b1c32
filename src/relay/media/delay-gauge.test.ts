import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DelayGauge } from './delay-gauge.ts';

test('the share asked for is not above the quantile, of the records of late', () => {
  const gauge = new DelayGauge();
  assert.equal(gauge.quantile(0.5), 0);
  for (let delay = 100; delay > 0; delay--) gauge.observe(delay);
  assert.deepEqual([gauge.quantile(0.5), gauge.quantile(0.99), gauge.quantile(1)], [51, 100, 100]);
  for (let i = 0; i < 1024; i++) gauge.observe(7);
  assert.equal(gauge.quantile(0.99), 7);
});
