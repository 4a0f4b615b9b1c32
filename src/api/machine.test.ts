import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import { Machine } from './machine.ts';

test('the machine is looked at once a second at most', async () => {
  const clock = new VirtualClock();
  const machine = new Machine(clock);
  const first = machine.usage();
  clock.advance(999 * MILLISECOND);
  assert.equal(machine.usage(), first);
  clock.advance(1 * MILLISECOND);
  const second = machine.usage();
  assert.notEqual(second, first);
  assert.equal((await second).self.pid, (await first).self.pid);
});

test('the share of a processor is that since the look before', async () => {
  const clock = new VirtualClock();
  const machine = new Machine(clock);
  await machine.usage();
  const before = process.cpuUsage();
  while (process.cpuUsage(before).user < 20 * MILLISECOND) Math.random();
  clock.advance(SECOND);
  const { self } = await machine.usage();
  assert.ok(self.cpu_percent >= 0.02 && self.cpu_percent < 5, String(self.cpu_percent));
});

test('secrets of the command line are masked', async (t) => {
  const { argv } = process;
  t.after(() => (process.argv = argv));
  process.argv = ['node', 'main.ts', '--admin-token=abc'];
  assert.equal((await new Machine(new VirtualClock()).usage()).self.argv, 'node main.ts --admin-token=***');
});
