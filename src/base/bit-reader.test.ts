import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BitReader } from './bit-reader.ts';
import { fromHex } from './bytes.ts';
import { ProtocolError } from './errors.ts';

/** Bits as text, filled up with zeros to whole bytes. */
function bits(text: string): BitReader {
  const digits = text.replaceAll(' ', '');
  const bytes = new Uint8Array(Math.ceil(digits.length / 8));
  for (let i = 0; i < digits.length; i++) if (digits[i] === '1') bytes[i >> 3] |= 0x80 >> (i & 7);
  return new BitReader(bytes);
}

/** H.264, table 9-2 and 9-3. */
const expGolomb: [code: string, ue: number, se: number][] = [
  ['1', 0, 0],
  ['010', 1, 1],
  ['011', 2, -1],
  ['00100', 3, 2],
  ['00101', 4, -2],
  ['0001000', 7, 4],
  [`${'0'.repeat(31)}1${'0'.repeat(31)}`, 2 ** 31 - 1, 2 ** 30],
  [`${'0'.repeat(31)}1${'1'.repeat(31)}`, 2 ** 32 - 2, -(2 ** 31 - 1)],
];

describe('a bit reader', () => {
  test('reads bits from the most significant on, across bytes', () => {
    const reader = new BitReader(fromHex('a5c3'));
    assert.deepEqual([reader.bit(), reader.flag(), reader.bits(4), reader.bits(6)], [1, false, 0b1001, 0b011100]);
    assert.equal(reader.remaining, 4);
    reader.skip(4);
    assert.equal(reader.remaining, 0);
    assert.equal(reader.bits(0), 0);
  });

  test('reads 32 bits as an unsigned number', () => {
    assert.equal(new BitReader(fromHex('fffffffe')).bits(32), 0xfffffffe);
  });

  test('refuses to read or skip past the end', () => {
    for (const read of [(r: BitReader) => r.bit(), (r: BitReader) => r.bits(9), (r: BitReader) => r.skip(9)]) {
      const reader = new BitReader(fromHex('ff'));
      if (read.length === 1) assert.throws(() => read(new BitReader(new Uint8Array(0))), ProtocolError);
      reader.skip(1);
      assert.throws(() => {
        for (;;) read(reader);
      }, ProtocolError);
    }
  });

  for (const [code, ue, se] of expGolomb) {
    test(`reads the Exp-Golomb code of ${ue} and ${se}`, () => {
      assert.equal(bits(code).ue(), ue);
      assert.equal(bits(code).se(), se);
    });
  }

  test('refuses an Exp-Golomb code that is cut off or has more than 32 bits', () => {
    for (const code of ['', '0', '00000000', '00000001', '0'.repeat(40) + '1'.repeat(40)]) {
      assert.throws(() => bits(code).ue(), ProtocolError, code);
    }
  });

  test('reads any cut of the bits as the same number', () => {
    const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: 8 }), fc.nat(32), (bytes, length) => {
      const count = Math.min(length, bytes.length * 8);
      const whole = new BitReader(bytes).bits(count);
      const single = new BitReader(bytes);
      let value = 0;
      for (let i = 0; i < count; i++) value = value * 2 + single.bit();
      assert.equal(whole, value);
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });
});
