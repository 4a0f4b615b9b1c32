import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { Way } from './datagram.ts';
import { Hearing } from './hearing.ts';

/** Judged five times a second; a packet every two milliseconds. */
const LOOK = 200 * MILLISECOND;
const PACKETS = 100;

/** A stream that is judged, of which in each step the edge hears what `hears` says. */
class Run {
  readonly hearing = new Hearing(0);
  readonly ways: Way[] = [];
  head = 0;
  now = 0;

  /** Goes on for so long; a sequence is heard if it says so. */
  for(time: number, hears: (sequence: number) => boolean, packets = PACKETS): this {
    for (const end = this.now + time; this.now < end; this.now += LOOK) {
      for (let i = 0; i < packets; i++, this.head++) if (hears(this.head)) this.hearing.heard(this.head, this.now);
      this.hearing.look(this.head, this.now + LOOK);
      if (this.ways.at(-1) !== this.hearing.way) this.ways.push(this.hearing.way);
    }
    return this;
  }
}

const all = () => true;
const none = () => false;
/** One of so many is lost. */
const allBut = (nth: number) => (sequence: number) => sequence % nth !== 0;

test('an edge that hears what is pushed takes it from there at once', () => {
  assert.deepEqual(new Run().for(LOOK, all).ways, ['pushed']);
});

test('what came before a group was joined does not count against it', () => {
  assert.deepEqual(new Run().for(SECOND, none).for(SECOND, all).ways, ['trial', 'pushed']);
});

test('an edge that hears nothing keeps to its own way, and tries again after pauses that grow', () => {
  const run = new Run();
  const trials: number[] = [];
  for (let minute = 0; minute < 60; minute++) {
    const before = run.ways.filter((way) => way === 'trial').length;
    run.for(60 * SECOND, none);
    if (run.ways.filter((way) => way === 'trial').length > before) trials.push(minute);
    assert.ok(!run.ways.includes('pushed'));
  }
  assert.deepEqual(trials, [0, 1, 3, 7, 15, 31, 47]);
});

test('a stream that rests is not judged', () => {
  const run = new Run().for(10 * SECOND, none, 0);
  assert.deepEqual(run.ways, ['trial']);
  assert.deepEqual(run.for(SECOND, all).for(10 * SECOND, none, 0).ways, ['trial', 'pushed']);
});

test('loss that is repaired is borne, as on any path', () => {
  assert.deepEqual(new Run().for(60 * SECOND, allBut(8)).ways, ['pushed']);
});

test('an edge that loses a third of what is pushed does not take it, and leaves it', () => {
  assert.deepEqual(new Run().for(20 * SECOND, allBut(3)).ways, ['trial', 'own']);
  assert.deepEqual(new Run().for(SECOND, all).for(20 * SECOND, allBut(3)).ways, ['pushed', 'own']);
});

test('an edge that hears nothing any more is back within two looks, and returns when it hears it again', () => {
  const run = new Run().for(20 * SECOND, all).for(2 * LOOK, none);
  assert.deepEqual(run.ways, ['pushed', 'own']);
  assert.deepEqual(run.for(61 * SECOND, all).ways, ['pushed', 'own', 'trial', 'pushed']);
});

test('the same packet counts once, however often it is sent', () => {
  const run = new Run();
  run.hearing.heard(0, 0);
  for (let i = 0; i < 1000; i++) run.hearing.heard(1, 0);
  assert.deepEqual(run.for(10 * SECOND, none).ways, ['trial', 'own']);
});

test('who hears nothing for a moment asks how far the stream has come, as long as he has it from there', () => {
  const { hearing } = new Run().for(SECOND, all);
  assert.equal(hearing.asksAt, SECOND + 60 * MILLISECOND);
  hearing.heard(10_000, 2 * SECOND);
  assert.equal(hearing.asksAt, 2 * SECOND + 60 * MILLISECOND);
  assert.equal(new Run().for(SECOND, none).hearing.asksAt, Number.POSITIVE_INFINITY);
});
