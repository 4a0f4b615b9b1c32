import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { ProtocolError } from '../../base/errors.ts';
import { obus, withoutTemporalDelimiter } from './obu.ts';
import { av1PictureSize } from './sequence-header.ts';

test('OBUs are read with and without size and extension', () => {
  const cases: [hex: string, units: [type: number, payload: string][]][] = [
    [
      '1200 0a02aabb 3201cc',
      [
        [2, ''],
        [1, 'aabb'],
        [6, 'cc'],
      ],
    ],
    ['0e0802aabb', [[1, 'aabb']]],
    ['08aabbcc', [[1, 'aabbcc']]],
    [`0a8001${'dd'.repeat(128)}`, [[1, 'dd'.repeat(128)]]],
  ];
  for (const [hex, units] of cases) {
    const read = [...obus(fromHex(hex))].map(({ type, payload }) => [type, toHex(payload)]);
    assert.deepEqual(read, units);
  }
});

test('OBUs that are cut short are refused', () => {
  for (const hex of ['0a02aa', '0a', '0a80', '0e', '0aff ffffffff ffffffff', '0c']) {
    assert.throws(() => [...obus(fromHex(hex))], ProtocolError, hex);
  }
});

test('any bytes are read or refused', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 24 }), (bytes) => {
    try {
      for (const { payload } of obus(bytes)) av1PictureSize(payload);
    } catch (error) {
      assert.ok(error instanceof ProtocolError);
    }
  });
  fc.assert(property, { seed: 20_263, numRuns: 1000 });
});

test('a temporal delimiter at the start is left out', () => {
  assert.equal(toHex(withoutTemporalDelimiter(fromHex('1200 3201cc'))), '3201cc');
  assert.equal(toHex(withoutTemporalDelimiter(fromHex('3201cc'))), '3201cc');
});

test('a sequence header with timing, decoder model and operating points tells its size', () => {
  const timing = `1 ${'0'.repeat(64)} 1 1`; // present, ticks equal: one per picture
  const model = `1 ${'00111'} ${'0'.repeat(32 + 5 + 5)}`; // delays of 8 bits
  const point = `${'0'.repeat(12)} 01000 1 1 ${'0'.repeat(17)} 1 0101`; // level 4.0, high tier, with model and delay
  const size = `1010 1001 ${(1919).toString(2).padStart(11, '0')} ${(799).toString(2).padStart(10, '0')}`;
  const payload = bytes(`000 0 0 ${timing} ${model} 1 00001 ${point} ${point} ${size}`);
  assert.deepEqual(av1PictureSize(payload), { width: 1920, height: 800 });
});

test('a reduced still picture header tells its size', () => {
  assert.deepEqual(av1PictureSize(bytes('000 1 1 01000 0111 0110 11111111 1111111')), { width: 256, height: 128 });
});

/** Bytes of binary digits; blanks are ignored. */
function bytes(digits: string): Uint8Array {
  const packed = digits.replaceAll(' ', '');
  const padded = packed.padEnd(Math.ceil(packed.length / 8) * 8, '0');
  return Uint8Array.from(padded.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}
