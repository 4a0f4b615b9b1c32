import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { type Counted, Rates } from './rates.ts';

/** Counters to which so many bytes come and go each second. */
function setUp() {
  const clock = new VirtualClock();
  const counters = { bytesIn: 0, bytesOut: 0 };
  const counted: Counted = [clock.wall(), counters];
  const rates = new Rates(clock, () => [counted]);
  const run = (seconds: number, bytesIn: number, bytesOut = 0) => {
    for (let i = 0; i < seconds; i++) {
      counters.bytesIn += bytesIn;
      counters.bytesOut += bytesOut;
      clock.advance(SECOND);
    }
  };
  return { clock, counted, rates, run };
}

test('a steady rate is told right from the first second on', () => {
  const { counted, rates, run } = setUp();
  for (let second = 1; second <= 100; second++) {
    run(1, 125_000, 250_000);
    assert.deepEqual(rates.of(counted), { recv_30s: 1000, send_30s: 2000 }, `after ${second} s`);
  }
});

test('within thirty seconds nothing is left of what was before', () => {
  const { counted, rates, run } = setUp();
  run(60, 125_000);
  run(15, 0);
  const { recv_30s: half } = rates.of(counted);
  assert.ok(half > 200 && half < 800, String(half));
  run(15, 0);
  assert.deepEqual(rates.of(counted), { recv_30s: 0, send_30s: 0 });
});

test('in its first second nobody is told to be faster than he is', () => {
  const { clock, counted, rates, run } = setUp();
  run(0, 0);
  (counted[1] as { bytesIn: number }).bytesIn = 1000;
  clock.advance(1000);
  assert.equal(rates.of(counted).recv_30s, 8);
});

test('what was never listed has its average since it began', () => {
  const { clock, rates } = setUp();
  const stranger: Counted = [clock.wall(), { bytesIn: 0, bytesOut: 50_000 }];
  clock.advance(4 * SECOND);
  assert.deepEqual(rates.of(stranger), { recv_30s: 0, send_30s: 100 });
});

test('after stop() nobody looks any more', () => {
  const clock = new VirtualClock();
  let looks = 0;
  const rates = new Rates(clock, () => (looks++, []));
  clock.advance(25 * SECOND);
  rates.stop();
  clock.advance(100 * SECOND);
  assert.equal(looks, 2);
});
