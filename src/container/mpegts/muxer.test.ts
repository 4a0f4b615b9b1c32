import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readTransportStream } from '../../../test/support/transport-stream.ts';
import { fromHex, toHex } from '../../base/bytes.ts';
import { RefusedError } from '../../base/errors.ts';
import { aacTrack } from '../../codec/aac/config.ts';
import { ac3Track, eac3Track } from '../../codec/ac3/frame.ts';
import { av1Track } from '../../codec/av1/config.ts';
import { flacTrack } from '../../codec/flac/config.ts';
import { h264Track } from '../../codec/h264/config.ts';
import { h265Track } from '../../codec/h265/config.ts';
import { mp3Track } from '../../codec/mp3/frame.ts';
import { opusTrack } from '../../codec/opus/config.ts';
import type { Sample } from '../../media/frame.ts';
import type { Track } from '../../media/track.ts';
import { TsMuxer } from './muxer.ts';
import { toTicks } from './pes.ts';

const SPS = '6742c028da01e0089f970110000003001000000303c0f1832a';
const PPS = '68ce0fc8';
const h264 = h264Track(fromHex(`0142c028ffe10019${SPS}010004${PPS}`));
const HVCC =
  '0102200000009000000000003ff000fcfdfafa00000f03200001001840010c01ffff02200000030090000003000003003f959409210001002b' +
  '42010102200000030090000003000003003fa005020171d4cd965654a4c2f0168080000003008000000f0422000100064401c073c189';
const h265 = h265Track(fromHex(HVCC));
const aac = aacTrack(fromHex('1210'));
const opus = opusTrack(fromHex('4f707573486561640102380180bb0000000000'));
const mp3 = mp3Track(fromHex('fffb9000'));

const DELIMITER = '00000001 09f0';
const SETS = `00000001 ${SPS} 00000001 ${PPS}`;

function frame(track: Track, dts: number, data: string, rest: Partial<Sample> = {}): Sample {
  return { track, dts, pts: dts, keyframe: track.kind === 'audio', data: fromHex(data), ...rest };
}

/** What comes of these frames, read back. */
function muxed(frames: readonly Sample[], gather = 0) {
  const muxer = new TsMuxer({ tracks: [...new Set(frames.map(({ track }) => track))], gather });
  muxer.tables();
  for (const each of frames) muxer.write(each);
  return readTransportStream(muxer.take());
}

const hex = (text: string) => text.replaceAll(' ', '');

interface Case {
  readonly track: Track;
  readonly keyframe?: boolean;
  readonly data: string;
  /** In the elementary stream; nothing where it cannot be carried. */
  readonly written: string | undefined;
}

const units: Record<string, Case> = {
  'an H.264 key frame gets its parameter sets': {
    track: h264,
    keyframe: true,
    data: '00000002 6588 00000002 6511',
    written: `${DELIMITER} ${SETS} 00000001 6588 00000001 6511`,
  },
  'an H.264 key frame that has its own keeps them': {
    track: h264,
    keyframe: true,
    data: '00000002 67aa 00000002 6588',
    written: `${DELIMITER} 00000001 67aa 00000001 6588`,
  },
  'an H.264 frame gets a delimiter in place of its own': {
    track: h264,
    data: '00000002 0910 00000002 419a',
    written: `${DELIMITER} 00000001 419a`,
  },
  'an H.264 frame with lengths of two bytes': {
    track: h264Track(fromHex(`0142c028fde10019${SPS}010004${PPS}`)),
    data: '0002 419a 0001 06',
    written: `${DELIMITER} 00000001 419a 00000001 06`,
  },
  'a damaged H.264 frame is written as far as it is sound': {
    track: h264,
    data: '00000002 419a 00000009 41',
    written: `${DELIMITER} 00000001 419a`,
  },
  'an H.264 frame of nothing sound is left out': { track: h264, data: '000000ff 41', written: undefined },
  'an H.265 key frame gets its parameter sets': {
    track: h265,
    keyframe: true,
    data: '00000003 460150 00000003 260150',
    written:
      '00000001 460150' +
      '00000001 40010c01ffff02200000030090000003000003003f959409' +
      '00000001 42010102200000030090000003000003003fa005020171d4cd965654a4c2f0168080000003008000000f04' +
      '00000001 4401c073c189' +
      '00000001 260150',
  },
  'an AAC frame gets an ADTS header': { track: aac, data: 'aabbcc', written: 'fff15080015ffc aabbcc' },
  'an AAC frame too long for ADTS is left out': { track: aac, data: 'aa'.repeat(8185), written: undefined },
  'an MP3 frame stays as it is': { track: mp3, data: 'fffb9000aabb', written: 'fffb9000aabb' },
  'an Opus packet gets a control header': { track: opus, data: 'fcaa', written: '7fe002fcaa' },
  'a long Opus packet gets its size in several bytes': {
    track: opus,
    data: 'fc'.repeat(510),
    written: `7fe0ffff00${'fc'.repeat(510)}`,
  },
};

describe('in the elementary stream', () => {
  for (const [what, { track, keyframe, data, written }] of Object.entries(units))
    test(what, () => {
      const { pes } = muxed([frame(track, 0, data, { keyframe: keyframe ?? false })]);
      assert.deepEqual(
        pes.map((packet) => toHex(packet.data)),
        written === undefined ? [] : [hex(written)],
      );
    });
});

const streams: Record<string, { track: Track; type: number; descriptors: string; streamId: number; data: string }> = {
  h264: { track: h264, type: 0x1b, descriptors: '', streamId: 0xe0, data: '00000001 41' },
  h265: { track: h265, type: 0x24, descriptors: '050448455643', streamId: 0xe0, data: '00000002 0201' },
  aac: { track: aac, type: 0x0f, descriptors: '', streamId: 0xc0, data: 'aa' },
  mp3: { track: mp3, type: 3, descriptors: '', streamId: 0xc0, data: 'aa' },
  'mp3 of MPEG-2': { track: mp3Track(fromHex('fff370c0')), type: 4, descriptors: '', streamId: 0xc0, data: 'aa' },
  opus: { track: opus, type: 6, descriptors: '05044f707573' + '7f028002', streamId: 0xbd, data: 'aa' },
  ac3: {
    track: ac3Track(fromHex('0b77b50b1e40ebf8403eff99')),
    type: 0x81,
    descriptors: '050441432d33',
    streamId: 0xbd,
    data: 'aa',
  },
  eac3: {
    track: eac3Track(fromHex('0b77017f3487c00020842108')),
    type: 0x87,
    descriptors: '050445414333',
    streamId: 0xbd,
    data: 'aa',
  },
};

describe('the program map', () => {
  for (const [what, { track, type, descriptors, streamId, data }] of Object.entries(streams))
    test(`tells of ${what}`, () => {
      const { streams: found, pes, clockPid } = muxed([frame(track, 0, data)]);
      assert.deepEqual([...found.values()], [{ type, descriptors }]);
      assert.equal(pes[0]!.streamId, streamId);
      assert.equal(clockPid, pes[0]!.pid, 'the clock is where the only track is');
    });

  test('tells of picture and sound, and that the clock is with the picture', () => {
    const { streams: found, clockPid } = muxed([frame(aac, 0, 'aa'), frame(h264, 0, '00000001 41')]);
    assert.deepEqual(new Set(found.keys()), new Set([0x100, 0x101]));
    assert.equal(clockPid, 0x100);
  });
});

test('what MPEG-TS cannot carry is refused by name', () => {
  const flac = flacTrack(
    fromHex('664c614300000022120012000004a30005080ac442f0000022745d105ceb212ad5d36e4f5608def3d8b7'),
  );
  for (const [track, reason] of [
    [av1Track(fromHex('81010c000a0b0000000cc4fb6536be4010')), /MPEG-TS cannot carry av1/],
    [flac, /MPEG-TS cannot carry flac/],
    [aacTrack(fromHex('f94640')), /ADTS cannot carry AAC of object type 42/],
  ] as const) {
    const isRefused = (error: unknown) => error instanceof RefusedError && reason.test(error.message);
    assert.throws(() => new TsMuxer({ tracks: [track] }), isRefused);
  }
});

test('times are those of the frames, and the clock runs a little before them', () => {
  const frames = [0, 1, 2, 3].map((i) =>
    frame(h264, 90_000 + i * 40_000, '00000001 41', { pts: 90_000 + i * 40_000 + 80_000, keyframe: i === 0 }),
  );
  const { pes } = muxed(frames);
  assert.deepEqual(
    pes.map(({ dts, pts }) => [dts, pts]),
    frames.map(({ dts, pts }) => [toTicks(dts), toTicks(pts)]),
  );
  assert.deepEqual(
    pes.map(({ clock }) => clock),
    [0, 30_000 * 27, 70_000 * 27, 110_000 * 27],
  );
  assert.deepEqual(
    pes.map(({ randomAccess }) => randomAccess),
    [true, false, false, false],
  );
});

describe('sound is gathered', () => {
  const at = (i: number) => Math.round((i * 1024) / 44.1) * 1000;
  const sound = (count: number) => Array.from({ length: count }, (_, i) => frame(aac, at(i), 'aabb'));

  test('into packets as long as asked for, at the time of their first frame', () => {
    const { pes } = muxed(sound(10), 100_000);
    assert.deepEqual(
      pes.map(({ pts, data }) => [pts, data.length / 9]),
      [
        [0, 5],
        [toTicks(at(5)), 5],
      ],
    );
  });

  test('but not over a gap', () => {
    const [first, second, third] = sound(3);
    const { pes } = muxed([first!, second!, { ...third!, dts: 50_000, pts: 50_000 }], 100_000);
    assert.deepEqual(
      pes.map(({ pts }) => pts),
      [0, 4500],
    );
  });

  test('and no longer than a picture that comes in between allows', () => {
    const frames = [...sound(2), frame(h264, 100_000, '00000001 41'), frame(aac, 100_000, 'aabb')];
    assert.deepEqual(
      muxed(frames, 100_000).pes.map(({ pid }) => pid),
      [0x101, 0x100, 0x101],
    );
  });

  test('no more than a PES packet can tell the length of', () => {
    const { pes } = muxed(
      Array.from({ length: 9 }, (_, i) => frame(aac, at(i), 'aa'.repeat(8000))),
      10_000_000,
    );
    assert.deepEqual(
      pes.map(({ data }) => data.length / 8007),
      [7, 2],
    );
  });
});

test('every segment begins with tables, and counters go on from one to the next', () => {
  const first = new TsMuxer({ tracks: [h264, aac] });
  first.tables();
  for (let i = 0; i < 5; i++) first.write(frame(h264, i * 40_000, `000003e8${'41'.repeat(1000)}`));
  const one = readTransportStream(first.take());
  const second = new TsMuxer({ tracks: [h264, aac], counters: first.counters });
  second.tables();
  second.write(frame(h264, 200_000, '00000001 41'));
  second.write(frame(aac, 200_000, 'aa'));
  const two = readTransportStream(second.take(), one.counters);
  assert.deepEqual([one.pes.length, two.pes.length], [5, 2]);
  assert.equal(two.streams.size, 2);
});

test('whatever the frames, all come back, in order, with their data and times', () => {
  const sample = fc.record({
    isVideo: fc.boolean(),
    step: fc.integer({ min: 0, max: 200_000 }),
    composition: fc.integer({ min: 0, max: 200_000 }),
    keyframe: fc.boolean(),
    size: fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 80_000 })),
  });
  const start = fc.oneof(fc.nat(10 ** 9), fc.constant(95_443_600_000));
  const property = fc.property(start, fc.array(sample, { minLength: 1, maxLength: 30 }), (from, samples) => {
    let time = from;
    const frames = samples.map(({ isVideo, step, composition, keyframe, size }): Sample => {
      time += step;
      const data = new Uint8Array((isVideo ? 4 : 0) + (isVideo ? size : Math.min(size, 8000))).fill(0x41);
      if (isVideo) data.set([0, size >> 16, size >> 8, size]);
      const track = isVideo ? h264 : aac;
      return { track, dts: time, pts: time + (isVideo ? composition : 0), keyframe: isVideo && keyframe, data };
    });
    const muxer = new TsMuxer({ tracks: [h264, aac] });
    muxer.tables();
    for (const each of frames) muxer.write(each);
    const { pes } = readTransportStream(muxer.take());
    for (const kind of ['video', 'audio'] as const) {
      const back = pes.filter(({ streamId }) => streamId === (kind === 'video' ? 0xe0 : 0xc0));
      const wanted = frames.filter(({ track }) => track.kind === kind);
      assert.deepEqual(
        back.map(({ dts, pts, data }) => [dts, pts, data.length]),
        wanted.map(({ dts, pts, data, keyframe }) => {
          const before = kind === 'audio' ? 7 : 6 + (keyframe ? hex(SETS).length / 2 : 0);
          return [toTicks(dts), toTicks(pts), before + data.length];
        }),
      );
    }
  });
  fc.assert(property, { seed: 1, numRuns: 60 });
});

test('any bytes of a damaged encoder become a sound transport stream', () => {
  const bytes = fc.uint8Array({ maxLength: 60, minLength: 1 });
  const property = fc.property(fc.array(fc.tuple(fc.constantFrom(h264, h265), bytes, fc.boolean())), (all) => {
    for (const [track, data, keyframe] of all) {
      const damaged: Sample = { track, dts: 0, pts: 0, keyframe, data };
      assert.ok(muxed([damaged, { ...damaged, data: Uint8Array.of(0, 0, 0, 2, ...data) }]).pes.length <= 2);
    }
  });
  fc.assert(property, { seed: 1, numRuns: 200 });
});
