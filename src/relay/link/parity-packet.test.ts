import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { open, seal } from '../../../test/support/link-simulation.ts';
import { fromHex, toHex } from '../../base/bytes.ts';
import { MOST_ROWS, MOST_SYMBOLS } from './erasure.ts';
import { isMedia, PAYLOAD_HEAD, sequenceOf, ssrcOf, timestampOf } from './packet.ts';
import { isParity, packetOf, parityHead, parityNonce, parityPayload, readParity, symbolOf } from './parity-packet.ts';

const ROW = '0007 00000000 00000000000000';

describe('a parity packet', () => {
  test('is an RTP packet of a type of its own, with a sequence of its own', () => {
    const head = parityHead(0xfedcba98, 0x01234567, 90_000);
    assert.equal(toHex(head), '8061456700015f90fedcba980123');
    assert.deepEqual([ssrcOf(head), sequenceOf(head), timestampOf(head)], [0xfedcba98, 0x01234567, 90_000]);
    const plain = parityPayload({ first: 5, count: 1, row: 0, bytes: fromHex(ROW) });
    const packet = seal(head, plain, parityNonce(1));
    assert.deepEqual([isParity(packet), isMedia(packet)], [true, false]);
    assert.deepEqual(open(packet, parityNonce(1)), plain);
    assert.equal(isParity(packet.subarray(1)), false);
  });

  test('says which packets it protects, and how', () => {
    const parity = { first: 0x71234567, count: MOST_SYMBOLS, row: MOST_ROWS - 1, bytes: fromHex(ROW) };
    const plain = parityPayload(parity);
    assert.equal(toHex(plain), `712345677f7f${toHex(fromHex(ROW))}`);
    assert.deepEqual(readParity(plain), parity);
  });

  test('has numbers for its nonces that no media packet has', () => {
    assert.equal(parityNonce(0), 2 ** 32);
    assert.equal(parityNonce(2 ** 31), 2 ** 32 + 2 ** 31);
  });

  const faults: [name: string, hex: string][] = [
    ['one without a head', ''],
    ['one whose row is too short for a packet', '00000005 00 00 0007 00000000 000000000000'],
    ['one of more packets than go together', `00000005 80 00 ${ROW}`],
    ['one of a row that there is not', `00000005 00 80 ${ROW}`],
    ['one of sequences beyond 32 bits', `fffffffe 02 00 ${ROW}`],
  ];
  for (const [name, hex] of faults) {
    test(`${name} is none`, () => assert.equal(readParity(fromHex(hex)), undefined));
  }

  test('is read from any bytes or not at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const parity = readParity(bytes);
        if (parity) assert.deepEqual(parityPayload(parity), bytes);
        isParity(bytes);
        if (bytes.length >= 6) packetOf(bytes);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('the symbol of a media packet', () => {
  test('gives the packet again, whatever zeros follow it', () => {
    const plain = fromHex('60 1234 000009 04 030405');
    const symbol = symbolOf({ plain, ticks: 0xfffffffe });
    assert.equal(toHex(symbol), `000afffffffe${toHex(plain)}`);
    for (const zeros of [0, 9]) {
      const longer = new Uint8Array(symbol.length + zeros);
      longer.set(symbol);
      assert.deepEqual(packetOf(longer), { plain, ticks: 0xfffffffe });
    }
  });

  test('is none when its length cannot be that of a packet', () => {
    for (const length of [0, PAYLOAD_HEAD - 1, 9, 0xffff]) {
      const symbol = new Uint8Array(6 + 8);
      symbol.set([length >> 8, length]);
      assert.equal(packetOf(symbol), undefined, `${length}`);
    }
  });
});
