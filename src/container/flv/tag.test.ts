import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { concat, fromHex, toHex } from '../../base/bytes.ts';
import { Decoder } from '../../base/decoder.ts';
import { ProtocolError } from '../../base/errors.ts';
import { type FlvTag, type FlvTagType, flvHeader, flvTag, MAX_TAG_BODY, readFlv, toMilliseconds } from './tag.ts';

const EMPTY = new Uint8Array(0);
const HOURS = 3_600_000;

interface Case {
  readonly name: string;
  readonly type: FlvTagType;
  readonly timestamp: number;
  readonly body: string;
  readonly hex: string;
}

const cases: Case[] = [
  {
    name: 'video',
    type: 'video',
    timestamp: 40,
    body: '2701000000ff',
    hex: '09000006 00002800 000000 2701000000ff 00000011',
  },
  { name: 'audio', type: 'audio', timestamp: 0, body: 'af01', hex: '08000002 00000000 000000 af01 0000000d' },
  { name: 'an empty script', type: 'script', timestamp: 1, body: '', hex: '12000000 00000100 000000 0000000b' },
  {
    name: 'beyond 4.66 hours, where 24 bits end',
    type: 'audio',
    timestamp: 5 * HOURS,
    body: 'af01',
    hex: '08000002 12a88001 000000 af01 0000000d',
  },
  {
    name: 'at the last of 32 bits',
    type: 'audio',
    timestamp: 2 ** 32 - 1,
    body: 'af',
    hex: '08000001 ffffffff 000000 af 0000000c',
  },
];

describe('a tag', () => {
  for (const { name, type, timestamp, body, hex } of cases) {
    test(`is written, body in one part or two: ${name}`, () => {
      const bytes = fromHex(body);
      const cut = bytes.length >> 1;
      assert.deepEqual(flvTag(type, timestamp, EMPTY, bytes), fromHex(hex));
      assert.deepEqual(flvTag(type, timestamp, bytes.subarray(0, cut), bytes.subarray(cut)), fromHex(hex));
    });

    test(`is read back: ${name}`, () => {
      const [tag] = readAll([flvHeader(true, true), fromHex(hex)]);
      assert.deepEqual(tag, { type, timestamp, body: fromHex(body) });
    });
  }

  test('has a timestamp that wraps after 49.7 days', () => {
    assert.deepEqual(flvTag('audio', 2 ** 32 + 40, EMPTY, EMPTY), flvTag('audio', 40, EMPTY, EMPTY));
    assert.deepEqual(flvTag('audio', 3 * 2 ** 32 + 40, EMPTY, EMPTY), flvTag('audio', 40, EMPTY, EMPTY));
    assert.deepEqual(flvTag('audio', -1, EMPTY, EMPTY), flvTag('audio', 2 ** 32 - 1, EMPTY, EMPTY));
  });

  test('owns its body', () => {
    const stream = concat([flvHeader(true, false), fromHex(cases[1]!.hex)]);
    const [tag] = readAll([stream]);
    stream.fill(0);
    assert.equal(toHex(tag!.body), 'af01');
    assert.equal(tag!.body.buffer.byteLength, 2);
  });
});

test('the header names what will come', () => {
  assert.equal(toHex(flvHeader(true, true)), '464c5601050000000900000000');
  assert.equal(toHex(flvHeader(true, false)), '464c5601040000000900000000');
  assert.equal(toHex(flvHeader(false, true)), '464c5601010000000900000000');
});

test('microseconds are rounded to milliseconds', () => {
  assert.deepEqual([0, 499, 500, 33_333, 66_667, -1_400].map(toMilliseconds), [0, 0, 1, 33, 67, -1]);
});

describe('a stream', () => {
  const stream = concat([flvHeader(true, true), ...cases.map(({ hex }) => fromHex(hex))]);
  const whole = readAll([stream]);

  test('is read the same wherever it is cut', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      assert.deepEqual(readAll([stream.subarray(0, cut), stream.subarray(cut)]), whole);
    }
    assert.deepEqual(readAll([...stream].map((byte) => Uint8Array.of(byte))), whole);
  });

  test('may have a longer header, and tags of unknown types, which are left out', () => {
    const header = fromHex('464c560105 0000000b ffff 00000000');
    const unknown = fromHex('0f000002 00000000 000000 ffff 0000000d');
    assert.deepEqual(readAll([header, unknown, stream.subarray(13)]), whole);
  });

  const refused = [
    { name: 'no signature', hex: '474c5601050000000900000000' },
    { name: 'a header too short to be one', hex: '464c5601050000000800000000' },
    { name: 'a header of four gigabytes', hex: '464c560105ffffffff00000000' },
    { name: 'an encrypted tag', hex: '464c5601050000000900000000 29000001 00000000 000000' },
    { name: 'a tag above the limit', hex: `464c5601050000000900000000 09${hex24(MAX_TAG_BODY + 1)} 00000000 000000` },
  ];
  for (const { name, hex } of refused) {
    test(`is refused with ${name}, before more of it is awaited`, () => {
      assert.throws(() => readAll([fromHex(hex)]), ProtocolError);
    });
  }

  test('damaged anywhere, is read or refused', () => {
    const property = fc.property(fc.nat(stream.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
      const damaged = stream.slice();
      damaged[at] = value;
      try {
        readAll([damaged]);
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    });
    fc.assert(property, { seed: 20_264, numRuns: 500 });
  });
});

function readAll(pieces: readonly Uint8Array[]): FlvTag[] {
  const decoder = new Decoder(readFlv());
  const tags: FlvTag[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    for (let tag = decoder.next(); tag !== undefined; tag = decoder.next()) tags.push(tag);
  }
  return tags;
}

function hex24(value: number): string {
  return value.toString(16).padStart(6, '0');
}
