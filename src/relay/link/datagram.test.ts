import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { ProtocolError } from '../../base/errors.ts';
import {
  DATAGRAM_OVERHEAD,
  type Item,
  itemLength,
  MOST_ASKED,
  MOST_RUNS,
  readItems,
  writeItems,
  writePadded,
} from './datagram.ts';
import { USUAL_DATAGRAM } from './packet.ts';

const request = { item: 'request', ssrc: 7, latency: 500_000, overdue: 0 } as const;

const cases: [name: string, hex: string, item: Item][] = [
  ['a ping', '01 0102030405ff 05ac', { item: 'ping', sent: 0x0102030405ff, answer: 1452 }],
  ['a pong', '02 000000000001 ffffffffffff 000000000002', { item: 'pong', sent: 1, received: 2 ** 48 - 1, held: 2 }],
  ['a request for nothing', '03 00000007 01f4 00000000 00000000 00', { ...request, runs: [] }],
  ['a request for one', '03 00000007 01f4 00000000 fffffffe 01 00 00', { ...request, runs: [0xfffffffe, 1] }],
  [
    'a request for runs far from each other, some of it overdue',
    '03 00000007 01f4 00000309 00000009 03 00 00 7f 8100 847e 8f7f',
    { ...request, overdue: 777, runs: [9, 1, 137, 129, 904, 2048] },
  ],
  [
    'a report',
    '04 00000001 00000002 00000003 00000004 00000005 00000006 00000007 fffffff8',
    { item: 'report', ssrc: 1, received: 2, lost: 3, repaired: 4, abandoned: 5, queue: 6, rtt: 7, jitter: 0xfffffff8 },
  ],
  ['a heartbeat', '05 00000001 00000002 fffffffd', { item: 'heartbeat', ssrc: 1, sequence: 2, timestamp: 0xfffffffd }],
  ['a way of its own', '07 00000001 00', { item: 'way', ssrc: 1, way: 'own' }],
  ['a way on trial', '07 00000001 01', { item: 'way', ssrc: 1, way: 'trial' }],
  ['a way that is pushed', '07 fffffffe 02', { item: 'way', ssrc: 0xfffffffe, way: 'pushed' }],
  ['padding', '06 0002 0000', { item: 'padding', bytes: 5 }],
];

describe('the items of a control datagram', () => {
  for (const [name, hex, item] of cases) {
    test(`${name} is written and read`, () => {
      assert.equal(toHex(writeItems([item])), toHex(fromHex(hex)));
      assert.deepEqual(readItems(fromHex(hex)), [item]);
      assert.equal(itemLength(item), fromHex(hex).length);
    });
    test(`${name} is refused when it is cut short`, () => {
      const bytes = fromHex(hex);
      for (let length = 1; length < bytes.length; length++) {
        assert.throws(() => readItems(bytes.subarray(0, length)), ProtocolError);
      }
    });
  }

  test('follow one another', () => {
    const items = cases.map(([, , item]) => item);
    assert.deepEqual(readItems(writeItems(items)), items);
    assert.deepEqual(readItems(new Uint8Array(0)), []);
  });

  const faults: [name: string, hex: string][] = [
    ['an unknown item', '00'],
    ['an unknown way', '07 00000001 03'],
    ['more items than there may be', '010000000000000000'.repeat(65)],
    ['a number of more than five bytes', '03 00000007 01f4 00000000 00000000 01 808080808000 00'],
    ['a sequence beyond 32 bits', '03 00000007 01f4 00000000 ffffffff 01 00 01'],
    ['more sequences than a window has', '03 00000007 01f4 00000000 00000000 01 00 848000'],
  ];
  for (const [name, hex] of faults) {
    test(`are refused with ${name}`, () => assert.throws(() => readItems(fromHex(hex)), ProtocolError));
  }

  test('whatever is asked for is read as it was written, the first runs of too many', () => {
    const run = fc.record({ gap: fc.integer({ min: 1, max: 200 }), count: fc.integer({ min: 1, max: 70 }) });
    const property = fc.property(fc.nat(2 ** 31), fc.array(run, { maxLength: 300 }), (first, list) => {
      const runs: number[] = [];
      let end = first;
      for (const { gap, count } of list) {
        runs.push(end + gap, count);
        end += gap + count;
      }
      const bytes = writeItems([{ ...request, runs }]);
      assert.deepEqual(readItems(bytes), [{ ...request, runs: runs.slice(0, 2 * MOST_RUNS) }]);
    });
    fc.assert(property, { seed: 1, numRuns: 100 });
  });

  test('are made as long as they are asked to be, where they are not longer', () => {
    const pong = { item: 'pong', sent: 1, received: 2, held: 3 } as const;
    const length = itemLength(pong) + DATAGRAM_OVERHEAD;
    for (const bytes of [0, length, length + 2]) {
      assert.deepEqual(readItems(writePadded([pong], bytes)), [pong], `${bytes} bytes`);
    }
    for (const bytes of [length + 3, 1452]) {
      const plain = writePadded([pong], bytes);
      assert.equal(plain.length + DATAGRAM_OVERHEAD, bytes);
      assert.deepEqual(readItems(plain)[0], pong);
    }
  });

  test('a request of as many runs as there may be fits into the usual datagram', () => {
    const apart = Math.floor(MOST_ASKED / MOST_RUNS);
    const runs = Array.from({ length: MOST_RUNS }, (_, i) => [i * apart, apart - 130]).flat();
    assert.ok(itemLength({ ...request, runs }) + DATAGRAM_OVERHEAD <= USUAL_DATAGRAM);
  });

  test('any bytes are read or refused', () => {
    const seeds = cases.map(([, hex]) => fromHex(hex));
    const damaged = fc.record({
      seed: fc.constantFrom(...seeds),
      changes: fc.array(fc.record({ at: fc.nat(60), to: fc.nat(255) }), { maxLength: 6 }),
      more: fc.uint8Array({ maxLength: 20 }),
    });
    const property = fc.property(damaged, ({ seed, changes, more }) => {
      const bytes = new Uint8Array([...seed, ...more]);
      for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to;
      try {
        for (const item of readItems(bytes)) assert.ok(item.item);
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
      }
    });
    fc.assert(property, { seed: 2, numRuns: 2000 });
  });
});
