import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MILLISECOND, SECOND } from '../base/clock.ts';
import { Timeline } from './timeline.ts';
import type { Kind } from './track.ts';

const ms = (time: number) => time * MILLISECOND;

interface Arrival {
  kind: Kind;
  input: number;
  now: number;
}

/** Interleaved audio and video of `duration`, arriving in real time; `bend` turns true times into what the encoder writes. */
function* encoder(duration: number, bend: (time: number, kind: Kind) => number): Generator<Arrival> {
  const steps: [Kind, number][] = [
    ['video', ms(40)],
    ['audio', 23_220],
  ];
  const arrivals = steps.flatMap(([kind, step]) =>
    Array.from({ length: Math.floor(duration / step) }, (_, i) => ({ kind, time: i * step })),
  );
  arrivals.sort((a, b) => a.time - b.time);
  for (const { kind, time } of arrivals) yield { kind, input: bend(time, kind), now: time };
}

function place(
  timeline: Timeline,
  arrivals: Iterable<Arrival>,
  offset = 0,
): { kind: Kind; input: number; output: number }[] {
  return Array.from(arrivals, ({ kind, input, now }) => ({
    kind,
    input,
    output: timeline.place(kind, input, now + offset),
  }));
}

/** How far audio is from video on the output, against the input, at every frame. */
function drifts(placed: { kind: Kind; input: number; output: number }[]): number[] {
  const shift: Partial<Record<Kind, number>> = {};
  return placed.map(({ kind, input, output }) => {
    shift[kind] = output - input;
    return Math.abs((shift.audio ?? shift.video!) - (shift.video ?? shift.audio!));
  });
}

function assertMonotonic(placed: { kind: Kind; output: number }[]): void {
  const last = new Map<Kind, number>();
  for (const { kind, output } of placed) {
    assert.ok(output >= (last.get(kind) ?? Number.NEGATIVE_INFINITY), `${kind} goes back to ${output}`);
    last.set(kind, output);
  }
}

test('an orderly input keeps its own times', () => {
  const timeline = new Timeline();
  for (const { input, output } of place(
    timeline,
    encoder(10 * SECOND, (time) => time + ms(5000)),
  )) {
    assert.equal(output, input);
  }
  assert.deepEqual(timeline.counters, { jumps: 0, reanchored: 0, held: 0 });
});

const commonJumps = [-3_600_000, -5000, -1000, -100, -70, -41, 5000, 60_000, 3_600_000];
for (const jump of commonJumps) {
  test(`a jump of ${jump} ms common to both tracks becomes a plain step and leaves audio with video`, () => {
    const timeline = new Timeline();
    const placed = place(
      timeline,
      encoder(20 * SECOND, (time) => time + ms(7200_000) + (time >= 10 * SECOND ? ms(jump) : 0)),
    );
    assertMonotonic(placed);
    const settled = drifts(placed).slice(-400);
    assert.ok(Math.max(...settled) <= ms(1), `drift ${Math.max(...settled)}`);
    assert.equal(timeline.counters.jumps, 1);
    assert.equal(timeline.counters.reanchored, 0);
    const end = placed.at(-1)!;
    assert.ok(Math.abs(end.output - ms(7200_000) - 20 * SECOND) < ms(200), 'no time is gained or lost');
  });
}

test('a jump of one track alone is anchored anew to its course, and counted', () => {
  for (const kind of ['audio', 'video'] as const) {
    const timeline = new Timeline();
    const bend = (time: number, of: Kind) => time + (of === kind && time >= 5 * SECOND ? ms(100_000) : 0);
    const placed = place(timeline, encoder(20 * SECOND, bend));
    assertMonotonic(placed);
    for (const { output, input, kind: of } of placed) if (of !== kind) assert.equal(output, input);
    assert.deepEqual(timeline.counters, { jumps: 1, reanchored: 1, held: 0 });
    const last = placed.findLast((frame) => frame.kind === kind)!;
    assert.ok(Math.abs(last.output - 20 * SECOND) < ms(200));
  }
});

test('a track that jumps away and back finds its old relation to the other again', () => {
  const timeline = new Timeline();
  const bend = (time: number, of: Kind) =>
    time + (of === 'audio' && time >= 5 * SECOND && time < 9 * SECOND ? ms(100_000) : 0);
  const placed = place(timeline, encoder(20 * SECOND, bend));
  assertMonotonic(placed);
  assert.ok(Math.max(...drifts(placed).slice(-300)) <= ms(1));
});

test('a pause of the encoder is no jump', () => {
  const timeline = new Timeline();
  assert.equal(timeline.place('video', 0, 0), 0);
  assert.equal(timeline.place('video', 30 * SECOND, 30 * SECOND + ms(50)), 30 * SECOND);
  assert.equal(timeline.counters.jumps, 0);
});

test('a small step back is held, and its track goes on with the same relation', () => {
  const timeline = new Timeline();
  const inputs = [0, 23, 46, 40, 69, 92].map(ms);
  const outputs = inputs.map((input) => timeline.place('audio', input, input));
  assert.deepEqual(outputs, [0, 23, 46, 46, 69, 92].map(ms));
  assert.deepEqual(timeline.counters, { jumps: 0, reanchored: 0, held: 1 });
});

test('the frames of a publisher that returns come after the pause, in their own relation', () => {
  const timeline = new Timeline();
  place(
    timeline,
    encoder(10 * SECOND, (time) => time),
  );
  timeline.restart();
  const returned = place(
    timeline,
    encoder(10 * SECOND, (time, kind) => time + ms(kind === 'audio' ? 0 : 80)),
    15 * SECOND,
  );
  assertMonotonic(returned);
  assert.ok(Math.abs(returned[0]!.output - 15 * SECOND) < ms(100));
  assert.ok(Math.max(...drifts(returned)) <= ms(1));
  assert.equal(timeline.counters.jumps, 0);
});

test('a publisher whose audio and video clocks have nothing to do with each other is put together by arrival', () => {
  const timeline = new Timeline();
  const placed = place(
    timeline,
    encoder(5 * SECOND, (time, kind) => time + (kind === 'audio' ? 86_400 * SECOND : 0)),
  );
  const [audio, video] = [placed.findLast((f) => f.kind === 'audio')!, placed.findLast((f) => f.kind === 'video')!];
  assert.ok(Math.abs(audio.output - video.output) < ms(200));
  assert.equal(timeline.counters.reanchored, 1);
});

const jumps = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 30_000 }),
    by: fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer({ min: -4_000_000_000, max: 4_000_000_000 })),
    of: fc.constantFrom('both', 'audio', 'video'),
  }),
  { maxLength: 6 },
);
const bent = (list: { at: number; by: number; of: string }[]) => (time: number, kind: Kind) =>
  list.reduce((sum, { at, by, of }) => sum + (time >= ms(at) && (of === 'both' || of === kind) ? ms(by) : 0), time);

test('whatever the input does, no track ever goes back', () => {
  fc.assert(
    fc.property(jumps, fc.array(fc.nat(3000), { maxLength: 3 }), (list, returns) => {
      const timeline = new Timeline();
      const all: { kind: Kind; input: number; output: number }[] = [];
      let offset = 0;
      for (const pause of [0, ...returns]) {
        offset += ms(pause);
        all.push(...place(timeline, encoder(10 * SECOND, bent(list)), offset));
        offset += 10 * SECOND;
        timeline.restart();
      }
      assertMonotonic(all);
    }),
    { seed: 2, numRuns: 60 },
  );
});

test('jumps common to both tracks never take audio more than 40 ms from video', () => {
  const common = jumps.map((list) => list.map((jump, i) => ({ ...jump, at: 3000 + i * 4000, of: 'both' })));
  fc.assert(
    fc.property(common, (list) => {
      const placed = place(new Timeline(), encoder(30 * SECOND, bent(list)));
      assertMonotonic(placed);
      // Between one track's jump and the next frame of the other there is nothing to compare: two frames of audio at most.
      const apart = drifts(placed).filter((drift) => drift > ms(40)).length;
      assert.ok(apart <= 3 * list.length, `${apart} frames apart after ${list.length} jumps`);
    }),
    { seed: 3, numRuns: 300 },
  );
});
