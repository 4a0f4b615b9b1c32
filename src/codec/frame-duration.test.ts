import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex } from '../base/bytes.ts';
import type { AudioTrack } from '../media/track.ts';
import { aacTrack } from './aac/config.ts';
import { ac3Track, eac3Track } from './ac3/frame.ts';
import { flacTrack } from './flac/config.ts';
import { frameDuration } from './frame-duration.ts';
import { mp3Track } from './mp3/frame.ts';
import { opusTrack } from './opus/config.ts';

const opus = opusTrack(fromHex('4f707573486561640102380180bb0000000000'));
const mp3Frame = `fffb9000${'00'.repeat(413)}`; // 128 kbit/s at 44.1 kHz, not padded: 417 bytes
const mpeg2Frame = `fff340c0${'00'.repeat(100)}`; // 32 kbit/s at 22.05 kHz, not padded: 104 bytes
const AC3 = '0b77b50b1e40ebf8403eff99';
const EAC3 = '0b77017f3487c00020842108';
const FLAC = '664c614300000022120012000004a30005080ac442f0000022745d105ceb212ad5d36e4f5608def3d8b7';
const FLAC_VARIABLE = FLAC.replace('12001200', '10001200');

const cases: [what: string, track: AudioTrack, frame: string, samples: number, rate: number][] = [
  ['AAC', aacTrack(fromHex('1210')), '00', 1024, 44_100],
  ['AAC of short frames', aacTrack(fromHex('1214')), '00', 960, 44_100],
  ['HE-AAC by its core', aacTrack(fromHex('2b920800')), '00', 1024, 22_050],
  ['AAC-ELD', aacTrack(fromHex('f8e84000')), '00', 512, 44_100],
  ['AAC-ELD of short frames', aacTrack(fromHex('f8e85000')), '00', 480, 44_100],
  ['xHE-AAC', aacTrack(fromHex('f94640')), '00', 0, 48_000],
  ['an MP3 frame', mp3Track(fromHex(mp3Frame)), mp3Frame, 1152, 44_100],
  ['three MP3 frames', mp3Track(fromHex(mp3Frame)), mp3Frame.repeat(3), 3456, 44_100],
  ['two MP3 frames of MPEG-2', mp3Track(fromHex(mpeg2Frame)), mpeg2Frame.repeat(2), 1152, 22_050],
  ['no MP3 frame', mp3Track(fromHex(mp3Frame)), '00000000', 0, 44_100],
  ['Opus: CELT of 20 ms', opus, 'fc00', 960, 48_000],
  ['Opus: CELT of 2.5 ms', opus, 'e000', 120, 48_000],
  ['Opus: hybrid of 10 ms, twice', opus, '6100', 960, 48_000],
  ['Opus: SILK of 60 ms', opus, '1800', 2880, 48_000],
  ['Opus: three frames of 20 ms', opus, 'ff03', 2880, 48_000],
  ['Opus: more than 120 ms', opus, 'ff3f', 0, 48_000],
  ['Opus: no packet', opus, '', 0, 48_000],
  ['FLAC', flacTrack(fromHex(FLAC)), '00', 4608, 44_100],
  ['FLAC of blocks that vary', flacTrack(fromHex(FLAC_VARIABLE)), '00', 0, 44_100],
  ['AC-3', ac3Track(fromHex(AC3)), AC3, 1536, 48_000],
  ['E-AC-3', eac3Track(fromHex(EAC3)), EAC3, 1536, 48_000],
];

for (const [what, track, frame, samples, rate] of cases)
  test(`${what} sounds for ${samples} samples`, () => {
    assert.equal(track.sampleRate, rate);
    assert.equal(frameDuration(track, fromHex(frame)), (samples * 1_000_000) / rate);
  });

test('of any bytes a duration is found, or 0', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 600 }), (data) => {
    for (const [, track] of cases) assert.ok(frameDuration(track, data) >= 0);
  });
  fc.assert(property, { seed: 20_264, numRuns: 300 });
});
