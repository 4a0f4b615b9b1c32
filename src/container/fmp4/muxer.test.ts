import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { boxAt, boxesIn, samplesIn } from '../../../test/support/boxes.ts';
import { fromHex, toHex } from '../../base/bytes.ts';
import { RefusedError } from '../../base/errors.ts';
import { aacTrack } from '../../codec/aac/config.ts';
import { h264Track } from '../../codec/h264/config.ts';
import type { Sample } from '../../media/frame.ts';
import type { Kind, Track } from '../../media/track.ts';
import { Fmp4Muxer, type Fragment } from './muxer.ts';

const h264 = h264Track(fromHex('0142c028ffe100196742c028da01e0089f970110000003001000000303c0f1832a01000468ce0fc8'));
const aac = aacTrack(fromHex('1210'));
const TRACKS: Record<number, Kind> = { 1: 'video', 2: 'audio' };

function video(dts: number, rest: Partial<Sample> = {}): Sample {
  return { track: h264, dts, pts: dts, keyframe: false, data: fromHex('00000001 41'), ...rest };
}

function audio(dts: number, rest: Partial<Sample> = {}): Sample {
  return { track: aac, dts, pts: dts, keyframe: true, data: fromHex('aabb'), ...rest };
}

function muxer(...frames: readonly Sample[]): Fmp4Muxer {
  const made = new Fmp4Muxer([h264, aac]);
  for (const frame of frames) made.write(frame);
  return made;
}

/** `video 0+40000` of every sample: its time and duration. */
function told(fragment: Fragment | undefined): string[] {
  if (!fragment) return [];
  return samplesIn(fragment.bytes).samples.map(({ track, dts, duration }) => `${TRACKS[track]} ${dts}+${duration}`);
}

describe('a fragment', () => {
  test('has the times of its frames, whatever their size, and composition offsets of either sign', () => {
    const made = muxer(
      video(2 ** 32 + 5, { keyframe: true, pts: 2 ** 32 + 80_005 }),
      audio(1000),
      video(2 ** 32 + 40_005, { pts: 2 ** 32 + 20_005 }),
    );
    made.write(video(2 ** 32 + 80_005));
    const part = made.part(7)!;
    assert.deepEqual(
      boxesIn(part.bytes).map(({ type }) => type),
      ['moof', 'mdat'],
    );
    const { sequence, samples } = samplesIn(part.bytes);
    assert.equal(sequence, 7);
    assert.deepEqual(
      samples.map(({ dts, pts, keyframe, duration, data }) => [dts, pts, keyframe, duration, toHex(data)]),
      [
        [2 ** 32 + 5, 2 ** 32 + 80_005, true, 40_000, '0000000141'],
        [2 ** 32 + 40_005, 2 ** 32 + 20_005, false, 40_000, '0000000141'],
      ],
    );
  });

  test('has a frame only once its duration is known', () => {
    const made = muxer(video(0, { keyframe: true }), audio(0), audio(23_000), video(40_000), audio(46_000));
    assert.deepEqual(told(made.part(1)), ['video 0+40000', 'audio 0+23000', 'audio 23000+23000']);
    assert.equal(made.part(2), undefined);
    made.write(video(500_000));
    assert.deepEqual(told(made.part(2)), ['video 40000+460000'], 'at a frame rate that varies, too');
  });

  test('that ends a segment has all its frames: the next segment tells the duration of the last', () => {
    const made = muxer(video(0, { keyframe: true }), audio(0), video(40_000));
    const next = video(100_000, { keyframe: true });
    assert.deepEqual(told(made.end(1, next)), ['video 0+40000', 'video 40000+60000', 'audio 0+23220']);
    made.write(next);
    assert.deepEqual(told(made.end(2)), ['video 100000+40000'], 'nothing of the segment before is left');
  });

  test('that ends a stream takes the last picture to last as long as the one before it', () => {
    const made = muxer(video(0, { keyframe: true }), video(20_000), video(50_000));
    assert.deepEqual(told(made.end(1)), ['video 0+20000', 'video 20000+30000', 'video 50000+30000']);
  });

  test('tells whether decoding can begin with it, and what it has of each track', () => {
    const made = muxer(audio(5), video(0, { keyframe: true }), video(40_000), audio(23_005), video(80_000));
    const [first, second] = [made.part(1)!, (made.write(video(120_000)), made.part(2)!)];
    assert.equal(first.startable, true);
    assert.deepEqual(first.spans, [
      { kind: 'video', frames: 2, from: 0, to: 80_000 },
      { kind: 'audio', frames: 1, from: 5, to: 23_005 },
    ]);
    assert.equal(second.startable, false);
    assert.equal(muxer(audio(0)).end(1)!.startable, false, 'sound where there is a picture');
    const soundAlone = new Fmp4Muxer([aac]);
    soundAlone.write(audio(0));
    assert.equal(soundAlone.end(1)!.startable, true, 'sound where there is none');
  });

  test('of frames without end is refused', () => {
    const made = muxer();
    const large = audio(0, { data: new Uint8Array(64 * 1024 * 1024) });
    made.write(large);
    made.write(large);
    assert.throws(() => made.write(large), RefusedError);
    const many = muxer();
    const write = () => {
      for (let i = 0; i < 70_000; i++) many.write(audio(i));
    };
    assert.throws(write, RefusedError);
  });
});

test('a muxer takes frames of its own tracks only', () => {
  const other: Track = { ...aac };
  assert.throws(() => muxer(audio(0, { track: other })), /assertion/);
});

const frames = fc.array(
  fc.record({
    isVideo: fc.boolean(),
    step: fc.integer({ min: 0, max: 100_000 }),
    composition: fc.integer({ min: -100_000, max: 200_000 }),
    keyframe: fc.boolean(),
    size: fc.integer({ min: 1, max: 300 }),
    cut: fc.constantFrom('none', 'none', 'part', 'end'),
  }),
  { minLength: 1, maxLength: 60 },
);

test('whatever the frames and cuts, every sample is there once, with its times, and durations leave no gap', () => {
  const property = fc.property(fc.nat(10 ** 12), frames, (start, steps) => {
    const made = muxer();
    const written: Sample[] = [];
    const fragments: (Fragment | undefined)[] = [];
    let time = start;
    for (const [i, { isVideo, step, composition, keyframe, size, cut }] of steps.entries()) {
      time += step;
      const data = new Uint8Array(size).fill(i);
      const frame = isVideo ? video(time, { pts: time + composition, keyframe, data }) : audio(time, { data });
      if (cut === 'end') fragments.push(made.end(i, frame));
      made.write(frame);
      written.push(frame);
      if (cut === 'part') fragments.push(made.part(i));
    }
    fragments.push(made.end(steps.length));
    const samples = fragments.flatMap((fragment) => (fragment ? samplesIn(fragment.bytes).samples : []));
    for (const kind of ['video', 'audio'] as const) {
      const got = samples.filter(({ track }) => TRACKS[track] === kind);
      const wanted = written.filter(({ track }) => track.kind === kind);
      assert.deepEqual(
        got.map(({ dts, pts, keyframe, data }) => [dts, pts, keyframe, toHex(data)]),
        wanted.map(({ dts, pts, keyframe, data }) => [dts, pts, keyframe, toHex(data)]),
      );
      const ends = steps.some(({ cut }) => cut === 'end');
      for (let i = 1; i < got.length && !ends; i++) assert.equal(got[i - 1]!.dts + got[i - 1]!.duration, got[i]!.dts);
    }
  });
  fc.assert(property, { seed: 1, numRuns: 200 });
});

test('a muxer that begins with a segment makes the same bytes of it as one that made those before', () => {
  const gop = (start: number) => [
    video(start, { keyframe: true, pts: start + 80_000 }),
    audio(start + 3_000),
    video(start + 40_000),
    audio(start + 26_000),
  ];
  const made = muxer(...gop(0), audio(60_000));
  const second = gop(1_000_000);
  made.end(1, second[0]);
  const late = muxer();
  for (const each of [made, late]) for (const frame of second) each.write(frame);
  const [one, two] = [made, late].map((each) => [each.part(2), each.end(3)].map((part) => toHex(part!.bytes)));
  assert.deepEqual(one, two);
});

test('the init segment depends on the tracks alone', () => {
  assert.deepEqual(new Fmp4Muxer([h264, aac]).init, new Fmp4Muxer([{ ...h264 }, { ...aac }]).init);
  assert.equal(boxAt(new Fmp4Muxer([aac]).init, 'moov/trak/tkhd').body.readUInt32BE(12), 2, 'whatever else there is');
});
