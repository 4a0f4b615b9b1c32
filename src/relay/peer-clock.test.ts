import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import { PeerClock } from './peer-clock.ts';

/** Two ends with clocks that differ, and a path between them. */
class Pair {
  now = 0;
  readonly #ahead: number;
  readonly near = new PeerClock({ wall: () => 1e15 + this.now });
  readonly far = new PeerClock({ wall: () => 1e15 + this.now + this.#ahead });

  constructor(ahead: number) {
    this.#ahead = ahead;
  }

  /** Either end says something, the far one first: it arrives after so long. */
  exchange(up: number, down: number, pause = 0.4 * SECOND): void {
    const told = this.far.sign();
    this.now += down;
    this.near.read(told);
    this.now += pause;
    const answer = this.near.sign();
    this.now += up;
    this.far.read(answer);
    this.now += pause;
  }
}

test('a clock is not known before an answer to what one has said', () => {
  const pair = new Pair(5 * SECOND);
  assert.equal(pair.near.ahead, undefined);
  pair.near.read(pair.far.sign());
  assert.equal(pair.near.ahead, undefined);
  pair.far.read(pair.near.sign());
  assert.equal(pair.far.ahead, -5 * SECOND);
});

test('both ends know what the other clock shows, however far apart they are and however long they wait to answer', () => {
  for (const ahead of [0, -3600 * SECOND, 7 * SECOND]) {
    const pair = new Pair(ahead);
    for (let i = 0; i < 20; i++) pair.exchange(60 * MILLISECOND, 60 * MILLISECOND);
    assert.ok(Math.abs(pair.near.ahead! - ahead) < 1, `${pair.near.ahead}`);
    assert.ok(Math.abs(pair.far.ahead! + ahead) < 1, `${pair.far.ahead}`);
  }
});

test('messages that were held up on the way do not matter beside some that were not', () => {
  const pair = new Pair(SECOND);
  for (let i = 0; i < 40; i++) pair.exchange(5 * MILLISECOND, i % 3 === 0 ? 5 * MILLISECOND : 900 * MILLISECOND);
  assert.ok(Math.abs(pair.near.ahead! - SECOND) < MILLISECOND, `${pair.near.ahead}`);
});

test('of a path that is slower one way half the difference is taken for one of clocks', () => {
  const pair = new Pair(0);
  for (let i = 0; i < 10; i++) pair.exchange(10 * MILLISECOND, 30 * MILLISECOND);
  assert.ok(Math.abs(pair.near.ahead! + 10 * MILLISECOND) < 1, `${pair.near.ahead}`);
});
