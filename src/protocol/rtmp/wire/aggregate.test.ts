import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fromHex } from '../../../base/bytes.ts';
import { ProtocolError, RefusedError } from '../../../base/errors.ts';
import { MAX_AGGREGATED, splitAggregate } from './aggregate.ts';
import type { RtmpMessage } from './message.ts';

const aggregate = (hex: string, timestamp = 1000): RtmpMessage => {
  return { chunkStreamId: 6, type: 22, streamId: 1, timestamp, payload: fromHex(hex) };
};
const split = (message: RtmpMessage) => [...splitAggregate(message)];

/** Two audio messages, 20 ms apart, and a video message of 10 ms later. */
const three =
  '08 000002 000064 00 000000 aabb 0000000d  08 000001 000078 00 000000 cc 0000000c  09 000000 000082 00 000000 0000000b';

const cases: [name: string, message: RtmpMessage, parts: [type: number, timestamp: number, payload: string][]][] = [
  ['nothing', aggregate(''), []],
  [
    'messages at their distance from the first',
    aggregate(three),
    [
      [8, 1000, 'aabb'],
      [8, 1020, 'cc'],
      [9, 1030, ''],
    ],
  ],
  [
    'a timestamp that wraps',
    aggregate(three, 0xfffffff0),
    [
      [8, 0xfffffff0, 'aabb'],
      [8, 4, 'cc'],
      [9, 14, ''],
    ],
  ],
  [
    'timestamps of 32 bits',
    aggregate('08 000000 000001 ff 000000 0000000b 08 000000 000003 ff 000000 0000000b'),
    [
      [8, 1000, ''],
      [8, 1002, ''],
    ],
  ],
  ['data', aggregate('12 000001 000000 00 000000 05 0000000c'), [[18, 1000, '05']]],
];

const refused: [name: string, hex: string][] = [
  ['an aggregate in an aggregate', '16 000000 000000 00 000000 0000000b'],
  ['a chunk size', '01 000004 000000 00 000000 00001000 0000000f'],
  ['a header cut off', '08 000000'],
  ['a payload cut off', '08 000002 000000 00 000000 aa'],
  ['no back pointer', '08 000000 000000 00 000000'],
];

describe('an aggregate', () => {
  for (const [name, message, parts] of cases) {
    test(`of ${name} is split`, () => {
      const expected = parts.map(([type, timestamp, payload]) => ({
        ...message,
        type,
        timestamp,
        payload: fromHex(payload),
      }));
      assert.deepEqual(split(message), expected);
    });
  }
  for (const [name, hex] of refused) {
    test(`with ${name} is refused`, () => assert.throws(() => split(aggregate(hex)), ProtocolError));
  }

  test('gives each message memory of its own', () => {
    for (const { payload } of split(aggregate(three))) assert.equal(payload.buffer.byteLength, payload.length);
  });

  test('may hold so many messages and no more', () => {
    const one = '08 000000 000000 00 000000 0000000b';
    assert.equal(split(aggregate(one.repeat(MAX_AGGREGATED))).length, MAX_AGGREGATED);
    assert.throws(() => split(aggregate(one.repeat(MAX_AGGREGATED + 1))), RefusedError);
  });

  test('is refused cleanly where it is broken', () => {
    const seeds = cases.map(([, message]) => message.payload);
    const patch = fc.tuple(fc.nat(60), fc.nat(255));
    const property = fc.property(
      fc.constantFrom(...seeds),
      fc.array(patch, { maxLength: 4 }),
      fc.uint8Array(),
      (seed, patches, tail) => {
        const payload = Uint8Array.of(...seed, ...tail);
        for (const [at, value] of patches) payload[at % payload.length] = value;
        try {
          split({ ...aggregate(''), payload });
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
        }
      },
    );
    fc.assert(property, { seed: 1, numRuns: 1000 });
  });
});
