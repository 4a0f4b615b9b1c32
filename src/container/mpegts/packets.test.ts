import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { type Opening, TS_PACKET, TsPackets } from './packets.ts';

const plain: Opening = { randomAccess: false };
const packet = (head: string, stuffing: number, payload: string) =>
  `${head.replaceAll(' ', '')}${'ff'.repeat(stuffing)}${payload}`;

const golden: Record<string, { payload: string; opening: Opening; packets: string[] }> = {
  'a payload that fills a packet': {
    payload: 'aa'.repeat(184),
    opening: plain,
    packets: [packet('47 4100 17', 0, 'aa'.repeat(184))],
  },
  'one byte less: an adaptation field of nothing but its length': {
    payload: 'aa'.repeat(183),
    opening: plain,
    packets: [packet('47 4100 37 00', 0, 'aa'.repeat(183))],
  },
  'two bytes less: an adaptation field without stuffing': {
    payload: 'aa'.repeat(182),
    opening: plain,
    packets: [packet('47 4100 37 01 00', 0, 'aa'.repeat(182))],
  },
  'one byte more than a packet has room for': {
    payload: 'aa'.repeat(184 + 1),
    opening: plain,
    packets: [packet('47 4100 17', 0, 'aa'.repeat(184)), packet('47 0100 38 b6 00', 181, 'aa')],
  },
  'a random access point': {
    payload: 'aabb',
    opening: { randomAccess: true },
    packets: [packet('47 4100 37 b5 40', 180, 'aabb')],
  },
  'the program clock: 33 bits of 90 kHz, 9 of 27 MHz': {
    payload: 'aabb',
    opening: { randomAccess: true, clock: (2 ** 33 - 1) * 300 + 299 },
    packets: [packet('47 4100 37 b5 50 ffffffff ff2b', 174, 'aabb')],
  },
  'the program clock after its wrap': {
    payload: 'aabb',
    opening: { randomAccess: false, clock: (2 ** 33 + 3) * 300 + 7 },
    packets: [packet('47 4100 37 b5 10 00000001 fe07', 174, 'aabb')],
  },
};

for (const [what, { payload, opening, packets }] of Object.entries(golden))
  test(`${what} is written as ISO/IEC 13818-1 has it`, () => {
    const writer = new TsPackets();
    const next = writer.write(0x100, 7, [fromHex(payload)], opening);
    assert.equal(next, 7 + packets.length);
    assert.equal(toHex(writer.take()), packets.join(''));
  });

test('pieces of any lengths come out one after another, and counters go round', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 700 }), { minLength: 1, maxLength: 6 });
  const opening = fc.record({ randomAccess: fc.boolean(), clock: fc.option(fc.nat(), { nil: undefined }) });
  const property = fc.property(pieces, opening, fc.nat(15), (parts, first, counter) => {
    const writer = new TsPackets();
    const next = writer.write(0x1abc, counter, parts, first);
    const bytes = writer.take();
    assert.equal(bytes.length % TS_PACKET, 0);
    const payloads: number[] = [];
    for (let at = 0; at < bytes.length; at += TS_PACKET) {
      assert.equal(bytes[at + 3]! & 15, (counter + at / TS_PACKET) & 15);
      const field = bytes[at + 3]! & 0x20 ? 1 + bytes[at + 4]! : 0;
      payloads.push(...bytes.subarray(at + 4 + field, at + TS_PACKET));
    }
    assert.deepEqual(
      payloads,
      parts.flatMap((part) => [...part]),
    );
    assert.equal(next, (counter + bytes.length / TS_PACKET) & 15);
  });
  fc.assert(property, { seed: 1, numRuns: 500 });
});

test('what was taken is nobody else’s, and taken once', () => {
  const writer = new TsPackets();
  writer.write(0x100, 0, [fromHex('aa')], plain);
  const first = writer.take();
  writer.write(0x100, 1, [fromHex('bb')], plain);
  assert.equal(first.at(-1), 0xaa);
  assert.equal(first.length, TS_PACKET);
  assert.equal(writer.take().at(-1), 0xbb);
  assert.equal(writer.take().length, 0);
});
