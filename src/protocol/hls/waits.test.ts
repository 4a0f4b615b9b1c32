import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../base/clock.ts';
import { Waits } from './waits.ts';

test('each who waits is told when it is there, or when its own time is over', async () => {
  const clock = new VirtualClock();
  const waits = new Waits(clock);
  let value = 0;
  const results: string[] = [];
  const wait = (least: number, time: number) =>
    waits.until(() => value >= least, time).then((inTime) => results.push(`${least} ${inTime}`));
  void wait(0, 1);
  void wait(2, 10);
  void wait(1, 30);
  void wait(3, 20);
  const after = async (time: number, next: number) => {
    clock.advance(time);
    value = next;
    waits.wake();
    await Promise.resolve();
    await Promise.resolve();
    return results.splice(0);
  };
  assert.deepEqual(await after(0, 0), ['0 true']);
  assert.deepEqual(await after(5, 1), ['1 true']);
  assert.deepEqual(await after(5, 1), ['2 false']);
  assert.deepEqual(await after(9, 1), []);
  assert.deepEqual(await after(1, 3), ['3 false']);
  void wait(4, 10);
  assert.deepEqual(await after(10, 3), ['4 false']);
});
