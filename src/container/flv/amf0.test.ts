import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from '../../base/byte-reader.ts';
import { fromHex, toHex } from '../../base/bytes.ts';
import { ProtocolError, RefusedError } from '../../base/errors.ts';
import { isAmfObject, isEcmaArray, MAX_DEPTH, MAX_NODES, MAX_STRING } from './amf.ts';
import type { AmfValue } from './amf0.ts';
import { amf0, amfObject, ecmaArray, readAllAmf0, readAmf0 } from './amf0.ts';

/** What is read from these bytes, and written as them. */
const cases: [name: string, hex: string, values: AmfValue[]][] = [
  ['nothing', '', []],
  ['a number', '00 3ff8000000000000', [1.5]],
  ['not a number', '00 7ff8000000000000', [Number.NaN]],
  ['false', '01 00', [false]],
  ['true', '01 01', [true]],
  ['a string', '02 0004 6c697665', ['live']],
  ['an empty string', '02 0000', ['']],
  ['a string beyond ASCII', '02 0003 e79bb4', ['直']],
  ['null', '05', [null]],
  ['undefined', '06', [undefined]],
  ['an empty object', '03 000009', [amfObject()]],
  ['an object', '03 0001 61 01 01 0001 62 02 0001 63 000009', [amfObject({ a: true, b: 'c' })]],
  ['an object with an empty key', '03 0000 05 000009', [amfObject({ '': null })]],
  ['an ECMA array', '08 00000001 0001 61 05 000009', [ecmaArray({ a: null })]],
  ['a strict array', '0a 00000002 05 01 00', [[null, false]]],
  ['nested values', '03 0001 61 0a 00000001 08 00000000 000009 000009', [amfObject({ a: [ecmaArray()] })]],
  ['a date', '0b 4271f71fb04cb000 0000', [new Date(1_234_567_890_123)]],
  ['a long string', `0c 00010000 ${'61'.repeat(MAX_STRING)}`, ['a'.repeat(MAX_STRING)]],
  ['several values', '02 0001 61 00 0000000000000000 05', ['a', 0, null]],
];

/** What is read from these bytes, though we would not write them so. */
const readOnly: [name: string, hex: string, values: AmfValue[]][] = [
  ['an ECMA array with a wrong count', '08 00000000 0001 61 05 000009 05', [ecmaArray({ a: null }), null]],
  ['an ECMA array without its end', '08 00000001 0001 61 05', [ecmaArray({ a: null })]],
  ['an object without its end', '03 0001 61 05', [amfObject({ a: null })]],
  ['a true that is not 1', '01 02', [true]],
  ['a short long string', '0c 00000001 61', ['a']],
  ['an XML document', '0f 00000004 3c612f3e', ['<a/>']],
  ['a typed object', '10 0001 54 0001 61 05 000009', [amfObject({ a: null })]],
  ['unsupported', '0d', [undefined]],
  ['a date in a time zone', '0b 0000000000000000 003c', [new Date(0)]],
  ['a reference', '03 0001 61 0a 00000001 05 0001 62 07 0001 000009', [amfObject({ a: [null], b: [null] })]],
  ['a reference to an earlier value', '0a 00000000 07 0000', [[], []]],
  ['AMF3', '11 03 05', [true, null]],
  ['a key again', '03 0001 61 05 0001 61 01 01 000009', [amfObject({ a: true })]],
];

const refused: [name: string, hex: string][] = [
  ['an unknown marker', '04'],
  ['an end without an object', '000009'],
  ['a number cut off', '00 3ff80000'],
  ['a string cut off', '02 0005 61'],
  ['a long string that is too long', `0c 00010001 ${'61'.repeat(MAX_STRING + 1)}`],
  ['a long string that only claims its length', '0c ffffffff 61'],
  ['an array that only claims its length', '0a ffffffff 05'],
  ['a key without a value', '03 0001 61'],
  ['a reference to nothing', '07 0000'],
  ['a reference to a value that contains it', '03 0001 61 07 0000 000009'],
  ['arrays nested too deep', '0a 00000001'.repeat(MAX_DEPTH + 1) + '05'],
  ['objects nested too deep', '03 0001 61'.repeat(MAX_DEPTH + 1) + '05'],
  ['too many values', '05'.repeat(MAX_NODES + 1)],
  ['few values repeated too often', `0a 00000400 ${'05'.repeat(1024)} ${'07 0000'.repeat(4)}`],
];

describe('AMF0', () => {
  for (const [name, hex, values] of [...cases, ...readOnly]) {
    test(`${name} is read`, () => assert.deepEqual(readAllAmf0(fromHex(hex)), values));
  }
  for (const [name, hex, values] of cases) {
    test(`${name} is written`, () => assert.equal(toHex(amf0(...values)), hex.replaceAll(' ', '')));
  }
  for (const [name, hex] of refused) {
    test(`${name} is refused`, () => assert.throws(() => readAllAmf0(fromHex(hex)), ProtocolError));
  }

  test('values as deep and as many as allowed are read', () => {
    assert.doesNotThrow(() => readAllAmf0(fromHex('0a 00000001'.repeat(MAX_DEPTH) + '05')));
    assert.equal(readAllAmf0(fromHex('05'.repeat(MAX_NODES))).length, MAX_NODES);
  });

  test('one value is read where it stands, and no more', () => {
    const reader = new ByteReader(fromHex('02 0001 61 05'));
    assert.equal(readAmf0(reader), 'a');
    assert.equal(reader.remaining, 1);
  });

  test('a string of more than 65,535 bytes is written as a long string', () => {
    assert.equal(toHex(amf0('a'.repeat(65_535)).subarray(0, 4)), '02ffff61');
    assert.equal(toHex(amf0('a'.repeat(65_536)).subarray(0, 6)), '0c0001000061');
  });

  test('the key __proto__ is a key like any other', () => {
    const [value] = readAllAmf0(fromHex('03 0009 5f5f70726f746f5f5f 03 0001 61 05 000009 000009'));
    assert.ok(isAmfObject(value));
    assert.deepEqual(Object.keys(value), ['__proto__']);
    assert.equal(value.a, undefined);
    assert.equal(({} as Record<string, unknown>).a, undefined);
    assert.equal(toHex(amf0(value)), '030009' + '5f5f70726f746f5f5f' + '03000161050000' + '09000009');
  });

  test('an ECMA array is told from an object, and neither has anything that its peer did not say', () => {
    const [object, array] = readAllAmf0(amf0(amfObject({ a: 1 }), ecmaArray({ a: 1 })));
    assert.ok(isAmfObject(object) && !isEcmaArray(object));
    assert.ok(isAmfObject(array) && isEcmaArray(array));
    assert.equal(object.toString, undefined);
    assert.equal(array.toString, undefined);
    assert.deepEqual([null, undefined, [], new Date(0), 1].map(isAmfObject), [false, false, false, false, false]);
  });
});

describe('AMF0 of any kind', () => {
  const values = fc.letrec<{ value: AmfValue }>((tie) => {
    const entries = fc.dictionary(fc.string({ maxLength: 5 }), tie('value'), { maxKeys: 4 });
    const plain = fc.oneof(
      fc.double(),
      fc.boolean(),
      fc.string(),
      fc.constant(null),
      fc.constant(undefined),
      fc.date(),
    );
    const lists = fc.array(tie('value'), { maxLength: 4 });
    return { value: fc.oneof({ maxDepth: 4 }, plain, entries.map(amfObject), entries.map(ecmaArray), lists) };
  });

  test('is read as it was written', () => {
    const property = fc.property(fc.array(values.value, { maxLength: 4 }), (list) => {
      assert.deepEqual(readAllAmf0(amf0(...list)), list);
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });

  test('is refused cleanly where it is broken', () => {
    const seeds = [...cases, ...readOnly].map(([, hex]) => fromHex(hex)).filter((bytes) => bytes.length < 100);
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
  });

  test('is refused cleanly wherever it is cut off', () => {
    for (const [, hex] of [...cases, ...readOnly]) {
      const bytes = fromHex(hex);
      for (let length = 0; length < Math.min(bytes.length, 100); length++) readOrRefuse(bytes.subarray(0, length));
    }
  });
});

function readOrRefuse(bytes: Uint8Array): void {
  try {
    assert.ok(countNodes(readAllAmf0(bytes)) <= MAX_NODES + 1);
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof RefusedError)) throw error;
  }
}

function countNodes(value: AmfValue): number {
  if (typeof value !== 'object' || value === null || value instanceof Date) return 1;
  return Object.values(value).reduce((sum: number, part) => sum + countNodes(part), 1);
}
