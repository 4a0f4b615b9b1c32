import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Random } from '../../test/fuzz/random.ts';
import { MILLISECOND, VirtualClock } from '../base/clock.ts';
import { insist } from '../net/insist.ts';
import { firstPauses } from './way.ts';

/** One way, in milliseconds, and of a hundred packets those that are lost. */
const [HALF_TRIP, LOSS] = [50, 10];
/** A lost packet of a handshake comes again after so long, and twice that the next time. */
const FIRST_TIMEOUT = 1000;
/** Packets there and back of each round trip: the address is proved, keys are agreed on, the origin answers that we are let in. */
const TRIPS = [2, 3, 3];
const RUNS = 400;
const STEP = 5;

/** When a handshake that begins at `from` is over, the origin being there from `since` on; infinite where it takes too long. */
function handshake(random: Random, from: number, since: number): number {
  let at = from;
  for (const packets of TRIPS) {
    for (let timeout = FIRST_TIMEOUT; ; timeout *= 2) {
      const isThrough = Array.from({ length: packets }, () => random.below(100) >= LOSS).every(Boolean);
      if (isThrough && at + HALF_TRIP >= since) break;
      at += timeout;
      if (at - from > 3 * FIRST_TIMEOUT) return Number.POSITIVE_INFINITY;
    }
    at += 2 * HALF_TRIP;
  }
  return at;
}

/** How long after it has come back an origin is reached that was away for so many milliseconds. */
async function reachedAfter(random: Random, away: number, isRefused: boolean): Promise<number> {
  const clock = new VirtualClock();
  const pauses = firstPauses();
  let isReached = false;
  const dial = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = handshake(random, clock.now() / MILLISECOND, away);
    if (Number.isFinite(over)) clock.after(over * MILLISECOND - clock.now(), resolve);
    return promise;
  };
  const refuse = () => {
    if (clock.now() / MILLISECOND >= away) return;
    if (isRefused && random.below(100) >= LOSS) pauses.reset();
    clock.after(500 * MILLISECOND, refuse);
  };
  refuse();
  void insist({ dial, close: () => {} }, { clock, pauses }, new AbortController().signal).then(() => {
    isReached = true;
  });
  while (!isReached) {
    clock.advance(STEP * MILLISECOND);
    await turn();
  }
  return clock.now() / MILLISECOND - away;
}

for (const [name, longest, isRefused, most] of [
  ['as soon as it starts', 0, false, 1300],
  ['after a restart, which it is seen to do', 8000, true, 1000],
  ['after it was not to be seen', 8000, false, 1800],
] as const) {
  test(`over a path that loses a tenth of all packets, 99 of 100 edges reach an origin soon: ${name}`, async () => {
    const random = new Random(1);
    const times: number[] = [];
    for (let i = 0; i < RUNS; i++) times.push(await reachedAfter(random, random.below(longest + 1), isRefused));
    times.sort((a, b) => a - b);
    const [half, nearlyAll] = [times[RUNS / 2]!, times[Math.floor(0.99 * RUNS)]!];
    assert.ok(nearlyAll <= most, `half after ${half} ms, 99 of 100 after ${nearlyAll} ms`);
  });
}
