import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/bytes.ts';
import { h264Track } from '../../codec/h264/config.ts';
import { mp3Track } from '../../codec/mp3/frame.ts';
import { fragment } from './fragment.ts';

const h264 = h264Track(fromHex('0142c01effe000'));
const mp3 = mp3Track(fromHex('fffb9000'));

test('a fragment is written as ISO/IEC 14496-12, 8.8, has it', () => {
  const video = { track: h264, keyframe: true, dts: 2 ** 32 + 5, pts: 2 ** 32 + 15, data: fromHex('aa') };
  const later = { track: h264, keyframe: false, dts: 2 ** 32 + 45, pts: 2 ** 32 + 44, data: fromHex('bbcc') };
  const audio = { track: mp3, keyframe: true, dts: 7, pts: 7, data: fromHex('dd') };
  const bytes = fragment(0x1_0000_0003, [
    { kind: 'video', frames: [video, later], end: 2 ** 32 + 85 },
    { kind: 'audio', frames: [audio], end: 2 ** 33 },
  ]);
  const expected = [
    '000000c8 6d6f6f66', // moof
    '00000010 6d666864 00000000 00000003', // mfhd
    '00000064 74726166', // traf
    '00000014 74666864 00020020 00000001 02000000', // tfhd
    '00000014 74666474 01000000 00000001 00000005', // tfdt
    '00000034 7472756e 01000f01 00000002 000000d0', // trun
    '00000028 00000001 02000000 0000000a',
    '00000028 00000002 01010000 ffffffff',
    '0000004c 74726166', // traf
    '00000014 74666864 00020020 00000002 02000000', // tfhd
    '00000014 74666474 01000000 00000000 00000007', // tfdt
    '0000001c 7472756e 01000301 00000001 000000d3', // trun
    'ffffffff 00000001', // the longest duration that can be told
    '0000000c 6d646174 aa bbcc dd', // mdat
  ];
  assert.equal(toHex(bytes), expected.join('').replaceAll(' ', ''));
});
