import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { open, seal } from '../../../test/support/link-simulation.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { MOST_SYMBOLS } from './erasure.ts';
import { sequenceOf, timestampOf } from './packet.ts';
import { isParity, type Parity, readParity } from './parity-packet.ts';
import { ParitySender } from './parity-sender.ts';
import type { Protection } from './protection.ts';
import { StreamSender } from './stream-sender.ts';

const ms = (time: number) => time * MILLISECOND;
const HALF: Protection = { span: ms(40), share: 0.5 };

interface Sent extends Parity {
  readonly at: number;
  readonly packet: Uint8Array;
}

/** Writes down what comes out. */
function outlet() {
  const sent: Sent[] = [];
  return {
    sent,
    parity(packet: Uint8Array, at: number): void {
      assert.ok(isParity(packet));
      sent.push({ ...readParity(open(packet, 0)!)!, at, packet });
    },
  };
}

/** A sender of parity for one who wants it so, and a clock that runs from one poll to the next. */
function sending(protection: Protection = HALF) {
  const sender = new ParitySender(9, seal);
  const out = outlet();
  sender.protect(out, protection, out);
  const add = (sequence: number, now: number, length = 20) =>
    sender.add(sequence, { plain: new Uint8Array(length).fill(sequence), ticks: 90 * sequence }, now);
  const runTo = (end: number) => {
    while (sender.next <= end) sender.poll(sender.next);
  };
  return { sender, ...out, out, add, runTo };
}

const rowsOf = (sent: readonly Sent[]) => sent.map(({ first, count, row }) => [first, count, row]);

describe('a sender of parity', () => {
  test('closes a group a span after its first packet, and sends its rows within a quarter of that', () => {
    const { sent, add, runTo } = sending();
    for (let i = 0; i < 8; i++) add(100 + i, ms(1000 + 2 * i));
    runTo(ms(1039));
    assert.equal(sent.length, 0);
    runTo(ms(1050));
    assert.deepEqual(
      rowsOf(sent),
      [0, 1, 2, 3].map((row) => [100, 8, row]),
    );
    assert.deepEqual(
      sent.map(({ at }) => at),
      [1040, 1042.5, 1045, 1047.5].map(ms),
    );
    assert.deepEqual(
      sent.map(({ packet }) => [sequenceOf(packet), timestampOf(packet)]),
      [0, 1, 2, 3].map((sequence) => [sequence, 90 * 107]),
    );
  });

  test('closes a group that is as large as can be at once, and one behind which packets are left out', () => {
    const { sent, add, runTo } = sending({ span: SECOND, share: 0.01 });
    for (let i = 0; i < MOST_SYMBOLS + 3; i++) add(i, 0);
    add(500, 0);
    runTo(0);
    assert.deepEqual(rowsOf(sent), [[0, MOST_SYMBOLS, 0]]);
    runTo(3 * SECOND);
    assert.deepEqual(rowsOf(sent).slice(1), [
      [MOST_SYMBOLS, 3, 0],
      [500, 1, 0],
    ]);
  });

  test('makes as much as one needs, and sends each what it needs and no more, once by each outlet', () => {
    const { sender, out, add, runTo } = sending();
    const [little, nothing] = [outlet(), outlet()];
    sender.protect(little, { span: ms(20), share: 0.25 }, little);
    sender.protect({}, { span: ms(90), share: 0.3 }, out);
    sender.protect(nothing, HALF, nothing);
    sender.protect(nothing, undefined, nothing);
    for (let i = 0; i < 8; i++) add(i, 0);
    runTo(ms(25));
    assert.deepEqual(
      rowsOf(out.sent),
      [0, 1, 2, 3].map((row) => [0, 8, row]),
    );
    assert.deepEqual(
      rowsOf(little.sent),
      [0, 1].map((row) => [0, 8, row]),
    );
    assert.equal(nothing.sent.length, 0);
  });

  test('makes nothing where nobody wants it, not even of a group that was begun', () => {
    const { sender, sent, out, add, runTo } = sending();
    add(0, 0);
    sender.protect(out, undefined, out);
    add(1, 0);
    runTo(SECOND);
    sender.protect(out, HALF, out);
    add(2, SECOND);
    runTo(2 * SECOND);
    assert.deepEqual(rowsOf(sent), [[2, 1, 0]]);
  });
});

describe('a stream sender', () => {
  /** A stream of which parity is wanted from the record `from` on. */
  function protectedStream(from: number) {
    const sender = new StreamSender({ ssrc: 9, seal, latency: ms(100) });
    const [media, out] = [[] as { packet: Uint8Array; at: number }[], outlet()];
    let now = 0;
    sender.attach({ media: (packet) => media.push({ packet, at: now }), heartbeat: () => undefined });
    for (let i = 0; i < 50; i++) {
      if (i === from) sender.parity.protect(out, HALF, out);
      sender.push({ kind: 'video', startable: i === 0, bytes: new Uint8Array(20_000).fill(i) }, now);
      for (const end = now + ms(40); sender.next <= end; sender.poll(now)) now = Math.max(now, sender.next);
      now = (i + 1) * ms(40);
    }
    return { media, parity: out.sent };
  }

  test('protects every packet from then on, and no packet of either kind is larger than it may be', () => {
    const { media, parity } = protectedStream(3);
    assert.ok([...media, ...parity].every(({ packet }) => packet.length <= 1200));
    assert.ok(parity.some(({ packet }) => packet.length === 1200));
    const isProtected = (sequence: number) =>
      parity.some(({ first, count }) => sequence >= first && sequence < first + count);
    const begun = media.filter(({ at }) => at < ms(1900)).map(({ packet }) => isProtected(sequenceOf(packet)));
    assert.equal(begun.indexOf(true), 54);
    assert.ok(begun.slice(54).every(Boolean));
  });

  test('has media leave at the same moments as without parity', () => {
    const times = (from: number) => protectedStream(from).media.map(({ at }) => at);
    assert.deepEqual(times(Number.POSITIVE_INFINITY).length, 50 * 18);
    // Where the fragments are smaller, the packets are as many for records of this size.
    assert.deepEqual(times(0), times(Number.POSITIVE_INFINITY));
  });
});
