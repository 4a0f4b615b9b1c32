import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { fromHex, toHex } from './bytes.ts';

describe('a byte writer', () => {
  test('writes every kind of number, bytes and text', () => {
    const writer = new ByteWriter(1);
    writer.u8(1).u16(0x0203).u24(0x040506).u32(0xfffefdfc).u32le(0x01020304).f64(-2).put(fromHex('aabb')).text('é');
    assert.equal(toHex(writer.finish()), '010203040506fffefdfc04030201c000000000000000aabbc3a9');
  });

  test('hands out memory of exactly its size, which later writing leaves alone', () => {
    const writer = new ByteWriter(1000).u8(1);
    const bytes = writer.finish();
    assert.equal(bytes.buffer.byteLength, 1);
    writer.u8(2);
    assert.deepEqual(bytes, fromHex('01'));
    assert.deepEqual(writer.finish(), fromHex('0102'));
  });

  test('grows from no capacity at all', () => {
    assert.deepEqual(new ByteWriter(0).u8(7).finish(), fromHex('07'));
    assert.deepEqual(new ByteWriter(0).finish(), fromHex(''));
  });

  test('writes what a byte reader reads', () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 40 }));
    const property = fc.property(parts, fc.nat(0xffffff), fc.double({ noNaN: true }), (list, number, double) => {
      const writer = new ByteWriter(2);
      for (const part of list) writer.u16(part.length).put(part);
      const reader = new ByteReader(writer.u24(number).f64(double).finish());
      for (const part of list) assert.deepEqual(reader.take(reader.u16()), part);
      assert.equal(reader.u24(), number);
      assert.equal(reader.f64(), double);
      assert.equal(reader.remaining, 0);
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });
});
