import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../base/bytes.ts';
import { ProtocolError } from '../../base/errors.ts';
import { h264Track } from '../../codec/h264/config.ts';
import { mp3Track } from '../../codec/mp3/frame.ts';
import type { Sample } from '../../media/frame.ts';
import { fragment, type Run } from './fragment.ts';
import { readFragments } from './read-fragments.ts';

const TRACKS = {
  video: h264Track(Uint8Array.of(1, 66, 192, 30, 255, 224, 0)),
  audio: mp3Track(Uint8Array.of(0xff, 0xfb, 0x90, 0)),
} as const;

/** A run of frames from `start` on, of steps in microseconds. */
function run(kind: 'video' | 'audio', start: number, steps: readonly number[]): Run {
  let dts = start;
  const frames = steps.map((step, i): Sample => {
    const isVideo = kind === 'video';
    const data = Uint8Array.from({ length: step % 50 }, (_, at) => at + i);
    const frame = {
      track: TRACKS[kind],
      dts,
      pts: isVideo ? dts + step - 20 : dts,
      keyframe: !isVideo || i === 0,
      data,
    };
    dts += step;
    return frame;
  });
  return { kind, frames, end: dts };
}

const steps = fc.array(fc.nat(70_000), { minLength: 1, maxLength: 12 });
const start = fc.integer({ min: -50_000, max: 2 ** 45 });

test('fragments are read as they were written, one or many', () => {
  const pieces = fc.array(fc.record({ start, video: steps, audio: fc.option(steps) }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(pieces, (all) => {
      const runs = all.map((each) => [
        run('video', each.start, each.video),
        ...(each.audio ? [run('audio', each.start - 7, each.audio)] : []),
      ]);
      const read = readFragments(concat(runs.map((each, i) => fragment(i, each))));
      for (const kind of ['video', 'audio'] as const) {
        const written = runs.flat().flatMap((each) => (each.kind === kind ? each.frames : []));
        assert.deepEqual(
          read[kind],
          written.map(({ dts, pts, keyframe, data }) => ({ dts, pts, keyframe, data })),
        );
      }
    }),
    { seed: 3, numRuns: 200 },
  );
});

test('what is damaged anywhere is read or refused, and nothing else', () => {
  const whole = fragment(1, [run('video', 5, [40, 41, 42]), run('audio', 5, [20, 21])]);
  for (let at = 0; at < whole.length; at++)
    for (const value of [0, 1, 0x7f, 0xff]) {
      const bytes = whole.slice(0, at % 3 === 0 ? at : whole.length);
      if (at < bytes.length) bytes[at] = value;
      try {
        readFragments(bytes);
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
      }
    }
});
