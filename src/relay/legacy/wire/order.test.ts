import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MILLISECOND } from '../../../base/clock.ts';
import type { RtpPacket } from '../../../container/rtp/packet.ts';
import { type OrderOptions, PacketOrder } from './order.ts';

const OPTIONS: OrderOptions = { deadline: 500 * MILLISECOND, repair: true };

function packet(sequence: number, timestamp = 0): RtpPacket {
  const common = { version: 2, padding: false, extension: undefined, marker: true, payloadType: 100, ssrc: 1 } as const;
  return { ...common, sequence: sequence & 0xffff, timestamp, payload: Uint8Array.of(0) };
}

/** All that comes out at `now`: numbers, and `-1` for a gap. */
function taken(order: PacketOrder, now: number): number[] {
  const numbers: number[] = [];
  for (let next = order.take(now); next; next = order.take(now)) numbers.push(next === 'gap' ? -1 : next.sequence);
  return numbers;
}

/** Pushes packets a millisecond apart, then takes what there is. */
function after(order: PacketOrder, sequences: readonly number[], from = 0): number[] {
  sequences.forEach((sequence, i) => order.push(packet(sequence), from + i * MILLISECOND));
  return taken(order, from + sequences.length * MILLISECOND);
}

const arrivals: [what: string, sequences: number[], expected: number[], late: number][] = [
  ['in order', [7, 8, 9], [7, 8, 9], 0],
  ['overtaken', [7, 9, 8, 10], [7, 8, 9, 10], 0],
  ['twice', [7, 8, 8, 9, 7], [7, 8, 9], 2],
  ['across the wrap', [65_534, 0, 65_535, 1], [65_534, 65_535, 0, 1], 0],
  ['before the first one', [7, 6, 8], [7, 8], 1],
  ['with one missing', [7, 9, 10], [7], 0],
];

for (const [what, sequences, expected, late] of arrivals)
  test(`packets that come ${what} come out as they should`, () => {
    const order = new PacketOrder(OPTIONS);
    assert.deepEqual(after(order, sequences), expected);
    assert.equal(order.counters.late, late);
  });

test('what is missing is asked for after a moment, again in time, and counted when it comes', () => {
  const order = new PacketOrder(OPTIONS);
  order.again = 50 * MILLISECOND;
  after(order, [1, 4, 7]);
  assert.deepEqual(order.wanted(3 * MILLISECOND), [2, 3], 'three packets follow these');
  assert.deepEqual(order.wanted(15 * MILLISECOND), [5, 6]);
  assert.deepEqual(order.wanted(50 * MILLISECOND), []);
  assert.deepEqual(after(order, [3, 2], 60 * MILLISECOND), [2, 3, 4]);
  assert.deepEqual(order.wanted(70 * MILLISECOND), [5, 6]);
  const { lost, repaired, abandoned } = order.counters;
  assert.deepEqual({ lost, repaired, abandoned }, { lost: 4, repaired: 2, abandoned: 0 });
});

test('where packets have overtaken others, all of them are waited for', () => {
  const order = new PacketOrder(OPTIONS);
  assert.deepEqual(after(order, [1, 3, 2]), [1, 2, 3]);
  after(order, [5, 6, 7, 8]);
  assert.deepEqual(order.wanted(5 * MILLISECOND), []);
  assert.deepEqual(order.wanted(10 * MILLISECOND), [4]);
});

test('a tag whose end is missing is asked for before anything follows it', () => {
  const order = new PacketOrder(OPTIONS);
  after(order, [1]);
  assert.equal(order.isWaiting, false);
  for (const sequence of [2, 3]) order.push({ ...packet(sequence), marker: false }, 1 * MILLISECOND);
  assert.ok(order.isWaiting);
  assert.deepEqual(order.wanted(5 * MILLISECOND), []);
  assert.deepEqual(order.wanted(6 * MILLISECOND), [4]);
  assert.deepEqual(order.wanted(12 * MILLISECOND), []);
  assert.deepEqual(after(order, [6, 4], 20 * MILLISECOND), [2, 3, 4]);
  assert.deepEqual(after(order, [5], 25 * MILLISECOND), [5, 6]);
  const { lost, repaired } = order.counters;
  assert.deepEqual([lost, repaired, order.isWaiting], [1, 1, false]);
});

test('what only comes out of order is never asked for', () => {
  const order = new PacketOrder(OPTIONS);
  after(order, [1, 3, 2]);
  assert.deepEqual([order.wanted(900 * MILLISECOND), order.counters.lost, order.isWaiting], [[], 0, false]);
});

test('a hole is given up at its deadline, and a later one at its own', () => {
  const order = new PacketOrder(OPTIONS);
  order.push(packet(1), 0);
  order.push(packet(3), 0);
  order.push(packet(5), 200 * MILLISECOND);
  assert.deepEqual(taken(order, 499 * MILLISECOND), [1]);
  assert.deepEqual(taken(order, 500 * MILLISECOND), [-1, 3]);
  assert.deepEqual(taken(order, 700 * MILLISECOND), [-1, 5]);
  assert.deepEqual([order.counters.abandoned, order.isWaiting], [2, false]);
});

test('without repair nothing is asked for', () => {
  const order = new PacketOrder({ ...OPTIONS, repair: false });
  after(order, [1, 3]);
  assert.deepEqual(order.wanted(400 * MILLISECOND), []);
});

test('what came before the first packet to arrive is asked for as well, if the stream has just begun', () => {
  const order = new PacketOrder(OPTIONS);
  assert.deepEqual(after(order, [65_002]), []);
  assert.deepEqual(order.wanted(15 * MILLISECOND), [65_000, 65_001]);
  assert.deepEqual(after(order, [65_001, 65_000]), [65_000, 65_001, 65_002]);
  const late = new PacketOrder(OPTIONS);
  assert.deepEqual(after(late, [65_400]), [65_400]);
  const wrapped = new PacketOrder(OPTIONS);
  assert.deepEqual(after(wrapped, [2]), [2]);
});

test('a sender that begins anew is followed from its first packet on', () => {
  const order = new PacketOrder(OPTIONS);
  after(order, [1, 2, 4]);
  order.push(packet(65_000, 9_000_000), 0);
  assert.deepEqual(taken(order, 0), []);
  order.push(packet(65_001, 9_000_001), 0);
  assert.deepEqual(taken(order, 0), [-1, 65_000, 65_001]);
  assert.equal(order.counters.restarts, 1);
});

test('a new run is known by its counter where its numbers seem to go on', () => {
  const order = new PacketOrder(OPTIONS);
  after(order, [65_010, 65_011]);
  for (const sequence of [65_000, 65_001]) order.push(packet(sequence, 0x0800_0000), 0);
  assert.deepEqual(taken(order, 0), [-1, 65_000, 65_001]);
});

test('single packets from nowhere change nothing', () => {
  const order = new PacketOrder(OPTIONS);
  after(order, [1, 2]);
  for (const [sequence, timestamp] of [
    [30_000, 0],
    [3, 0x7000_0000],
    [40_000, 5],
  ] as const)
    order.push(packet(sequence, timestamp), 0);
  assert.deepEqual(after(order, [3, 4]), [3, 4]);
  assert.equal(order.counters.restarts, 0);
});

test('behind a hole no more than a bounded number of packets wait', () => {
  const order = new PacketOrder(OPTIONS);
  let count = 0;
  for (let sequence = 0; sequence < 9000; sequence++) {
    if (sequence !== 1) order.push(packet(sequence), 0);
    count += taken(order, 0).length;
  }
  assert.equal(count, 9000);
  assert.equal(order.counters.abandoned, 1);
});
