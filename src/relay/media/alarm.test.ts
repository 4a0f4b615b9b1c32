import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../base/clock.ts';
import { Alarm } from './alarm.ts';

function machine() {
  const polled: number[] = [];
  return {
    polled,
    next: Number.POSITIVE_INFINITY,
    poll(now: number) {
      polled.push(now);
      this.next = now < 3000 ? now + 1000 : Number.POSITIVE_INFINITY;
    },
  };
}

test('a machine is polled when it wants to be, again and again', () => {
  const [clock, wanting] = [new VirtualClock(), machine()];
  const alarm = new Alarm(clock, wanting);
  alarm.set();
  clock.advance(1000);
  wanting.next = 1500;
  alarm.set();
  clock.advance(10_000);
  assert.deepEqual(wanting.polled, [1500, 2500, 3500]);
});

test('a machine that wants to be polled sooner is', () => {
  const [clock, wanting] = [new VirtualClock(), machine()];
  const alarm = new Alarm(clock, wanting);
  for (const next of [9000, 3000]) {
    wanting.next = next;
    alarm.set();
  }
  clock.advance(10_000);
  assert.deepEqual(wanting.polled, [3000]);
});

test('after the end nothing is polled', () => {
  const [clock, wanting] = [new VirtualClock(), machine()];
  const alarm = new Alarm(clock, wanting);
  wanting.next = 1000;
  alarm.set();
  alarm.close();
  alarm.set();
  clock.advance(10_000);
  assert.deepEqual(wanting.polled, []);
});
