import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ByteReader } from './byte-reader.ts';
import { fromHex } from './bytes.ts';
import { ProtocolError } from './errors.ts';

const cases: [name: string, hex: string, read: (reader: ByteReader) => unknown, value: unknown][] = [
  ['an unsigned byte', 'ff', (r) => r.u8(), 255],
  ['16 bits', 'fffe', (r) => r.u16(), 0xfffe],
  ['signed 16 bits', 'fffe', (r) => r.i16(), -2],
  ['24 bits', 'fffefd', (r) => r.u24(), 0xfffefd],
  ['signed 24 bits', 'fffffe', (r) => r.i24(), -2],
  ['the smallest of signed 24 bits', '800000', (r) => r.i24(), -0x800000],
  ['32 bits', 'fffefdfc', (r) => r.u32(), 0xfffefdfc],
  ['signed 32 bits', 'fffffffe', (r) => r.i32(), -2],
  ['a double', 'c000000000000000', (r) => r.f64(), -2],
  ['text', 'c3a9', (r) => r.text(2), 'é'],
  ['malformed text', 'ff', (r) => r.text(1), '\ufffd'],
];

describe('a byte reader', () => {
  for (const [name, hex, read, value] of cases) {
    test(`reads ${name}, and refuses to read it from less`, () => {
      const bytes = fromHex(hex);
      const reader = new ByteReader(fromHex(`00${hex}00`).subarray(1));
      assert.equal(read(reader), value);
      assert.equal(reader.remaining, 1);
      for (let length = 0; length < bytes.length; length++) {
        const short = new ByteReader(bytes.subarray(0, length));
        assert.throws(() => read(short), ProtocolError);
        assert.equal(short.offset, 0);
      }
    });
  }

  test('hands out views of the memory it reads', () => {
    const bytes = fromHex('0102030405');
    const reader = new ByteReader(bytes);
    reader.skip(1);
    assert.deepEqual(reader.take(2), fromHex('0203'));
    const rest = reader.rest();
    assert.equal(rest.buffer, bytes.buffer);
    assert.deepEqual(rest, fromHex('0405'));
    assert.equal(reader.remaining, 0);
    assert.deepEqual(reader.rest(), fromHex(''));
    assert.throws(() => reader.skip(1), ProtocolError);
  });
});
