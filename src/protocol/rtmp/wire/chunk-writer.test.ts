import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeAll } from '../../../../test/support/split.ts';
import { concat, fromHex, toHex } from '../../../base/bytes.ts';
import { PUBLISHER_LIMITS, readChunks } from './chunk-reader.ts';
import { encodeMessage } from './chunk-writer.ts';
import { controlMessage } from './control.ts';
import type { RtmpMessage } from './message.ts';

const cases: [name: string, hex: string, message: Partial<RtmpMessage>, head?: string][] = [
  ['an empty message', '06 000028 000000 09 01000000', {}],
  ['a short message', '06 000028 000002 09 01000000 aabb', { payload: fromHex('aabb') }],
  ['a message of a whole chunk', '06 000028 000004 09 01000000 aabbccdd', { payload: fromHex('aabbccdd') }],
  ['a message of two chunks', '06 000028 000005 09 01000000 aabbccdd c6 ee', { payload: fromHex('aabbccddee') }],
  [
    'a message of three chunks',
    '06 000028 00000a 09 01000000 01020304 c6 05060708 c6 090a',
    { payload: fromHex('0102030405060708090a') },
  ],
  ['a head alone', '06 000028 000002 09 01000000 1701', {}, '1701'],
  ['a head and a payload', '06 000028 000003 09 01000000 1701aa', { payload: fromHex('aa') }, '1701'],
  [
    'a head of a whole chunk',
    '06 000028 000006 09 01000000 01020304 c6 aabb',
    { payload: fromHex('aabb') },
    '01020304',
  ],
  [
    'a head of several chunks',
    '06 000028 000006 09 01000000 01020304 c6 05aa',
    { payload: fromHex('aa') },
    '0102030405',
  ],
  ['a large stream id', '06 000028 000000 09 04030281', { streamId: 0x81020304 }],
  ['the last chunk stream of one byte', '3f 000028 000000 09 01000000', { chunkStreamId: 63 }],
  ['the first chunk stream of two bytes', '0000 000028 000000 09 01000000', { chunkStreamId: 64 }],
  ['the last chunk stream of two bytes', '00ff 000028 000000 09 01000000', { chunkStreamId: 319 }],
  ['the first chunk stream of three bytes', '010001 000028 000000 09 01000000', { chunkStreamId: 320 }],
  [
    'the last chunk stream',
    '01ffff 000028 000005 09 01000000 aabbccdd c1ffff ee',
    { chunkStreamId: 65_599, payload: fromHex('aabbccddee') },
  ],
  ['the last short timestamp', '06 fffffe 000000 09 01000000', { timestamp: 0xfffffe }],
  ['the first extended timestamp', '06 ffffff 000000 09 01000000 00ffffff', { timestamp: 0xffffff }],
  [
    'an extended timestamp in each chunk',
    '06 ffffff 000005 09 01000000 fedcba98 aabbccdd c6 fedcba98 ee',
    { timestamp: 0xfedcba98, payload: fromHex('aabbccddee') },
  ],
];

describe('chunks are written', () => {
  for (const [name, hex, parts, head = ''] of cases) {
    test(`for ${name}`, () => {
      const message = { chunkStreamId: 6, type: 9, streamId: 1, timestamp: 40, payload: fromHex(''), ...parts };
      const bytes = encodeMessage(message, 4, fromHex(head));
      assert.equal(toHex(bytes), hex.replaceAll(' ', ''));
      assert.equal(bytes.buffer.byteLength, bytes.length);
    });
  }

  test('so that they are read as the same message', () => {
    const message = fc.record({
      chunkStreamId: fc.integer({ min: 2, max: 65_599 }),
      type: fc.integer({ min: 8, max: 9 }),
      streamId: fc.nat(0xffffffff),
      timestamp: fc.nat(0xffffffff),
      payload: fc.uint8Array({ maxLength: 2000, size: 'max' }),
    });
    const property = fc.property(
      message,
      fc.uint8Array(),
      fc.integer({ min: 128, max: 500 }),
      (sent, head, chunkSize) => {
        const setup = encodeMessage(controlMessage({ kind: 'set-chunk-size', size: chunkSize }), 128);
        const [received] = decodeAll(readChunks(PUBLISHER_LIMITS), setup, encodeMessage(sent, chunkSize, head));
        assert.deepEqual({ ...received }, { ...sent, payload: concat([head, sent.payload]) });
      },
    );
    fc.assert(property, { seed: 1, numRuns: 300 });
  });
});
