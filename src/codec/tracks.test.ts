import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fromHex } from '../base/bytes.ts';
import { ProtocolError } from '../base/errors.ts';
import type { Track } from '../media/track.ts';
import { aacTrack } from './aac/config.ts';
import { ac3Track, eac3Track } from './ac3/frame.ts';
import { av1Track } from './av1/config.ts';
import { flacTrack } from './flac/config.ts';
import { h264Track } from './h264/config.ts';
import { h265Track } from './h265/config.ts';
import { mp3Track } from './mp3/frame.ts';
import { opusTrack } from './opus/config.ts';
import { vp8Track } from './vp8/frame.ts';
import { vp9Track } from './vp9/config.ts';

type Maker = (bytes: Uint8Array) => Track | undefined;
interface Case {
  readonly name: string;
  readonly maker: Maker;
  readonly hex: string;
  readonly track: Partial<Track>;
}

const HVCC_MAIN_10 =
  '0102200000009000000000003ff000fcfdfafa00000f03200001001840010c01ffff02200000030090000003000003003f959409210001002b' +
  '42010102200000030090000003000003003fa005020171d4cd965654a4c2f0168080000003008000000f0422000100064401c073c189';
const HVCC_444 =
  '0104080000009e08000000003cf000fcfff8f800000f03200001001740010c01ffff0408000003009e0800000300003c95940921000100' +
  '2a4201010408000003009e0800000300003c90015101838f8bcb2b2a5261780b404000000300400000078222000100084401c07318301890';
const HVCC_422_TWO_SUBLAYERS =
  '0104080000009d08000000003cf000fcfef8f800001303200001001b40010c02ffff0408000003009d0800000300003c00009594aca0' +
  '48210001002f4201020408000003009d0800000300003c0000b00a880c1c445e59594aca94985e02d010000003001000000301e08022' +
  '000100064401c073c189';

// Made by x264, x265, libaom, SVT-AV1, libvpx and ffmpeg's own encoders unless the name says otherwise.
const cases: Case[] = [
  {
    name: 'h264 constrained baseline, 1080 lines of 1088 shown',
    maker: h264Track,
    hex: '0142c028ffe100196742c028da01e0089f970110000003001000000303c0f1832a01000468ce0fc8',
    track: { width: 1920, height: 1080, parameter: 'avc1.42c028', profile: 'Constrained Baseline', level: '4.0' },
  },
  {
    name: 'h264 high with the fields that an avcC has for high profiles',
    maker: h264Track,
    hex: '01640028ffe1001b67640028acd940780227e5c044000003000400000300f03c60c65801000468ef8fcbfdf8f800',
    track: { width: 1920, height: 1080, parameter: 'avc1.640028', profile: 'High', level: '4.0' },
  },
  {
    name: 'h264 high 10, cropped on two sides',
    maker: h264Track,
    hex: '016e001effe1001b676e001ea6cd940a02fea6c044000003000400000300f03c58b65801000468ef8fcbfdfafa00',
    track: { width: 638, height: 358, parameter: 'avc1.6e001e', profile: 'High 10', level: '3.0' },
  },
  {
    name: 'h264 main, interlaced',
    maker: h264Track,
    hex: '014d401effe10019674d401ef405031ea6c044000003000400000300f07c50aa8001000468de0fc8',
    track: { width: 638, height: 364, profile: 'Main' },
  },
  {
    name: 'h264 4:2:2',
    maker: h264Track,
    hex: '017a001effe10019677a001ebcb405017f51780880000003008000001e078b175001000468ce0fc8fef8f800',
    track: { width: 638, height: 358, profile: 'High 4:2:2' },
  },
  {
    name: 'h264 4:4:4',
    maker: h264Track,
    hex: '01f4001effe1001967f4001e919680a02ff89c0440000003004000000f03c58ba801000768ce0f19100640fff8f800',
    track: { width: 640, height: 360, profile: 'High 4:4:4 Predictive' },
  },
  {
    name: 'h264 in greys',
    maker: h264Track,
    hex: '0164000dffe1001a6764000df2d02a33c7c5e02d90000003001000000303c0f142aa01000468ce0fc8fcf8f800',
    track: { width: 322, height: 182, level: '1.3' },
  },
  {
    name: 'h264 without parameter sets (by hand)',
    maker: h264Track,
    hex: '0142c01effe000',
    track: { codec: 'h264', width: 0, height: 0, parameter: 'avc1.42c01e' },
  },
  {
    name: 'h265 main 10',
    maker: h265Track,
    hex: HVCC_MAIN_10,
    track: { codec: 'h265', width: 638, height: 358, parameter: 'hvc1.2.4.L63.90', profile: 'Main 10', level: '2.1' },
  },
  {
    name: 'h265 4:4:4',
    maker: h265Track,
    hex: HVCC_444,
    track: { width: 322, height: 182, parameter: 'hvc1.4.10.L60.9E.8', profile: 'Range Extensions', level: '2.0' },
  },
  {
    name: 'h265 4:2:2 with temporal sub-layers',
    maker: h265Track,
    hex: HVCC_422_TWO_SUBLAYERS,
    track: { width: 322, height: 182, parameter: 'hvc1.4.10.L60.9D.8' },
  },
  {
    name: 'av1',
    maker: av1Track,
    hex: '81010c000a0b0000000cc4fb6536be4010',
    track: { codec: 'av1', width: 638, height: 358, parameter: 'av01.0.01M.08', profile: 'Main', level: '2.1' },
  },
  {
    name: 'av1 of 10 bits',
    maker: av1Track,
    hex: '81004c000a0b000000043cfecc02f84040',
    track: { width: 320, height: 180, parameter: 'av01.0.00M.10', level: '2.0' },
  },
  {
    name: 'av1 without a sequence header (by hand)',
    maker: av1Track,
    hex: '813fe000',
    track: { width: 0, height: 0, parameter: 'av01.1.31H.12', profile: 'High', level: '' },
  },
  {
    name: 'vp9',
    maker: vp9Track,
    hex: '0015820202020000',
    track: { codec: 'vp9', width: 0, height: 0, parameter: 'vp09.00.21.08', profile: 'Profile 0', level: '2.1' },
  },
  {
    name: 'vp8 key frame',
    maker: vp8Track,
    hex: '9047009d012aa00078000007088585888584',
    track: { codec: 'vp8', width: 160, height: 120, parameter: 'vp8' },
  },
  {
    name: 'aac',
    maker: aacTrack,
    hex: '121056e500',
    track: { codec: 'aac', sampleRate: 44_100, channels: 2, parameter: 'mp4a.40.2', profile: 'LC' },
  },
  { name: 'aac 5.1', maker: aacTrack, hex: '11b056e500', track: { sampleRate: 48_000, channels: 6 } },
  { name: 'aac 7.1', maker: aacTrack, hex: '11b856e500', track: { sampleRate: 48_000, channels: 8 } },
  {
    name: 'aac with a program config element',
    maker: aacTrack,
    hex: '1200050808002008840d4c61766335392e33372e31303056e500',
    track: { sampleRate: 44_100, channels: 6, parameter: 'mp4a.40.2' },
  },
  {
    name: 'aac of a rate that has no index (by hand)',
    maker: aacTrack,
    hex: '17801f4010',
    track: { sampleRate: 16_000, channels: 2 },
  },
  {
    name: 'HE-AAC with SBR signalled first (by hand)',
    maker: aacTrack,
    hex: '2b920800',
    track: { sampleRate: 22_050, channels: 2, parameter: 'mp4a.40.5', profile: 'HE' },
  },
  {
    name: 'HE-AAC v2: PS signalled first, a mono core (by hand)',
    maker: aacTrack,
    hex: 'eb8a0800',
    track: { sampleRate: 22_050, channels: 1, parameter: 'mp4a.40.29', profile: 'HE v2' },
  },
  {
    name: 'xHE-AAC, an object type beyond 31 (by hand)',
    maker: aacTrack,
    hex: 'f94640',
    track: { sampleRate: 48_000, channels: 2, parameter: 'mp4a.40.42' },
  },
  {
    name: 'opus',
    maker: opusTrack,
    hex: '4f707573486561640102380180bb0000000000',
    track: { codec: 'opus', sampleRate: 48_000, channels: 2, parameter: 'opus' },
  },
  {
    name: 'mp3',
    maker: mp3Track,
    hex: 'fffb9000000000000000',
    track: { codec: 'mp3', sampleRate: 44_100, channels: 2, parameter: 'mp4a.6B' },
  },
  {
    name: 'mp3 of MPEG-2, mono',
    maker: mp3Track,
    hex: 'fff370c0000000000000',
    track: { sampleRate: 22_050, channels: 1, parameter: 'mp4a.69' },
  },
  {
    name: 'flac',
    maker: flacTrack,
    hex: '664c614300000022120012000004a30005080ac442f0000022745d105ceb212ad5d36e4f5608def3d8b7',
    track: { codec: 'flac', sampleRate: 44_100, channels: 2, parameter: 'flac' },
  },
  {
    name: 'flac as ffmpeg sends it: STREAMINFO alone',
    maker: flacTrack,
    hex: '120012000004a30005080ac442f0000022745d105ceb212ad5d36e4f5608def3d8b7',
    track: { sampleRate: 44_100, channels: 2 },
  },
  {
    name: 'ac3 5.1',
    maker: ac3Track,
    hex: '0b77b50b1e40ebf8403eff99',
    track: { codec: 'ac3', sampleRate: 48_000, channels: 6, parameter: 'ac-3' },
  },
  {
    name: 'eac3',
    maker: eac3Track,
    hex: '0b77017f3487c00020842108',
    track: { codec: 'eac3', sampleRate: 48_000, channels: 2, parameter: 'ec-3' },
  },
];

for (const { name, maker, hex, track } of cases) {
  const bytes = fromHex(hex);
  describe(name, () => {
    test('is described', () => {
      const made = maker(bytes);
      assert.deepEqual({ ...made, ...track }, made);
    });

    test('has a configuration of its own memory', () => {
      const given = bytes.slice();
      const made = maker(given);
      const before = made?.config.slice();
      given.fill(0xaa);
      assert.deepEqual(made?.config, before);
      assert.equal(made?.config.buffer.byteLength, made?.config.length);
    });

    test('cut short, throws a ProtocolError or is still a track', () => {
      for (let length = 0; length < bytes.length; length++) givesTrackOrProtocolError(maker, bytes.subarray(0, length));
      assert.throws(() => maker(bytes.subarray(0, 1)) ?? fail(), ProtocolError);
    });

    test('damaged, throws a ProtocolError or is still a track', () => {
      const place = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }));
      const damages = fc.array(place, { minLength: 1, maxLength: 8 });
      const property = fc.property(damages, (places) => {
        const damaged = bytes.slice();
        for (const [at, value] of places) damaged[at] = value;
        givesTrackOrProtocolError(maker, damaged);
      });
      fc.assert(property, { seed: 20_261, numRuns: 300 });
    });
  });
}

/** VP8 gives nothing where the others throw. */
function fail(): never {
  throw new ProtocolError('no track');
}

function givesTrackOrProtocolError(maker: Maker, bytes: Uint8Array): void {
  try {
    const track = maker(bytes);
    if (track?.kind === 'video') assert.ok(track.width >= 0 && track.width <= 65_536 && track.height <= 65_536);
    if (track?.kind === 'audio') assert.ok(track.sampleRate > 0 && track.channels > 0);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
  }
}
