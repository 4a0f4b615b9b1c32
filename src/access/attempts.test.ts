import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { Attempts } from './attempts.ts';

function setUp() {
  const clock = new VirtualClock();
  const attempts = new Attempts(clock);
  const fail = (remote: string, times = 1) => {
    for (let i = 0; i < times; i++) attempts.fail(remote);
  };
  return { clock, attempts, fail };
}

test('the tenth wrong token within a minute blocks the address for a minute', () => {
  const { clock, attempts, fail } = setUp();
  fail('192.0.2.1', 9);
  clock.advance(50 * SECOND);
  assert.ok(!attempts.isBlocked('192.0.2.1'));
  fail('192.0.2.1');
  assert.ok(attempts.isBlocked('192.0.2.1'));
  assert.ok(!attempts.isBlocked('192.0.2.2'));
  clock.advance(59 * SECOND);
  assert.ok(attempts.isBlocked('192.0.2.1'));
  clock.advance(1 * SECOND);
  assert.ok(!attempts.isBlocked('192.0.2.1'));
});

test('wrong tokens are forgotten after a minute', () => {
  const { clock, attempts, fail } = setUp();
  for (let i = 0; i < 20; i++) {
    fail('192.0.2.1', 5);
    clock.advance(60 * SECOND);
  }
  assert.ok(!attempts.isBlocked('192.0.2.1'));
});

test('addresses of IPv6 count by their first half, however they are written', () => {
  const pairs: [failing: string, other: string, same: boolean][] = [
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', true],
    ['2001:db8::1', '2001:db8:0:0:1::', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['::1', '::2', true],
    ['::1', '2001:db8::1', false],
  ];
  for (const [failing, other, same] of pairs) {
    const { attempts, fail } = setUp();
    fail(failing, 10);
    assert.equal(attempts.isBlocked(other), same, `${failing} and ${other}`);
  }
});

test('of very many addresses the oldest is forgotten', () => {
  const { attempts, fail } = setUp();
  fail('192.0.2.1', 10);
  for (let i = 0; i < 9_999; i++) fail(`10.0.${i >> 8}.${i & 255}`);
  assert.ok(attempts.isBlocked('192.0.2.1'));
  fail('192.0.2.2');
  assert.ok(!attempts.isBlocked('192.0.2.1'));
});
