import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Entry, Log } from './log.ts';

interface Timed extends Entry {
  readonly time: number;
}

const entry = (time: number, startable = false, size = 10): Timed => ({ time, startable, size });
const append = (log: Log<Timed>, each: Timed) => log.append(each, each.time);

test('positions are counted from 0 and never used twice', () => {
  const log = new Log<Timed>({ duration: 5, bytes: 1000 });
  for (let time = 0; time < 100; time++) append(log, entry(time, time % 4 === 0));
  assert.equal(log.head, 100);
  assert.equal(log.at(99).time, 99);
  log.clear();
  assert.deepEqual([log.head, log.tail, log.start, log.bytes], [100, 100, undefined, 0]);
  append(log, entry(100, true));
  assert.deepEqual([log.head, log.tail, log.start], [101, 100, 100]);
});

test('entries older than the window go, but never those since the newest startable entry', () => {
  const log = new Log<Timed>({ duration: 10, bytes: 1_000_000 });
  append(log, entry(0, true));
  for (let time = 1; time <= 50; time++) append(log, entry(time));
  assert.equal(log.tail, 0);
  append(log, entry(51, true));
  assert.equal(log.at(log.tail).time, 41);
  assert.equal(log.at(log.start!).time, 51);
});

test('the limit in bytes holds even if the startable entry has to go', () => {
  const log = new Log<Timed>({ duration: 1000, bytes: 100 });
  append(log, entry(0, true));
  for (let time = 1; time <= 20; time++) append(log, entry(time));
  assert.equal(log.bytes, 100);
  assert.equal(log.start, undefined);
  append(log, entry(21, true, 5000));
  assert.equal(log.head - log.tail, 1, 'one entry is kept even if it alone is larger');
});

test('wakers are called after every change until they are taken off', () => {
  const log = new Log<Timed>({ duration: 10, bytes: 100 });
  let calls = 0;
  const off = log.onChange(() => calls++);
  append(log, entry(0));
  log.clear();
  off();
  off();
  append(log, entry(1));
  assert.equal(calls, 2);
});

test('whatever is appended, the window is what a plain array would keep', () => {
  const step = fc.record({ gap: fc.nat(5), startable: fc.boolean(), size: fc.integer({ min: 1, max: 30 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const log = new Log<Timed>({ duration: 20, bytes: 200 });
      let model: { position: number; entry: Timed }[] = [];
      let time = 0;
      for (const [position, { gap, startable, size }] of steps.entries()) {
        time += gap;
        append(log, entry(time, startable, size));
        model.push({ position, entry: entry(time, startable, size) });
        while (model.length > 1 && model.reduce((sum, { entry }) => sum + entry.size, 0) > 200) model.shift();
        const start = model.findLast(({ entry }) => entry.startable)?.position;
        model = model.filter(
          ({ position: at, entry }) => entry.time >= time - 20 || at >= (start ?? position) || at === position,
        );
        assert.equal(log.start, start);
        assert.equal(log.tail, model[0]!.position);
        assert.equal(
          log.bytes,
          model.reduce((sum, { entry }) => sum + entry.size, 0),
        );
        for (const { position: at, entry } of model) assert.deepEqual(log.at(at), entry);
        assert.equal(log.startFrom(0), model.find(({ entry }) => entry.startable)?.position);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});
