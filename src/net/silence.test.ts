import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import type { Publishing } from '../hub/stream.ts';
import { watchSilence } from './silence.ts';

const PATIENCE = { firstFrameTimeout: 20 * SECOND, idleTimeout: 3 * SECOND };

/** A publisher that sends once a second from one second to another one; resolves to when it was closed, and why. */
function closing(from: number, to: number): [seconds: number, reason: string][] {
  const clock = new VirtualClock();
  const publisher = { lastArrival: clock.now() };
  const closed: [number, string][] = [];
  let second = 0;
  const stop = watchSilence(
    publisher as Publishing,
    () => second > from,
    PATIENCE,
    clock,
    ({ message }) => closed.push([second, message]),
  );
  for (; second < 60; second++) {
    clock.advance(SECOND);
    if (second >= from && second < to) publisher.lastArrival = clock.now();
  }
  stop();
  return closed;
}

describe('a publisher is closed once', () => {
  test('when nothing came in time', () => {
    assert.deepEqual(closing(60, 60), [[19, 'no frame came in time']]);
  });

  for (const to of [2, 10, 40])
    test(`as soon as it has been silent for too long, after ${to} seconds`, () => {
      assert.deepEqual(closing(1, to), [[to + 2, 'the publisher fell silent']]);
    });
});

test('a publisher that sends is left alone, and so is one of whom nobody wants to know any more', () => {
  assert.deepEqual(closing(1, 60), []);
});
