import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LinkSimulation } from '../../../test/support/link-simulation.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { AutoLatency, USUAL_AUTO } from './auto.ts';
import { USUAL_POLICY } from './copies.ts';
import { forecast } from './forecast.ts';
import { Path } from './path.ts';
import type { Protection } from './protection.ts';
import type { ReceiverCounters } from './stream-receiver.ts';

const ms = (time: number) => time * MILLISECOND;
const NONE: ReceiverCounters = {
  received: 0,
  lost: 0,
  bursts: 0,
  repaired: 0,
  abandoned: 0,
  unasked: 0,
  late: 0,
  duplicates: 0,
  forged: 0,
  requests: 0,
  records: 0,
  skipped: 0,
  restored: 0,
  parity: 0,
};

/** An auto latency on a path of 100 ms that has seen 100 packets a second of this loss, from `from` up to `to` seconds. */
function auto(from = ms(500)) {
  const path = new Path();
  path.learn({ item: 'pong', sent: 0, received: 0, held: 0 }, ms(100));
  const auto = new AutoLatency(path, from);
  const counters = { ...NONE };
  let now = 0;
  const run = (seconds: number, loss: number, burst = 1) => {
    for (let i = 0; i < seconds; i++) {
      auto.observe({ ...counters }, now);
      now += SECOND;
      counters.received += 1000 * (1 - loss);
      counters.lost += 1000 * loss;
      counters.bursts += (1000 * loss) / burst;
    }
  };
  return { auto, counters, run };
}

describe('a forecast', () => {
  test('gets better with latency and worse with loss, bursts and the round trip', () => {
    const base = { loss: 0.1, burst: 1, rtt: ms(100), jitter: 0 };
    const residual = (change: object, latency = ms(400)) => forecast({ ...base, ...change }, latency).residual;
    for (let latency = ms(100); latency < ms(1000); latency += ms(50)) {
      assert.ok(residual({}, latency + ms(100)) <= Math.max(residual({}, latency), 1e-7), `${latency}`);
    }
    for (const worse of [{ loss: 0.2 }, { burst: 8 }, { rtt: ms(150) }, { jitter: ms(30) }]) {
      assert.ok(residual(worse) > residual({}), JSON.stringify(worse));
    }
    assert.deepEqual(forecast({ ...base, loss: 0 }, 0), { residual: 0, repairs: 0 });
    assert.deepEqual(forecast(base, ms(50)), { residual: 0.1, repairs: 0 });
  });

  test('is of the order that the simulation gives', () => {
    const cells: [loss: number, burst: number, latency: number][] = [
      [0.1, 1, 200],
      [0.2, 1, 300],
      [0.1, 5, 300],
    ];
    for (const [loss, burst, latency] of cells) {
      const way = { loss, burst, delay: ms(50) };
      const simulation = new LinkSimulation({
        seed: 1,
        duration: 40 * SECOND,
        latency: ms(latency),
        down: way,
        up: way,
      }).run();
      const seen = simulation.packets.abandoned / simulation.packets.sent;
      const expected = forecast({ loss, burst, rtt: ms(100), jitter: 0 }, ms(latency));
      assert.ok(expected.residual < 12 * seen && expected.residual > seen / 12, `${expected.residual} and ${seen}`);
      assert.ok(
        Math.abs(expected.repairs - simulation.overhead) < 0.08,
        `${expected.repairs} and ${simulation.overhead}`,
      );
    }
  });
});

describe('an automatic latency', () => {
  test('rises at once to what the loss needs', () => {
    const { auto: tuned, run } = auto(ms(100));
    run(6, 0.1);
    assert.ok(tuned.latency >= ms(300) && tuned.latency <= ms(500), `${tuned.latency}`);
    assert.ok(forecast(tuned.conditions, tuned.latency).residual <= USUAL_AUTO.target);
  });

  test('falls step by step, and only after a while in which less was enough', () => {
    const { auto: tuned, run } = auto(ms(700));
    run(20, 0.05);
    assert.equal(tuned.latency, ms(700));
    run(30, 0.05);
    assert.ok(tuned.latency < ms(700) && tuned.latency > ms(450), `${tuned.latency}`);
    run(120, 0.05);
    const low = tuned.latency;
    assert.ok(low < ms(450), `${low}`);
    run(60, 0.05);
    assert.equal(tuned.latency, low);
  });

  test('knows bursts by how many packets are missing at a time', () => {
    const [single, bursty] = [auto(ms(100)), auto(ms(100))];
    single.run(30, 0.1);
    bursty.run(30, 0.1, 6);
    assert.ok(bursty.auto.latency > single.auto.latency);
  });

  test('goes as far as it may and spends more where nothing suffices', () => {
    const { auto: tuned, run } = auto();
    run(6, 0.02);
    assert.equal(tuned.policy, USUAL_POLICY);
    const narrow = new AutoLatency(new Path(), ms(100), { target: 1e-9, least: ms(100), most: ms(150) });
    narrow.observe(NONE, 0);
    narrow.observe({ ...NONE, received: 900, lost: 100, bursts: 90 }, 2 * SECOND);
    assert.equal(narrow.latency, ms(150));
    assert.ok(narrow.policy.spare > USUAL_POLICY.spare);
  });

  test('says in one line what is achieved, and what would be better', () => {
    const { auto: tuned, run } = auto(ms(480));
    run(4, 0.081);
    const counters = { ...NONE, received: 919_000, lost: 81_000, repaired: 80_997, abandoned: 3, duplicates: 10_000 };
    assert.match(
      tuned.summary(tuned.outcome(counters)),
      /^loss 8\.1 %, residual 3e-6 at 480 ms, overhead 9\.9 %(; \d+ ms would give 1e-6)?$/,
    );
    const fitted = { span: ms(50), loss: 0.081, left: 0.081, burst: 1, target: 1e-5 };
    const protectedBy = { ...NONE, received: 919, lost: 81, restored: 81, parity: 184 };
    const lineOf = (protection: Protection) => tuned.summary(tuned.outcome(protectedBy, protection));
    assert.match(lineOf(fitted), /^loss 8\.1 %, residual 1e-5 at 480 ms, overhead 20\.0 %/);
    assert.match(lineOf({ span: ms(50), share: 0.2 }), /residual 0 at 480 ms/);
    const { auto: poor, run: runPoor } = auto(ms(220));
    runPoor(1, 0.1);
    assert.equal(poor.summary(poor.outcome(NONE)), 'loss 0.0 %, residual 0 at 220 ms, overhead 0.0 %');
    const low = new AutoLatency(new Path(), ms(240), { ...USUAL_AUTO, target: 1 });
    low.observe(NONE, 0);
    low.observe({ ...NONE, received: 900, lost: 100, bursts: 100 }, 2 * SECOND);
    assert.match(
      low.summary(low.outcome({ ...counters, abandoned: 3000 })),
      /residual 3e-3 at 240 ms, .*; \d+ ms would give 1e-3$/,
    );
  });
});
