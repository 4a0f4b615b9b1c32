import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeStream } from '../../test/support/made-stream.ts';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import type { Sample } from '../media/frame.ts';
import { Course, type CourseReport } from './course.ts';

const MENDED = { jumps: 0, reanchored: 0, held: 0 };
/** A scale of arrivals that has nothing to do with that of timestamps. */
const BEGINNING = 5000 * SECOND;

/** When a frame of such a time comes, and what its timestamp is. */
type Bend = (time: number, sample: Sample) => number;

/** How a stream was that came for so many seconds, in time with its frames unless told otherwise. */
function run(seconds: number, came: Bend = (time) => time, dts: Bend = (time) => time, epoch = 1): CourseReport {
  const course = new Course(MENDED);
  feed(course, seconds, came, dts, epoch);
  return course.report(BEGINNING + seconds * SECOND);
}

function feed(course: Course, seconds: number, came: Bend, dts: Bend, epoch: number, from = 0): void {
  let latest = 0;
  for (const sample of madeStream(from, from + seconds)) {
    // What is behind a late frame cannot overtake it.
    latest = Math.max(latest, came(sample.dts, sample));
    course.note(sample, dts(sample.dts, sample), BEGINNING + latest, epoch, BEGINNING + latest);
  }
}

const worst = ({ stretches }: CourseReport) => Math.max(...stretches.map(({ lateness }) => lateness));

test('an orderly stream is in time, its sound with its picture', () => {
  const report = run(20);
  assert.ok(worst(report) < MILLISECOND);
  assert.ok(Math.abs(report.skew!) < MILLISECOND && Math.abs(report.drift!) < MILLISECOND);
  assert.ok(report.stretches.every(({ longestGop }) => longestGop === SECOND));
  assert.ok(report.stretches.slice(0, -1).every(({ videoFrames }) => Math.abs(videoFrames - 50) <= 1));
  assert.ok(report.openGop < SECOND);
});

test('it remembers a minute, and forgets what was before', () => {
  const { stretches } = run(100);
  assert.equal(stretches.length, 30);
  const [first, last] = [stretches[0]!, stretches.at(-1)!];
  assert.ok(last.end - first.begin > 57 * SECOND && last.end - first.begin <= 60 * SECOND);
  const course = new Course(MENDED);
  feed(
    course,
    10,
    (time) => time,
    (time) => time,
    1,
  );
  assert.equal(course.report(BEGINNING + 80 * SECOND).stretches.length, 0);
});

test('what comes late after a pause of the way is late by as much, and in time again when that has caught up', () => {
  const isCut = (time: number) => time > 6 * SECOND && time < 7.5 * SECOND;
  const report = run(20, (time) => (isCut(time) ? 7.5 * SECOND : time));
  assert.ok(Math.abs(worst(report) - 1.5 * SECOND) < 50 * MILLISECOND);
  assert.equal(report.stretches.filter(({ lateness }) => lateness > MILLISECOND).length, 1);
});

test('a pause of the encoder itself is no lateness, but pictures were missing', () => {
  const isPaused = (time: number) => time > 6 * SECOND && time < 7.5 * SECOND;
  const course = new Course(MENDED);
  for (const sample of madeStream(0, 20)) {
    if (!isPaused(sample.dts)) course.note(sample, sample.dts, sample.dts, 1, sample.dts);
  }
  const report = course.report(20 * SECOND);
  assert.ok(worst(report) < MILLISECOND);
  assert.ok(report.stretches.some(({ longestStep }) => longestStep >= 1.5 * SECOND));
});

test('an encoder with a poor clock is not late', () => {
  assert.ok(worst(run(60, (time) => time * 1.0005)) < 5 * MILLISECOND);
  assert.ok(worst(run(60, (time) => time * 0.9995)) < 5 * MILLISECOND);
});

test('sound whose timestamps go slower than those of the picture drifts', () => {
  const report = run(
    20,
    (time) => time,
    (time, { track }) => (track.kind === 'audio' ? time * 0.99 : time),
  );
  assert.ok(Math.abs(report.drift! - 130 * MILLISECOND) < 40 * MILLISECOND, `${report.drift}`);
});

test('sound that comes later than its picture is apart from it, and does not drift', () => {
  const report = run(
    20,
    (time) => time,
    (time, { track }) => (track.kind === 'audio' ? time - 800 * MILLISECOND : time),
  );
  assert.ok(Math.abs(report.skew! - 800 * MILLISECOND) < 25 * MILLISECOND);
  assert.ok(Math.abs(report.drift!) < 25 * MILLISECOND);
});

test('what the last publisher was like is not laid to the next one', () => {
  const course = new Course(MENDED);
  const late: Bend = (time) => (time > 4 * SECOND ? time + 2 * SECOND : time);
  feed(course, 10, late, (time) => time, 1);
  const plain: Bend = (time) => time + 5 * SECOND;
  feed(course, 10, plain, (time) => time, 2, 10);
  const { stretches, running } = course.report(BEGINNING + 25 * SECOND);
  const own = stretches.filter(({ epoch }) => epoch === 2);
  assert.ok(own.length >= 5 && own.every(({ lateness, longestGop }) => lateness < MILLISECOND && longestGop <= SECOND));
  assert.equal(running, 10 * SECOND);
});

test('a stream without key frames is as long without as it lasts', () => {
  const course = new Course(MENDED);
  for (const sample of madeStream(0, 12).filter(
    ({ track, keyframe, dts }) => track.kind === 'audio' || !keyframe || dts === 0,
  ))
    course.note(sample, sample.dts, sample.dts, 1, sample.dts);
  assert.ok(course.report(12 * SECOND).openGop > 11.9 * SECOND);
});

test('jumps are of the stretch in which they were mended', () => {
  const mended = { ...MENDED };
  const course = new Course(mended);
  for (const sample of madeStream(0, 8)) {
    if (sample.dts > 5 * SECOND) mended.jumps = 2;
    course.note(sample, sample.dts, sample.dts, 1, sample.dts);
  }
  const { stretches } = course.report(8 * SECOND);
  assert.deepEqual(
    stretches.map(({ jumps }) => jumps),
    [0, 0, 2, 0],
  );
});
