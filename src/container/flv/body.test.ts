import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concat, fromHex, toHex } from '../../base/bytes.ts';
import { Frame } from '../../media/frame.ts';
import type { Codec, Track } from '../../media/track.ts';
import { readAllAmf0 } from './amf0.ts';
import { configBody, type Dialect, frameHead, metadataBody } from './body.ts';
import { FLV_CODECS, flvCodec } from './codecs.ts';
import { FlvDemuxer } from './demuxer.ts';

const AVCC = '0142c01effe100196742c01eda0280bfe5c044000003000400000300f03c58ba8001000468ce0fc8';
const HVCC =
  '0101600000009000000000005df000fcfdf8f800000f03200001001840010c01ffff01600000030090000003000003005d95940921000100' +
  '2b42010101600000030090000003000003005da00280802d16595952930bc05a020000030002000003003c1022000100064401c073c189';

interface Case {
  readonly codec: Codec;
  readonly dialect?: Dialect;
  /** What describes the track, and what its frames hold. */
  readonly config: string;
  readonly data: string;
  /** What is written before the config, a key frame and another frame, which is shown 80 ms after it is decoded. */
  readonly configHead?: string;
  readonly keyHead: string;
  readonly interHead?: string;
  readonly codecId: number;
}

const cases: Case[] = [
  {
    codec: 'h264',
    config: AVCC,
    data: '000000024101',
    configHead: '1700000000',
    keyHead: '1701000000',
    interHead: '2701000050',
    codecId: 7,
  },
  {
    codec: 'h265',
    config: HVCC,
    data: '00000003020150',
    configHead: '9068766331',
    keyHead: '9168766331000000',
    interHead: 'a168766331000050',
    codecId: 0x68766331,
  },
  {
    codec: 'h265',
    dialect: 'legacy-hevc',
    config: HVCC,
    data: '00000003020150',
    configHead: '1c00000000',
    keyHead: '1c01000000',
    interHead: '2c01000050',
    codecId: 12,
  },
  {
    codec: 'av1',
    config: '81010c000a0b0000000cc4fb6536be4010',
    data: '3201cc',
    configHead: '9061763031',
    keyHead: '9161763031',
    interHead: 'a161763031',
    codecId: 0x61763031,
  },
  {
    codec: 'vp9',
    config: '0015820202020000',
    data: '824983',
    configHead: '9076703039',
    keyHead: '9176703039',
    interHead: 'a176703039',
    codecId: 0x76703039,
  },
  {
    codec: 'vp8',
    config: '9047009d012aa00078000007',
    data: '9047009d012aa00078000007',
    keyHead: '9176703038',
    interHead: 'a176703038',
    codecId: 0x76703038,
  },
  { codec: 'aac', config: '1210', data: '211004', configHead: 'af00', keyHead: 'af01', codecId: 10 },
  { codec: 'mp3', config: 'fffb9000', data: 'fffb9000aabb', keyHead: '2f', codecId: 2 },
  { codec: 'mp3', config: 'fff370c0', data: 'fff370c0aabb', keyHead: '2a', codecId: 2 },
  {
    codec: 'opus',
    config: '4f707573486561640102380180bb0000000000',
    data: 'fc0102',
    configHead: '904f707573',
    keyHead: '914f707573',
    codecId: 0x4f707573,
  },
  {
    codec: 'flac',
    config: '664c614380000022120012000004a30005080ac442f0000022745d105ceb212ad5d36e4f5608def3d8b7',
    data: 'fff8c918',
    configHead: '90664c6143',
    keyHead: '91664c6143',
    codecId: 0x664c6143,
  },
  {
    codec: 'ac3',
    config: '0b77b50b1e40ebf8',
    data: '0b77b50b1e40ebf8403e',
    keyHead: '9161632d33',
    codecId: 0x61632d33,
  },
  {
    codec: 'eac3',
    config: '0b77017f3487c000',
    data: '0b77017f3487c0002084',
    keyHead: '9165632d33',
    codecId: 0x65632d33,
  },
];

test('every codec of the table has a case', () => {
  assert.deepEqual(new Set(cases.map(({ codec }) => codec)), new Set(FLV_CODECS.map(({ codec }) => codec)));
});

for (const { codec, dialect = 'enhanced', config, data, configHead, keyHead, interHead, codecId } of cases) {
  describe(`${codec} (${config.slice(0, 8)}, ${dialect})`, () => {
    const track = flvCodec(codec).track(fromHex(config))!;
    const key = frame(track, data, 40_000, 0, true);
    const frames = track.kind === 'video' ? [key, frame(track, data, 80_000, 80_000, false)] : [key];

    test('is written as players expect it', () => {
      const header = configBody(track, dialect);
      assert.equal(header && toHex(header), configHead && configHead + config);
      const heads = frames.map((each) => toHex(frameHead(each, dialect)));
      assert.deepEqual(heads, interHead ? [keyHead, interHead] : [keyHead]);
    });

    test('is read back as it was written', () => {
      const demuxer = new FlvDemuxer((message) => assert.fail(message));
      const header = configBody(track, dialect);
      if (header) assert.equal(demuxer[track.kind](40, header), undefined);
      for (const each of frames) {
        const sample = demuxer[track.kind](each.dts / 1000, concat([frameHead(each, dialect), each.data]));
        const pts = flvCodec(codec).hasCompositionTime ? each.pts : each.dts;
        assert.deepEqual(sample, { track, dts: each.dts, pts, keyframe: each.keyframe, data: each.data });
      }
    });

    test('is announced by its codec id', () => {
      const [, metadata] = readAllAmf0(metadataBody([track], {}, dialect)) as [string, Record<string, unknown>];
      assert.equal(metadata[`${track.kind}codecid`], codecId);
    });
  });
}

test('a composition time before the decoding time is written as a negative number', () => {
  const track = flvCodec('h264').track(fromHex(AVCC))!;
  assert.equal(toHex(frameHead(frame(track, '00', 40_000, -40_000, false), 'enhanced')), '2701ffffd8');
});

test('rounding to milliseconds keeps each frame where it is shown', () => {
  const track = flvCodec('h264').track(fromHex(AVCC))!;
  // Shown at 100.0 ms: 33 ms after 67, though the difference is 33.333.
  assert.equal(toHex(frameHead(frame(track, '00', 66_667, 33_333, false), 'enhanced')), '2701000021');
});

test('onMetaData names all tracks and what else it is given', () => {
  const tracks = [flvCodec('h264').track(fromHex(AVCC))!, flvCodec('aac').track(fromHex('1210'))!];
  const [name, metadata] = readAllAmf0(metadataBody(tracks, { framerate: 25 })) as [string, Record<string, unknown>];
  assert.equal(name, 'onMetaData');
  assert.deepEqual(
    { ...metadata },
    {
      videocodecid: 7,
      width: 640,
      height: 360,
      audiocodecid: 10,
      audiosamplerate: 44_100,
      audiosamplesize: 16,
      stereo: true,
      encoder: 'Headwater',
      server: 'Headwater',
      framerate: 25,
    },
  );
  const announced = new FlvDemuxer(() => {}).script(metadataBody(tracks));
  assert.deepEqual(announced?.kinds, new Set(['video', 'audio']));
});

function frame(track: Track, data: string, dts: number, composition: number, keyframe: boolean): Frame {
  const sample = { track, dts, pts: dts + composition, keyframe, data: fromHex(data) };
  return new Frame(sample, { seq: 0, tenure: { token: 1, epoch: 1 } }, dts, track, keyframe, 0);
}
