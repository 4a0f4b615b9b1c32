import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SECOND, VirtualClock } from '../../base/clock.ts';
import { watchPulse } from './pulse.ts';

async function seconds(clock: VirtualClock, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    clock.advance(SECOND);
    await turn();
  }
}

test('one that does not answer ten times in a row hangs, one that answers late does not', async () => {
  const clock = new VirtualClock();
  let [hangs, asked] = [0, 0];
  let answer = Promise.withResolvers<void>();
  const ask = () => {
    asked++;
    return answer.promise;
  };
  watchPulse(clock, ask, () => hangs++);
  await seconds(clock, 9);
  answer.resolve();
  answer = Promise.withResolvers();
  await turn();
  await seconds(clock, 9);
  assert.equal(hangs, 0);
  await seconds(clock, 5);
  assert.deepEqual([hangs, asked], [1, 20]);
});

test('one that answers is left alone, and one that is not watched any more', async () => {
  const clock = new VirtualClock();
  let hangs = 0;
  let ask = async () => {};
  const stop = watchPulse(
    clock,
    () => ask(),
    () => hangs++,
  );
  await seconds(clock, 30);
  ask = () => new Promise(() => {});
  await seconds(clock, 5);
  stop();
  await seconds(clock, 30);
  assert.equal(hangs, 0);
});
