import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from '../../base/byte-reader.ts';
import { fromHex } from '../../base/bytes.ts';
import { ProtocolError, RefusedError } from '../../base/errors.ts';
import type { AmfValue } from './amf.ts';
import { amfObject, ecmaArray, MAX_DEPTH, MAX_NODES } from './amf.ts';
import { readAmf3 } from './amf3.ts';

const read = (bytes: Uint8Array) => readAmf3(new ByteReader(bytes));

const cases: [name: string, hex: string, value: AmfValue][] = [
  ['undefined', '00', undefined],
  ['null', '01', null],
  ['false', '02', false],
  ['true', '03', true],
  ['an integer of one byte', '04 7f', 127],
  ['an integer of two bytes', '04 8100', 128],
  ['an integer of three bytes', '04 818000', 16_384],
  ['an integer of four bytes', '04 80c08000', 0x200000],
  ['the largest integer', '04 bfffffff', 0xfffffff],
  ['the smallest integer', '04 c0808000', -0x10000000],
  ['minus one', '04 ffffffff', -1],
  ['a double', '05 3ff8000000000000', 1.5],
  ['a string', '06 03 61', 'a'],
  ['an empty string', '06 01', ''],
  ['an XML document', '07 09 3c612f3e', '<a/>'],
  ['XML', '0b 09 3c612f3e', '<a/>'],
  ['a date', '08 01 4271f71fb04cb000', new Date(1_234_567_890_123)],
  ['an array', '09 05 01 01 02', [null, false]],
  ['an array with names', '09 03 03 61 03 01 02', ecmaArray({ a: true, 0: false })],
  ['a repeated string', '09 05 01 06 03 61 06 00', ['a', 'a']],
  ['an empty string, which is not counted', '09 07 01 06 01 06 03 61 06 00', ['', 'a', 'a']],
  ['a repeated array', '09 05 01 09 03 01 01 09 02', [[null], [null]]],
  ['a repeated date', '09 05 01 08 01 0000000000000000 08 02', [new Date(0), new Date(0)]],
  ['an object', '0a 13 01 03 61 01', amfObject({ a: null })],
  ['a dynamic object', '0a 1b 01 03 61 01 03 62 03 01', amfObject({ a: null, b: true })],
  ['an anonymous object', '0a 0b 01 03 61 01 01', amfObject({ a: null })],
  [
    'objects of the same class',
    '09 05 01 0a 13 01 03 61 01 0a 01 02',
    [amfObject({ a: null }), amfObject({ a: false })],
  ],
  ['a repeated object', '09 05 01 0a 13 01 03 61 01 0a 02', [amfObject({ a: null }), amfObject({ a: null })]],
  ['a byte array, which is passed over', '09 05 01 0c 05 aabb 01', [undefined, null]],
  ['a key __proto__', '0a 0b 01 13 5f5f70726f746f5f5f 03 01', amfObject(JSON.parse('{"__proto__":true}'))],
];

const refused: [name: string, hex: string][] = [
  ['nothing at all', ''],
  ['an unknown marker', '0d'],
  ['an integer cut off', '04 8080'],
  ['a string cut off', '06 05 61'],
  ['a string that only claims its length', '06 ffffffff 61'],
  ['a repeated string that never was', '06 00'],
  ['a repeated object that never was', '0a 00'],
  ['a class that never was', '0a 01'],
  ['an array that only claims its length', '09 ffffffff'],
  ['an array that contains itself', '09 03 01 09 00'],
  ['a class that only claims its members', '0a fffffff3 01'],
  ['a byte array that only claims its length', '0c ffffffff'],
  ['arrays nested too deep', '09 03 01'.repeat(MAX_DEPTH + 1) + '01'],
  ['too many values', `09 c001 01 ${'01'.repeat(MAX_NODES)}`],
];

describe('AMF3', () => {
  for (const [name, hex, value] of cases) {
    test(`${name} is read, to its last byte`, () => {
      const reader = new ByteReader(fromHex(hex));
      assert.deepEqual(readAmf3(reader), value);
      assert.equal(reader.remaining, 0);
    });
  }
  for (const [name, hex] of refused) {
    test(`${name} is refused`, () => assert.throws(() => read(fromHex(hex)), ProtocolError));
  }

  test('objects with an encoding of their own are refused as not supported', () => {
    assert.throws(() => read(fromHex('0a 07 03 61')), { name: 'RefusedError', code: 'unsupported' });
  });

  test('the members of classes count as values', () => {
    const object = `0a 81fa03 01 ${'01'.repeat(2000)} ${'01'.repeat(2000)}`;
    assert.doesNotThrow(() => read(fromHex(`09 03 01 ${object}`)));
    assert.throws(() => read(fromHex(`09 05 01 ${object} ${object}`)), ProtocolError);
  });

  test('AMF3 is refused cleanly where it is broken or cut off', () => {
    const seeds = cases.map(([, hex]) => fromHex(hex));
    const patch = fc.tuple(fc.nat(100), fc.nat(255));
    const property = fc.property(
      fc.constantFrom(...seeds),
      fc.array(patch, { maxLength: 4 }),
      fc.uint8Array(),
      (seed, patches, tail) => {
        const bytes = Uint8Array.of(...seed, ...tail);
        for (const [at, value] of patches) bytes[at % bytes.length] = value;
        readOrRefuse(bytes);
      },
    );
    fc.assert(property, { seed: 1, numRuns: 2000 });
    for (const seed of seeds)
      for (let length = 0; length < seed.length; length++) readOrRefuse(seed.subarray(0, length));
  });
});

function readOrRefuse(bytes: Uint8Array): void {
  try {
    read(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof RefusedError)) throw error;
  }
}
