import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parityOf } from './erasure.ts';
import { type Parity, symbolOf } from './parity-packet.ts';
import { type Numbered, ParityReceiver } from './parity-receiver.ts';

/** Packets of different lengths, and rows of their parity. */
function group(first: number, count: number, rows = count): { packets: Numbered[]; parity: Parity[] } {
  const packets = Array.from({ length: count }, (_, i) => ({
    sequence: first + i,
    plain: Uint8Array.from({ length: 10 + ((i * 7) % 5) }, (_, at) => first + i * 31 + at),
    ticks: 3000 * (first + i),
  }));
  const bytes = parityOf(packets.map(symbolOf), 0, rows);
  return { packets, parity: bytes.map((each, row) => ({ first, count, row, bytes: each })) };
}

/** One that has got what is not `lost`. */
function receiving(packets: readonly Numbered[], lost: readonly number[]): ParityReceiver {
  const receiver = new ParityReceiver();
  for (const [i, packet] of packets.entries()) if (!lost.includes(i)) assert.deepEqual(receiver.keep(packet, 0), []);
  return receiver;
}

describe('a receiver of parity', () => {
  test('restores packets as they were as soon as as many rows have come as are missing', () => {
    const { packets, parity } = group(1000, 6);
    const receiver = receiving(packets, [1, 4]);
    assert.deepEqual(receiver.take(parity[3]!, 0), []);
    assert.deepEqual(receiver.take(parity[3]!, 0), []);
    assert.deepEqual(receiver.take(parity[0]!, 0), [packets[1], packets[4]]);
    assert.deepEqual(receiver.take(parity[1]!, 0), []);
  });

  test('restores the rest when one of the missing comes by itself', () => {
    const { packets, parity } = group(0, 5);
    const receiver = receiving(packets, [0, 1, 2]);
    for (const row of parity.slice(0, 2)) assert.deepEqual(receiver.take(row, 0), []);
    assert.deepEqual(receiver.keep(packets[1]!, 0), [packets[0], packets[2]]);
  });

  test('tells groups apart that come at the same time', () => {
    const [a, b] = [group(0, 4), group(4, 4)];
    const receiver = receiving([...a.packets, ...b.packets], [0, 1, 5, 6]);
    assert.deepEqual(receiver.take(b.parity[0]!, 0), []);
    assert.deepEqual(receiver.take(a.parity[0]!, 0), []);
    assert.deepEqual(receiver.take(b.parity[1]!, 0), [b.packets[1], b.packets[2]]);
    assert.deepEqual(receiver.take(a.parity[1]!, 0), [a.packets[0], a.packets[1]]);
  });

  test('has no use for parity that does not go with what came', () => {
    const { packets, parity } = group(0, 6);
    const [row] = parity as [Parity];
    const receiver = receiving(packets, [0, 1]);
    receiver.take(row, 0);
    assert.equal(receiver.take({ ...row, row: 1, count: 5 }, 0), undefined);
    assert.equal(receiver.take({ ...row, row: 1, bytes: row.bytes.subarray(1) }, 0), undefined);
    const short = receiving(packets, [0]);
    assert.equal(short.take({ ...row, bytes: row.bytes.subarray(0, 14) }, 0), undefined);
    const wrong = receiving(packets, [0]);
    assert.equal(wrong.take({ ...row, bytes: row.bytes.map((byte) => byte ^ 0xff) }, 0), undefined);
  });

  test('knows how long after a packet its parity comes, at the longest', () => {
    const { packets, parity } = group(0, 4);
    const receiver = new ParityReceiver();
    for (const [i, packet] of packets.entries()) receiver.keep(packet, 1000 + i);
    receiver.take(parity[0]!, 31_000);
    assert.equal(receiver.lag, 30_000);
    receiver.take(parity[1]!, 41_000);
    assert.equal(receiver.lag, 40_000);
    for (let i = 0; i < 1000; i++) receiver.take({ ...parity[0]!, first: 4 + 4 * i }, 41_000);
    assert.ok(receiver.lag < 1000);
  });

  test('keeps a bounded number of groups and packets, and knows when parity has ceased', () => {
    const receiver = new ParityReceiver();
    const first = group(0, 2);
    receiver.take(first.parity[0]!, 0);
    for (let i = 1; i <= 64; i++) receiver.take(group(2 * i, 2).parity[0]!, 0);
    receiver.keep(first.packets[0]!, 0);
    assert.deepEqual(receiver.take(first.parity[1]!, 0), [first.packets[1]]);
    assert.equal(receiver.isIdle, false);
    for (let i = 0; i <= 512; i++) receiver.keep({ ...first.packets[0]!, sequence: 1000 + i }, 0);
    assert.equal(receiver.isIdle, true);
    assert.deepEqual(receiver.take(first.parity[0]!, 0), []);
    assert.equal(receiver.isIdle, false);
  });
});
