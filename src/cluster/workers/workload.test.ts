import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../../base/clock.ts';
import { Workload } from './workload.ts';

const turn = () => new Promise(setImmediate);

test('workers are as busy together as each says, asked again every second', async () => {
  const clock = new VirtualClock();
  const [one, two] = [
    { cpu: 0.1004, streams: 1, viewers: 5, bitrate: 100 },
    { cpu: 0.2, streams: 2, viewers: 0, bitrate: 50 },
  ];
  let answers: object[] = [one, two];
  const workload = new Workload(clock, async () => answers);
  await turn();
  assert.deepEqual(workload.sum, { cpu: 0.3, streams: 3, viewers: 5, bitrate: 150 });
  answers = [two];
  clock.advance(SECOND);
  await turn();
  assert.deepEqual(workload.sum, two);
  workload.close();
  answers = [];
  clock.advance(SECOND);
  await turn();
  assert.deepEqual(workload.sum, two);
});
