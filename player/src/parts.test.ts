import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '../../src/base/bytes.ts';
import { readFragments } from '../../src/container/fmp4/read-fragments.ts';
import { madeStream } from '../../test/support/made-stream.ts';
import { VIDEO } from '../../test/support/tracks.ts';
import { FAST, mayBegin, pace, Target } from './pace.ts';
import { Stalls } from './stalls.ts';
import { TrackWriter } from './track-writer.ts';

const pictures = (from: number, to: number) => madeStream(from, to).filter(({ track }) => track.kind === 'video');

test('every frame is written once, with its own duration, and the newest waits for the next', () => {
  const frames = pictures(0, 2);
  const writer = new TrackWriter(VIDEO);
  const pieces: Uint8Array[] = [];
  for (const [i, frame] of frames.entries()) {
    // Another line describes the same track by another object.
    writer.write(i < 20 ? frame : { ...frame, track: { ...VIDEO } });
    if (i % 3 === 0) pieces.push(...writer.flush());
  }
  pieces.push(...writer.flush());
  const [init, ...rest] = pieces;
  assert.equal(Buffer.from(init!).toString('latin1', 4, 8), 'ftyp');
  assert.deepEqual(
    readFragments(concat(rest)).video.map(({ dts }) => dts),
    frames.slice(0, -1).map(({ dts }) => dts),
  );
});

test('a change of configuration comes as an init segment between the frames', () => {
  const writer = new TrackWriter(VIDEO);
  const changed = { ...VIDEO, width: 1280, config: Uint8Array.of(9) };
  for (const frame of pictures(0, 0.2)) writer.write(frame);
  for (const frame of pictures(0.2, 0.4)) writer.write({ ...frame, track: changed });
  const types = writer.flush().map((bytes) => Buffer.from(bytes).toString('latin1', 4, 8));
  assert.deepEqual(types, ['ftyp', 'moof', 'ftyp', 'moof']);
});

test('one who is behind plays faster until the target, and one who is far behind jumps', () => {
  const cases: [ahead: number, last: number, rate: number, jump: boolean][] = [
    [0.5, 1, 1, false],
    [1.4, 1, 1, false],
    [1.6, 1, FAST, false],
    [1, FAST, FAST, false],
    [0.7, FAST, 1, false],
    [5, 1, FAST, true],
  ];
  for (const [ahead, last, rate, jump] of cases)
    assert.deepEqual(pace({ ahead, target: 0.8, needed: 0 }, last), { rate, jump }, `${ahead} at ${last}`);
});

test('a switch that needs time gets it by playing slower', () => {
  assert.ok(pace({ ahead: 0.8, target: 0.8, needed: 1.5 }, 1).rate < 1);
  assert.deepEqual(pace({ ahead: 6, target: 0.8, needed: 1.5 }, FAST), { rate: 1, jump: false });
});

test('playing begins with the usual reserve, and without it when that has not come in its own time', () => {
  assert.ok(mayBegin(0.8, 0));
  assert.ok(!mayBegin(0.79, 0.79));
  assert.ok(mayBegin(0.04, 0.8));
});

test('stalls make the reserve larger, up to a limit, and calm makes it smaller again', () => {
  const target = new Target();
  const usual = target.at(0);
  target.stalled(1000);
  assert.ok(target.at(2000) > usual);
  for (let i = 0; i < 20; i++) target.stalled(3000);
  assert.equal(target.at(4000), 3);
  for (let minute = 1; minute <= 20; minute++) target.at(4000 + minute * 61_000);
  assert.equal(target.at(4000 + 21 * 61_000), usual);
});

test('what the viewer noticed is the start, and each stop of the picture that is long enough', () => {
  const stalls = new Stalls(1000);
  const told: number[] = [];
  const timeAt = (now: number) =>
    now < 1400 ? 0 : now < 3000 ? now : now < 3300 ? 3000 : now < 4000 ? now : now < 4080 ? 4000 : now;
  for (let now = 1000; now <= 5000; now += 40) if (stalls.look(now, timeAt(now))) told.push(now);
  const { start, stalls: count, stalled } = stalls.experience;
  assert.equal(start, 400);
  assert.deepEqual([count, told.length], [1, 1]);
  assert.ok(Math.abs(stalled - 300) <= 80, `${stalled}`);
});

test('a pause is no stall', () => {
  const stalls = new Stalls(0);
  for (let now = 0; now < 1000; now += 40) stalls.look(now, now);
  for (let now = 1000; now < 3000; now += 40) stalls.rest();
  for (let now = 3000; now < 4000; now += 40) stalls.look(now, now);
  assert.equal(stalls.experience.stalls, 0);
});
