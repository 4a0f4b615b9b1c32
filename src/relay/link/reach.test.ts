import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { Reach } from './reach.ts';

const ms = (time: number) => time * MILLISECOND;

/** Asks as often as is wanted from one moment up to another, while the other end is heard every 400 ms otherwise if `isHeard`. */
function ask(reach: Reach, from: number, to: number, isHeard = true): void {
  let [askAt, heardAt] = [from, from];
  while (Math.min(askAt, heardAt) < to) {
    if (isHeard && heardAt <= askAt) {
      reach.heardOtherwise(heardAt);
      heardAt += ms(400);
      continue;
    }
    if (!isHeard) heardAt = to;
    reach.asked(askAt);
    if (reach.state === 'blocked') return;
    askAt += reach.isUrgent(askAt) ? ms(50) : ms(200);
  }
}

/** One that was heard at 0. */
function up(): Reach {
  const reach = new Reach(0);
  reach.heard(0);
  return reach;
}

describe('the other end', () => {
  test('is up with the first thing that is heard of it', () => {
    const reach = new Reach(0);
    assert.equal(reach.state, 'asking');
    reach.heard(ms(100));
    assert.deepEqual([reach.state, reach.heardAt], ['up', ms(100)]);
  });

  test('is blocked when it does not answer by UDP and is heard otherwise', () => {
    const reach = new Reach(0);
    ask(reach, 0, SECOND);
    assert.equal(reach.state, 'asking');
    ask(reach, SECOND, 2 * SECOND);
    assert.equal(reach.state, 'blocked');
  });

  test('is not given up for ten lost answers, nor after a moment', () => {
    const reach = up();
    for (let i = 1; i <= 10; i++) {
      reach.heardOtherwise(i * ms(200));
      reach.asked(i * ms(200));
    }
    for (let i = 0; i < 50; i++) reach.asked(2 * SECOND);
    reach.heard(2 * SECOND);
    for (let i = 0; i < 50; i++) reach.asked(2.5 * SECOND);
    assert.equal(reach.state, 'up');
    ask(reach, 2.5 * SECOND, 5 * SECOND);
    assert.equal(reach.state, 'blocked');
  });

  test('is waited for when nothing at all is heard of it', () => {
    const reach = up();
    ask(reach, 0, 100 * SECOND, false);
    assert.equal(reach.state, 'up');
  });

  test('is asked more often as long as there is doubt, but not for ever', () => {
    const reach = up();
    assert.equal(reach.isUrgent(ms(300)), false);
    assert.equal(reach.isUrgent(ms(500)), true);
    for (let i = 0; i < 20; i++) reach.asked(ms(500));
    assert.equal(reach.isUrgent(ms(600)), false);
    reach.heard(ms(700));
    assert.equal(reach.isUrgent(ms(1200)), true);
  });
});

describe('one that is blocked is asked again', () => {
  test('after 5 s, then after twice as long each time, up to five minutes', () => {
    const reach = new Reach(0);
    const pauses: number[] = [];
    for (let now = 0; pauses.length < 9; now = reach.againAt) {
      reach.block(now);
      pauses.push((reach.againAt - now) / SECOND);
      reach.asked(reach.againAt);
      assert.equal(reach.state, 'asking');
    }
    assert.deepEqual(pauses, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
  });

  test('and soon, if it was up for long', () => {
    const reach = up();
    for (let i = 0; i < 5; i++) reach.block(0);
    reach.asked(reach.againAt);
    const since = 100 * SECOND;
    reach.heard(since);
    reach.block(since + SECOND);
    assert.equal(reach.againAt - since - SECOND, 160 * SECOND);
    reach.asked(reach.againAt);
    reach.heard(500 * SECOND);
    reach.block(900 * SECOND);
    assert.equal(reach.againAt, 905 * SECOND);
  });
});

test('the other way counts as steady when it was heard all the time for four seconds', () => {
  const reach = up();
  for (let i = 0; i <= 10; i++) reach.heardOtherwise(i * ms(400));
  assert.equal(reach.isSteadyOtherwise(ms(4000)), false);
  reach.heardOtherwise(ms(4400));
  assert.equal(reach.isSteadyOtherwise(ms(4400)), true);
  assert.equal(reach.isSteadyOtherwise(ms(5500)), false, 'it is silent');
  reach.heardOtherwise(ms(5900));
  assert.equal(reach.isSteadyOtherwise(ms(6000)), false, 'it was silent');
});
