import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { USUAL_POLICY } from './copies.ts';
import { FecTrial, protectionFor, strongest } from './fec.ts';
import type { PathConditions } from './forecast.ts';
import { rowsFor } from './protection.ts';
import type { ReceiverCounters } from './stream-receiver.ts';

const ms = (time: number) => time * MILLISECOND;
const PATH: PathConditions = { loss: 0.05, burst: 1, rtt: ms(100), jitter: 0 };

function wanted(latency: number, change: Partial<PathConditions> = {}) {
  return protectionFor('auto', { ...PATH, ...change }, ms(latency), USUAL_POLICY);
}

describe('auto', () => {
  test('protects where the latency leaves no time for repairs, and not where there is time, no loss, or no time at all', () => {
    for (const latency of [100, 150, 200, 300]) assert.ok(wanted(latency), `${latency} ms`);
    for (const latency of [0, 50, 360, 500, 5000]) assert.equal(wanted(latency), undefined, `${latency} ms`);
    assert.equal(wanted(150, { loss: 0 }), undefined);
    assert.equal(wanted(150, { loss: 5e-6 }), undefined);
  });

  test('has parity come in time for its packets to be handed over', () => {
    for (const jitter of [0, ms(5)]) {
      for (let latency = 80; latency <= 340; latency += 10) {
        const protection = wanted(latency, { jitter });
        if (!protection) continue;
        const spread = ms(Math.max(10, latency / 10));
        assert.ok(spread + 1.25 * protection.span + ms(50) + 2 * jitter < ms(latency), `${latency} ms`);
      }
    }
  });

  test('wants more where more is lost, and less where repairs do a part of it', () => {
    const rows = (latency: number, change: Partial<PathConditions>) => rowsFor(wanted(latency, change)!, 32);
    assert.ok(rows(150, { loss: 0.1 }) > rows(150, {}));
    assert.ok(rows(150, { burst: 4 }) > rows(150, {}));
    assert.ok(rows(200, {}) < rows(150, {}));
  });

  test('takes what is nearly the same for the same', () => {
    assert.deepEqual(wanted(150, { loss: 0.0505, burst: 1.05, rtt: ms(100.6) }), wanted(150));
  });
});

test('a share is what is said wherever there is time, whatever is lost', () => {
  const share = (latency: number) => protectionFor(0.2, { ...PATH, loss: 0 }, ms(latency), USUAL_POLICY);
  assert.equal(share(60), undefined);
  assert.deepEqual(share(150), { span: ms(50), share: 0.2 });
  assert.deepEqual(share(2000), { span: ms(100), share: 0.2 });
  assert.equal(protectionFor('off', PATH, ms(150), USUAL_POLICY), undefined);
});

test('of several protections the strongest is the one with the most parity', () => {
  const [weak, strong] = [wanted(200), wanted(150, { loss: 0.1 })];
  assert.equal(strongest([undefined, weak, strong, undefined]), strong);
  assert.equal(strongest([undefined]), undefined);
});

describe('a trial of parity', () => {
  const steady = { span: ms(50), share: 0.5 };

  /** Looks five times a second while so many in a thousand packets are missing, as a function of whether there is parity. */
  function trying(missing: (isProtected: boolean, second: number) => number) {
    const trial = new FecTrial();
    const counters = { received: 0, lost: 0, abandoned: 0 };
    const seconds: boolean[] = [];
    let isProtected = false;
    return (until: number) => {
      for (let now = seconds.length; now < until; now++) {
        for (let look = 0; look < 5; look++) {
          const allowed = trial.allow(steady, { ...counters } as ReceiverCounters, 0, now * SECOND + look * ms(200));
          isProtected = allowed !== undefined;
          counters.received += 100;
          counters.abandoned += missing(isProtected, now) / 10;
        }
        seconds.push(isProtected);
      }
      return seconds;
    };
  }

  test('goes on for ever where parity helps, though not all of it', () => {
    const run = trying((isProtected) => (isProtected ? 20 : 100));
    assert.ok(run(100).slice(10).every(Boolean));
  });

  test('goes on where little is missing with or without', () => {
    assert.ok(trying(() => 5)(100).every(Boolean));
  });

  test('ends soon where parity makes nothing better, and is made again ever more seldom', () => {
    const run = trying(() => 100);
    const share = (from: number, to: number) => run(to).slice(from, to).filter(Boolean).length / (to - from);
    assert.ok(share(0, 20) < 0.7);
    assert.ok(share(300, 1000) < 0.03);
    assert.ok(share(1000, 3000) > 0);
  });

  test('does not count what was sent before parity was', () => {
    const trial = new FecTrial();
    const counters = { received: 0, lost: 0, abandoned: 0 } as ReceiverCounters;
    let [since, times] = [Number.POSITIVE_INFINITY, 0];
    for (let now = 0; now < 60 * SECOND; now += ms(200)) {
      const allowed = trial.allow(now > 10 * SECOND ? steady : undefined, { ...counters }, ms(1200), now);
      if (allowed) [since, times] = [Math.min(since, now), times + 1];
      counters.received += 100;
      if (now < since + ms(1200)) counters.abandoned += 4;
    }
    assert.equal(times, 249);
  });

  test('ends as well where delays that parity makes leave no room for it', () => {
    const trial = new FecTrial();
    const counters = { received: 0, lost: 0, abandoned: 0 } as ReceiverCounters;
    let times = 0;
    for (let look = 0; look < 5000; look++) {
      const wanted = look % 10 < 3 ? steady : undefined;
      if (trial.allow(wanted, counters, 0, look * ms(200))) times++;
    }
    assert.ok(times > 10 && times < 100, `${times} of 1500`);
  });

  test('forgets what was when parity helps again', () => {
    const run = trying((isProtected, second) => (second < 100 || !isProtected ? 100 : 0));
    assert.ok(run(400).slice(300).every(Boolean));
  });
});
