import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../base/errors.ts';
import { h264PictureSize } from './sps.ts';

/** Exp-Golomb code as binary digits. */
function ue(value: number): string {
  const digits = (value + 1).toString(2);
  return '0'.repeat(digits.length - 1) + digits;
}

/** Bytes of binary digits; blanks are ignored. */
function bytes(digits: string): Uint8Array {
  const packed = digits.replaceAll(' ', '');
  const padded = packed.padEnd(Math.ceil(packed.length / 8) * 8, '0');
  return Uint8Array.from(padded.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}

const HEADER = '01100111';
const BASELINE = `${HEADER} 01000010 00000000 00011110 ${ue(0)}`;
const HIGH = `${HEADER} 01100100 00000000 00011110 ${ue(0)}`;
const LOG2_FRAME_NUM = ue(0);
const POC_TYPE_2 = ue(2);
/** 40 x 30 macroblocks, no cropping. */
const SIZE = `${ue(1)} 0 ${ue(39)} ${ue(29)} 1 0 0 0`;

test('reads past scaling lists, whole, cut off by zero and absent', () => {
  const ones = '1'.repeat(16); // deltas of 0
  const stop = ue(16); // a delta of -8
  const lists = `1 ${ones} 1 ${stop} 0 0 0 0 1 ${'1'.repeat(64)} 0`;
  const chroma = `${ue(1)} ${ue(0)} ${ue(0)} 0 1 ${lists}`;
  const size = h264PictureSize(bytes(`${HIGH} ${chroma} ${LOG2_FRAME_NUM} ${POC_TYPE_2} ${SIZE}`));
  assert.deepEqual(size, { width: 640, height: 480 });
});

test('reads past the frame offsets of picture order count type 1', () => {
  const order = `${ue(1)} 0 ${ue(3)} ${ue(4)} ${ue(2)} ${ue(5)} ${ue(6)}`;
  const size = h264PictureSize(bytes(`${BASELINE} ${LOG2_FRAME_NUM} ${order} ${SIZE}`));
  assert.deepEqual(size, { width: 640, height: 480 });
});

test('refuses more reference frames in a cycle than there may be', () => {
  const order = `${ue(1)} 0 ${ue(0)} ${ue(0)} ${ue(256)}`;
  assert.throws(() => h264PictureSize(bytes(`${BASELINE} ${LOG2_FRAME_NUM} ${order}`)), /256 reference frames/);
});

test('refuses a picture that nobody can decode', () => {
  for (const [width, crop] of [
    [4096, 0],
    [9, 80],
  ] as const) {
    const size = `${ue(1)} 0 ${ue(width)} ${ue(29)} 1 0 1 ${ue(crop)} ${ue(0)} ${ue(0)} ${ue(0)}`;
    assert.throws(() => h264PictureSize(bytes(`${BASELINE} ${LOG2_FRAME_NUM} ${POC_TYPE_2} ${size}`)), ProtocolError);
  }
});
