import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import type { Publishing } from '../hub/stream.ts';
import { watchGaps } from './silence.ts';

/** A publisher in the hands of the test, and what is done about it. */
function rig() {
  const clock = new VirtualClock();
  const publisher = { lastArrival: 0, closed: false };
  const calls: string[] = [];
  const note = (what: string) => () => void calls.push(`${what} at ${clock.now() / MILLISECOND}`);
  const stop = watchGaps(publisher as Publishing, clock, { silent: note('silent'), heard: note('heard') });
  const send = () => {
    publisher.lastArrival = clock.now();
  };
  return { clock, publisher, calls, stop, send };
}

test('a silence of more than a second is told, again every second, and its end', () => {
  const { clock, calls, send } = rig();
  for (let i = 0; i < 50; i++) {
    clock.advance(40 * MILLISECOND);
    send();
  }
  assert.deepEqual(calls, []);
  clock.advance(2500 * MILLISECOND);
  send();
  clock.advance(SECOND);
  assert.deepEqual(calls, ['silent at 3100', 'silent at 4200', 'heard at 4600']);
});

test('a publisher with long gaps may be silent three times as long', () => {
  const { clock, calls, send } = rig();
  clock.advance(900 * MILLISECOND);
  send();
  clock.advance(2700 * MILLISECOND);
  assert.deepEqual(calls, []);
  clock.advance(200 * MILLISECOND);
  assert.equal(calls.length, 1);
});

test('one that has closed, or is watched no more, is nobody to wait for', () => {
  const [closed, left] = [rig(), rig()];
  closed.publisher.closed = true;
  left.stop();
  for (const { clock, calls } of [closed, left]) {
    clock.advance(10 * SECOND);
    assert.deepEqual(calls, []);
  }
});
