import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { ProtocolError } from '../../base/errors.ts';
import { isH265KeyFrame } from '../h265/config.ts';
import { isH264KeyFrame } from './config.ts';
import { annexBUnits, joinNalUnits, lengthPrefixed, nalUnits, soundNalUnits, withoutEmulation } from './nal.ts';

const hexes = (units: Iterable<Uint8Array>) => [...units].map(toHex);

describe('units with lengths', () => {
  test('are read back as they were joined, whatever the size of the length', () => {
    for (const lengthSize of [1, 2, 3, 4]) {
      const units = [fromHex('6742'), fromHex(''), fromHex('65'.repeat(200))];
      assert.deepEqual(hexes(nalUnits(joinNalUnits(units, lengthSize), lengthSize)), units.map(toHex));
    }
  });

  test('that end past the data are refused', () => {
    for (const hex of ['00000003 6742', '00000002 6742 0000', 'ffffffff 67']) {
      assert.throws(() => [...nalUnits(fromHex(hex), 4)], ProtocolError, hex);
    }
  });

  test('are taken up to the one that is cut short, without empty ones', () => {
    const cases: [hex: string, units: string[]][] = [
      ['00000002 6742 00000000 00000002 68ce', ['6742', '68ce']],
      ['00000002 6742 00000003 68ce', ['6742']],
      ['00000002 6742 ffffffff 68ce', ['6742']],
      ['00000002 6742 0000', ['6742']],
      ['', []],
    ];
    for (const [hex, units] of cases) assert.deepEqual(hexes(soundNalUnits(fromHex(hex), 4)), units);
  });

  test('are taken up to a limit, however many there are', () => {
    assert.equal(soundNalUnits(fromHex('0141'.repeat(10_000)), 1).length, 4096);
  });

  test('that are too long for their length are refused', () => {
    assert.throws(() => joinNalUnits([new Uint8Array(256)], 1), ProtocolError);
  });
});

describe('units after start codes', () => {
  const cases = [
    { name: 'long start codes', hex: '00000001 6742 00000001 68ce', units: ['6742', '68ce'] },
    { name: 'short start codes', hex: '000001 6742 000001 68ce', units: ['6742', '68ce'] },
    { name: 'trailing zeros', hex: '000001 6742 000000 000001 68ce 0000', units: ['6742', '68ce'] },
    { name: 'nothing between two start codes', hex: '000001 000001 68ce', units: ['68ce'] },
    { name: 'no start code', hex: '68ce', units: [] },
    { name: 'a start code alone', hex: '00000001', units: [] },
  ];
  for (const { name, hex, units } of cases) {
    test(`are found with ${name}`, () => assert.deepEqual(hexes(annexBUnits(fromHex(hex))), units));
  }
});

describe('an access unit', () => {
  test('gets lengths in place of start codes', () => {
    assert.equal(toHex(lengthPrefixed(fromHex('00000001 0910 000001 6588'), 4)), '00000002091000000002' + '6588');
  });

  test('with lengths stays the same memory, also where a length looks like a start code', () => {
    const lengths = [2, 256, 300, 511, 70_000];
    for (const length of lengths) {
      const data = joinNalUnits([new Uint8Array(length).fill(0x41), fromHex('4142')], 4);
      assert.equal(lengthPrefixed(data, 4), data);
    }
  });

  test('of any bytes is converted without an error', () => {
    const bytes = fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 0x65, 0xff), { maxLength: 40 });
    const property = fc.property(bytes, fc.integer({ min: 2, max: 4 }), (values, lengthSize) => {
      const data = Uint8Array.from(values);
      const converted = lengthPrefixed(data, lengthSize);
      if (converted !== data) assert.deepEqual(hexes(nalUnits(converted, lengthSize)), hexes(annexBUnits(data)));
      assert.equal(typeof isH264KeyFrame(data, lengthSize), 'boolean');
    });
    fc.assert(property, { seed: 20_262, numRuns: 2000 });
  });
});

describe('a key frame', () => {
  const cases = [
    { name: 'an IDR slice behind an SPS', hex: '00000002 6742 00000002 6588', h264: true, h265: false },
    { name: 'a slice', hex: '00000002 0910 00000002 419a', h264: false, h265: false },
    { name: 'an H.265 IDR picture', hex: '00000003 460150 00000003 260150', h264: false, h265: true },
    { name: 'an H.265 CRA picture', hex: '00000003 2a0150', h264: false, h265: true },
    { name: 'an H.265 trailing picture', hex: '00000003 020150', h264: false, h265: false },
    { name: 'units cut short', hex: '00000002 0910 0000', h264: false, h265: false },
    { name: 'empty units', hex: '00000000 00000000', h264: false, h265: false },
  ];
  for (const { name, hex, h264, h265 } of cases) {
    test(`is told by ${name}`, () => {
      assert.equal(isH264KeyFrame(fromHex(hex), 4), h264, 'as H.264');
      assert.equal(isH265KeyFrame(fromHex(hex), 4), h265, 'as H.265');
    });
  }
});

test('emulation prevention bytes are taken out, and only they', () => {
  const cases: [escaped: string, plain: string][] = [
    ['000003', '0000'],
    ['00000300000301', '0000000001'],
    ['0003', '0003'],
    ['00000103', '00000103'],
  ];
  for (const [escaped, plain] of cases) assert.equal(toHex(withoutEmulation(fromHex(escaped))), plain);
});
