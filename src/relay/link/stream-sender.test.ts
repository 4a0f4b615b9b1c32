import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { open, seal } from '../../../test/support/link-simulation.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { Heartbeat } from './datagram.ts';
import {
  chainOf,
  flagsOf,
  joinFragments,
  LARGEST_RECORD,
  LAST_SEQUENCE,
  STARTABLE,
  sequenceOf,
  startOf,
  ticksOf,
} from './packet.ts';
import { StreamSender, type StreamSenderOptions } from './stream-sender.ts';

const ms = (time: number) => time * MILLISECOND;

/** A sender with a subscriber that writes everything down, and a clock that runs from one poll to the next. */
function sending(options: Partial<StreamSenderOptions> = {}) {
  const sender = new StreamSender({ ssrc: 9, seal, latency: ms(500), ...options });
  const packets: { packet: Uint8Array; at: number }[] = [];
  const heartbeats: { heartbeat: Heartbeat; at: number }[] = [];
  let now = 0;
  sender.attach({
    media: (packet) => packets.push({ packet, at: now }),
    heartbeat: (heartbeat) => heartbeats.push({ heartbeat, at: now }),
  });
  const push = (kind: 'video' | 'audio' | 'header', startable: boolean, length: number) =>
    sender.push({ kind, startable, bytes: new Uint8Array(length).fill(length) }, now);
  const runTo = (end: number) => {
    for (; sender.next <= end; sender.poll(now)) now = Math.max(now, sender.next);
    now = end;
  };
  return { sender, packets, heartbeats, push, runTo };
}

describe('a stream sender', () => {
  test('cuts records into packets that no datagram is too small for, and which give the record again', () => {
    for (const datagramBytes of [128, 1200, 1452]) {
      const { packets, push, runTo } = sending({ datagramBytes });
      push('video', true, 10_000);
      runTo(ms(60));
      assert.ok(packets.every(({ packet }) => packet.length <= datagramBytes));
      assert.equal(packets[0]!.packet.length, datagramBytes);
      const plains = packets.map(({ packet }) => open(packet, 0)!);
      assert.deepEqual(joinFragments(plains), new Uint8Array(10_000).fill(10_000));
    }
  });

  test('numbers packets without a gap, counts pictures, and says where the newest start is', () => {
    const { packets, push, runTo } = sending({ firstSequence: 100 });
    for (const [kind, startable] of [
      ['header', false],
      ['video', true],
      ['audio', false],
      ['video', false],
    ] as const) {
      push(kind, startable, 2000);
    }
    runTo(ms(100));
    const sequences = packets.map(({ packet }) => sequenceOf(packet));
    assert.deepEqual(sequences, [100, 101, 102, 103, 104, 105, 106, 107]);
    const plains = packets.map(({ packet }) => open(packet, 0)!);
    assert.deepEqual(plains.map(chainOf), [0, 0, 1, 1, 1, 1, 2, 2]);
    assert.deepEqual(
      plains.map((plain, i) => startOf(plain, sequences[i]!)),
      [undefined, undefined, 102, 102, 102, 102, 102, 102],
    );
    assert.deepEqual(
      plains.map((plain) => (flagsOf(plain) & STARTABLE) !== 0),
      [false, false, true, true, false, false, false, false],
    );
  });

  test('spreads a key frame over a tenth of the latency, and no more than 10 ms where there is none', () => {
    for (const [latency, most] of [
      [ms(500), ms(50)],
      [0, ms(10)],
    ] as const) {
      const { packets, push, runTo } = sending({ latency });
      push('video', true, 200_000);
      runTo(ms(200));
      const steps = packets.slice(1).map(({ at }, i) => at - packets[i]!.at);
      assert.ok(
        packets.at(-1)!.at <= most && packets.at(-1)!.at > 0.9 * most,
        `the last leaves after ${packets.at(-1)!.at}`,
      );
      assert.ok(Math.max(...steps) < 2 * Math.min(...steps), 'evenly');
    }
  });

  test('spreads wider for a path that loses key frames, but not beyond bounds, and tries again', () => {
    const { sender, packets, push, runTo } = sending();
    const spreads: number[] = [];
    for (let i = 0; i < 100; i++) {
      const begin = i * 2 * SECOND;
      runTo(begin);
      if (i > 0 && i < 20) sender.widen(begin);
      push('video', true, 200_000);
      runTo(begin + SECOND);
      spreads.push(packets.at(-1)!.at - begin);
    }
    assert.ok(spreads[1]! > spreads[0]! * 1.3);
    assert.ok(Math.max(...spreads) > ms(180) && Math.max(...spreads) <= ms(200));
    assert.ok(spreads.at(-1)! <= ms(50));
  });

  test('tells where one who joins goes on, even while packets of before wait', () => {
    const { sender, packets, push, runTo } = sending();
    push('video', true, 100_000);
    const { sequence, chain } = sender.position;
    push('video', false, 100);
    runTo(ms(100));
    const next = packets.find(({ packet }) => sequenceOf(packet) === sequence)!;
    assert.equal(open(next.packet, 0)!.at(-1), 100);
    assert.equal(chainOf(open(next.packet, 0)!), chain + 1);
  });

  test('shows its end when it rests, ever more seldom', () => {
    const { sender, heartbeats, push, runTo } = sending();
    runTo(ms(7));
    push('audio', true, 100);
    runTo(SECOND);
    assert.deepEqual(heartbeats[0], {
      at: ms(37),
      heartbeat: { item: 'heartbeat', ssrc: 9, sequence: 0, timestamp: ticksOf(ms(7)) },
    });
    assert.deepEqual(
      heartbeats.map(({ at }) => at),
      [37, 97, 217, 457, 937].map(ms),
    );
    assert.ok(sender.next > SECOND);
  });

  test('keeps packets for four latencies and since the newest start, within its bytes', () => {
    const { sender, push, runTo } = sending({ latency: SECOND });
    push('video', true, 100);
    for (let i = 1; i <= 100; i++) {
      runTo(i * ms(100));
      push('video', i === 90, 100);
    }
    assert.equal(sender.cache.tail, 60);
    const small = sending({ cacheBytes: 10_000 });
    small.push('video', true, 100_000);
    small.runTo(SECOND);
    assert.ok(small.sender.cache.bytes <= 10_000 && small.sender.cache.bytes > 8000);
    assert.equal(small.sender.cache.get(small.sender.cache.tail - 1), undefined);
  });

  test('measures its rate', () => {
    const { sender, push, runTo } = sending();
    for (let i = 0; i < 300; i++) {
      runTo(i * ms(40));
      push('video', i === 0, 20_000);
    }
    assert.ok(Math.abs(sender.rate - 510_000) < 10_000, `${sender.rate} bytes a second`);
  });

  test('asks for a new generation before its sequences run out, and takes no record that is too large', () => {
    const { sender, push } = sending({ firstSequence: LAST_SEQUENCE - 1 });
    assert.equal(sender.exhausted, false);
    push('audio', true, 10);
    assert.equal(sender.exhausted, true);
    assert.throws(() => push('video', true, LARGEST_RECORD + 1), /a record that the link carries/);
  });

  test('sends no more to one who has left', () => {
    const { sender } = sending();
    let count = 0;
    const subscriber = { media: () => count++, heartbeat: () => undefined };
    sender.attach(subscriber);
    sender.push({ kind: 'audio', startable: true, bytes: new Uint8Array(5) }, 0);
    sender.detach(subscriber);
    sender.push({ kind: 'audio', startable: true, bytes: new Uint8Array(5) }, ms(20));
    assert.equal(count, 1);
  });
});
