import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { assertSplitSafe, cut, decodeAll } from '../../test/support/split.ts';
import { concat, fromHex } from './bytes.ts';
import type { Parser } from './decoder.ts';
import { Decoder, exactly, peek, upTo } from './decoder.ts';

type Packet = { kind: number; body: Uint8Array };

/** A made-up protocol that uses all needs: a kind byte, if the next byte is 0xff a length of two bytes, else of one; a body. */
function* readPackets(): Parser<Packet> {
  for (;;) {
    const kind = (yield exactly(1))[0]!;
    if (kind === 0) return;
    const wide = (yield peek(1))[0] === 0xff;
    const header = yield exactly(wide ? 3 : 1);
    const body = new Uint8Array(wide ? header[1]! * 256 + header[2]! : header[0]!);
    for (let filled = 0; filled < body.length; ) {
      const bytes = yield upTo(body.length - filled);
      body.set(bytes, filled);
      filled += bytes.length;
    }
    yield { kind, body };
  }
}

const cases: [name: string, hex: string, packets: Packet[]][] = [
  ['nothing', '', []],
  ['a packet', '01 02 aabb', [{ kind: 1, body: fromHex('aabb') }]],
  ['a packet without body', '01 00', [{ kind: 1, body: fromHex('') }]],
  ['a long packet', `01 ff0100 ${'ab'.repeat(256)}`, [{ kind: 1, body: fromHex('ab'.repeat(256)) }]],
  [
    'packets one after another',
    '01 01 aa 02 ff0002 bbcc 03 00',
    [
      { kind: 1, body: fromHex('aa') },
      { kind: 2, body: fromHex('bbcc') },
      { kind: 3, body: fromHex('') },
    ],
  ],
  ['a packet and the beginning of another', '01 01 aa 02 05 bb', [{ kind: 1, body: fromHex('aa') }]],
];

describe('a decoder', () => {
  for (const [name, hex, packets] of cases) {
    test(`drives a parser through ${name}, however it is cut`, () =>
      assertSplitSafe(readPackets, fromHex(hex), packets));
  }

  test('ends with its parser and keeps what the parser left', () => {
    const decoder = new Decoder(readPackets());
    for (const piece of [fromHex('01 01 aa 00 0b'), fromHex('0c0d')]) decoder.push(piece);
    assert.deepEqual(decoder.next(), { kind: 1, body: fromHex('aa') });
    assert.equal(decoder.done, false);
    assert.equal(decoder.next(), undefined);
    assert.equal(decoder.done, true);
    assert.equal(decoder.buffered, 3);
  });

  test('throws what its parser throws, and is done then', () => {
    const decoder = new Decoder(
      (function* (): Parser<object> {
        yield exactly(1);
        throw new RangeError('no');
      })(),
    );
    assert.equal(decoder.next(), undefined);
    decoder.push(fromHex('00'));
    assert.throws(() => decoder.next(), RangeError);
    assert.equal(decoder.next(), undefined);
    assert.equal(decoder.done, true);
  });

  test('hands out many bytes that lie together without copying them, and as many as there are if asked for up to more', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
    const seen: Uint8Array[] = [];
    const decoder = new Decoder(
      (function* (): Parser<object> {
        seen.push(yield exactly(20), yield peek(20), yield upTo(100), yield upTo(100));
      })(),
    );
    for (const piece of cut(bytes, [50])) decoder.push(piece);
    decoder.next();
    assert.deepEqual(seen, [bytes.slice(0, 20), bytes.slice(20, 40), bytes.slice(20, 50), bytes.slice(50)]);
    assert.ok(seen.every((view) => view.buffer === bytes.buffer));
  });

  test('gives a need of nothing at once', () => {
    function* readNothing(): Parser<{ length: number }> {
      yield { length: (yield exactly(0)).length + (yield upTo(0)).length + (yield peek(0)).length };
    }
    assert.deepEqual(decodeAll(readNothing(), fromHex('')), [{ length: 0 }]);
  });

  test('makes the same packets of the same bytes, whatever they are and however they are cut', () => {
    const kind = fc.integer({ min: 1, max: 255 });
    const packet = fc.record({ kind, body: fc.uint8Array({ maxLength: 300 }) }, { noNullPrototype: true });
    const property = fc.property(fc.array(packet, { maxLength: 8 }), fc.array(fc.nat()), (packets, places) => {
      const encode = ({ kind, body }: Packet) =>
        concat([Uint8Array.of(kind, 0xff, body.length >> 8, body.length), body]);
      const bytes = concat([new Uint8Array(0), ...packets.map(encode)]);
      const pieces = cut(
        bytes,
        places.map((place) => place % (bytes.length + 1)),
      );
      assert.deepEqual(decodeAll(readPackets(), ...pieces), packets);
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });
});
