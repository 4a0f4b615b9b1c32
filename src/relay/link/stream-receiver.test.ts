import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { open, seal } from '../../../test/support/link-simulation.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { Open } from './packet.ts';
import { MEDIA_HEAD, mediaHead, mediaPayload, PACKET_OVERHEAD } from './packet.ts';
import { isParity } from './parity-packet.ts';
import { Path } from './path.ts';
import { QueueGauge } from './queue-gauge.ts';
import { LARGEST_WINDOW } from './receive-window.ts';
import { StreamReceiver, type StreamReceiverOptions } from './stream-receiver.ts';
import { type OutgoingRecord, StreamSender } from './stream-sender.ts';

const ms = (time: number) => time * MILLISECOND;
/** A round trip of 100 ms and clocks that agree. */
function path(): Path {
  const path = new Path();
  path.learn({ item: 'pong', sent: 0, received: ms(50), held: 0 }, ms(100));
  return path;
}

/** The packets of records, one each, pushed 40 ms apart from 0 on: the letters of `kinds` are Key frame, Picture, Sound. */
function packetsOf(kinds: string, length = 50): Uint8Array[] {
  const packets: Uint8Array[] = [];
  const sender = new StreamSender({ ssrc: 9, seal, latency: 0 });
  sender.attach({ media: (packet) => packets.push(packet), heartbeat: () => undefined });
  for (const [i, letter] of kinds.split('').entries()) {
    const kind: OutgoingRecord['kind'] = letter === 'S' ? 'audio' : 'video';
    sender.push({ kind, startable: letter === 'K', bytes: new Uint8Array(length).fill(i) }, i * ms(40));
    sender.poll(i * ms(40) + ms(39));
  }
  return packets;
}

/** A receiver, and what it handed over: the number of each record and when. */
function receiving(options: Partial<StreamReceiverOptions> = {}) {
  const records: number[] = [];
  const times: number[] = [];
  let now = 0;
  const receiver = new StreamReceiver({
    ssrc: 9,
    sequence: 0,
    chain: 0,
    latency: ms(200),
    open,
    path: path(),
    onRecord: ({ bytes }) => {
      records.push(bytes.at(-1)!);
      times.push(now);
    },
    ...options,
  });
  /** Takes packets at a time, after having polled up to then. */
  const at = (time: number, ...packets: Uint8Array[]) => {
    for (; receiver.next <= time; receiver.poll(now)) now = Math.max(now, receiver.next);
    now = time;
    for (const packet of packets) {
      if (isParity(packet)) receiver.receiveParity(packet, time);
      else receiver.receive(packet, time);
    }
  };
  return { receiver, records, times, at };
}

describe('a stream receiver', () => {
  test('hands each record over when it is due, however early it is complete', () => {
    const [k, p, s] = packetsOf('KPS');
    const { records, times, at } = receiving();
    at(ms(50), k!);
    at(ms(130), s!, p!);
    at(SECOND);
    assert.deepEqual(records, [0, 1, 2]);
    for (const [i, time] of times.entries()) assert.ok(Math.abs(time - ms(200 + 40 * i)) < 20, `${time}`);
  });

  test('asks for what is missing, again and again, and not for what cannot come in time', () => {
    const packets = packetsOf('KPPPPP');
    const { receiver, at } = receiving();
    at(ms(50), packets[0]!);
    at(ms(130), packets[2]!);
    assert.equal(receiver.asksAt, ms(132));
    const asked: number[] = [];
    for (let now = receiver.asksAt; now < ms(400); now = receiver.asksAt) {
      const request = receiver.request(now);
      if (!request) break;
      assert.deepEqual([request.runs, request.latency, request.overdue], [[1, 1], ms(200), 0]);
      asked.push(now);
    }
    assert.ok(asked.length >= 3 && asked.at(-1)! < ms(180), `${asked}`);
    assert.equal(receiver.counters.lost, 1);
    assert.equal(receiver.counters.requests, asked.length);
  });

  test('takes a repair in time for what it is', () => {
    const packets = packetsOf('KPP');
    const { receiver, records, at } = receiving({ latency: ms(300) });
    at(ms(50), packets[0]!);
    at(ms(130), packets[2]!);
    receiver.request(ms(132));
    at(ms(235), packets[1]!, packets[1]!);
    at(SECOND);
    assert.deepEqual(records, [0, 1, 2]);
    const { received, lost, repaired, duplicates, abandoned } = receiver.counters;
    assert.deepEqual([received, lost, repaired, duplicates, abandoned], [2, 1, 1, 1, 0]);
  });

  test('tells a packet that was overtaken from one that was lost', () => {
    const packets = packetsOf('KPP');
    const { receiver, at } = receiving();
    at(ms(50), packets[0]!, packets[2]!);
    const before = receiver.patience;
    receiver.request(ms(52));
    at(ms(65), packets[1]!);
    const { received, lost, repaired } = receiver.counters;
    assert.deepEqual([received, lost, repaired], [3, 0, 0]);
    assert.ok(receiver.patience >= before);
  });

  const skips: [name: string, kinds: string, lost: number[], played: number[]][] = [
    ['a lost picture holds pictures back until a key frame, and sound goes on', 'KPSPSKPS', [1], [0, 2, 4, 5, 6, 7]],
    ['a lost key frame does, too', 'KPSKPSKP', [3], [0, 1, 2, 5, 6, 7]],
    ['lost sound holds nothing back', 'KSPSPSP', [1, 3], [0, 2, 4, 5, 6]],
    ['a hole of many records is known for what it has taken', 'KPSSSPPSK', [2, 3, 4], [0, 1, 5, 6, 7, 8]],
    ['pictures lost before the first that came are missed', 'PPK', [0], [2]],
  ];
  for (const [name, kinds, lost, played] of skips) {
    test(name, () => {
      const { receiver, records, at } = receiving();
      for (const [i, packet] of packetsOf(`${kinds}S`).entries()) if (!lost.includes(i)) at(ms(50 + 40 * i), packet);
      at(2 * SECOND);
      assert.deepEqual(records, [...played, kinds.length]);
      assert.equal(receiver.counters.abandoned, lost.length);
      assert.equal(receiver.counters.skipped, kinds.length - played.length - lost.length);
    });
  }

  test('a record that lacks one of its packets is given up when it is due, and no part of it is played', () => {
    const packets = packetsOf('KPKPS', 5000);
    const { records, at } = receiving();
    for (const [i, packet] of packets.entries()) if (i !== 7) at(ms(50) + ms(8) * i, packet);
    at(2 * SECOND);
    assert.deepEqual(records, [0, 2, 3, 4]);
  });

  test('what comes after it was given up is late, and changes nothing', () => {
    const packets = packetsOf('KPK');
    const { receiver, records, at } = receiving();
    at(ms(50), packets[0]!);
    at(ms(130), packets[2]!);
    at(ms(300));
    at(ms(301), packets[1]!, packets[1]!);
    assert.deepEqual(records, [0, 2]);
    assert.deepEqual([receiver.counters.late, receiver.counters.duplicates], [1, 1]);
  });

  test('at latency 0 what is in order leaves at once, and a hole is waited for as long as packets overtake one another', () => {
    const packets = packetsOf('KPPKP');
    const { receiver, records, times, at } = receiving({ latency: 0 });
    at(ms(50), packets[0]!);
    at(ms(130), packets[2]!);
    at(ms(135), packets[1]!);
    at(ms(210), packets[4]!);
    at(ms(400));
    assert.deepEqual(records, [0, 1, 2]);
    assert.deepEqual(times, [ms(50), ms(135), ms(135)]);
    assert.equal(receiver.counters.skipped, 1);
  });

  test('hears of a loss at the end from a heartbeat', () => {
    const packets = packetsOf('KPP');
    const { receiver, records, at } = receiving({ latency: ms(500) });
    at(ms(50), packets[0]!);
    receiver.heartbeat({ item: 'heartbeat', ssrc: 9, sequence: 2, timestamp: 7200 }, ms(180));
    assert.deepEqual(receiver.request(receiver.asksAt)!.runs, [1, 2]);
    at(ms(290), packets[1]!, packets[2]!);
    at(SECOND);
    assert.deepEqual(records, [0, 1, 2]);
    receiver.heartbeat({ item: 'heartbeat', ssrc: 9, sequence: 2 ** 31, timestamp: 0 }, SECOND);
    receiver.heartbeat({ item: 'heartbeat', ssrc: 9, sequence: 1, timestamp: 0 }, SECOND);
    assert.equal(receiver.request(SECOND), undefined);
    assert.equal(receiver.asksAt, Number.POSITIVE_INFINITY);
  });

  test('waits for what is lost of the end beyond its time, as nothing waits behind it', () => {
    const packets = packetsOf('KPPSP');
    const { receiver, records, times, at } = receiving();
    at(ms(50), packets[0]!);
    at(ms(130), packets[2]!);
    receiver.end(5, ms(170));
    assert.deepEqual([receiver.isOver, receiver.asksAt <= ms(175)], [false, true]);
    assert.deepEqual(receiver.request(ms(200))!.runs, [1, 1, 3, 2]);
    at(ms(700));
    assert.deepEqual(records, [0]);
    assert.deepEqual(receiver.request(ms(700))!.runs, [1, 1, 3, 2]);
    at(ms(800), packets[4]!, packets[1]!);
    assert.deepEqual([records, receiver.isOver], [[0, 1, 2], false]);
    at(ms(850), packets[3]!);
    assert.deepEqual([records, receiver.isOver], [[0, 1, 2, 3, 4], true]);
    assert.deepEqual(times.slice(1), [ms(800), ms(800), ms(850), ms(850)]);
    assert.equal(receiver.counters.abandoned, 0);
  });

  test('gives up what does not come of the end, but nothing that came', () => {
    const packets = packetsOf('KSSS');
    const { receiver, records, at } = receiving();
    at(ms(50), packets[0]!);
    at(ms(170), packets[3]!);
    receiver.end(4, ms(170));
    receiver.end(2 ** 40, ms(170));
    at(ms(170) + 3 * SECOND);
    assert.deepEqual([records, receiver.isOver, receiver.counters.abandoned], [[0, 3], true, 2]);
  });

  test('does not wait for ever for what the origin no longer has after an outage', () => {
    const packets = packetsOf(`KP${'S'.repeat(100)}`);
    const { receiver, records, times, at } = receiving();
    at(ms(50), packets[0]!);
    for (let i = 30; i < packets.length; i++) at(ms(50 + 40 * i), packets[i]!);
    assert.ok(receiver.counters.abandoned > 25);
    assert.deepEqual(records.slice(0, 2), [0, 30]);
    assert.equal(times[1], ms(50 + 40 * 30) + 2 * SECOND);
  });

  test('changes its latency by three hundredths of the time that passes', () => {
    const { receiver, at } = receiving();
    receiver.poll(0);
    receiver.targetLatency = ms(260);
    for (let second = 1; second <= 3; second++) {
      receiver.poll(second * SECOND);
      assert.ok(Math.abs(receiver.latency - Math.min(ms(200 + 30 * second), ms(260))) < 1);
    }
    at(4 * SECOND);
  });

  test('drops and counts what is not authentic, and what is too short to be a packet', () => {
    const [k] = packetsOf('K');
    const shut: Open = () => undefined;
    const { receiver } = receiving({ open: shut });
    receiver.receive(k!, ms(50));
    const open2 = receiving();
    open2.receiver.receive(k!.subarray(0, PACKET_OVERHEAD - 1), ms(50));
    assert.deepEqual([receiver.counters.forged, open2.receiver.counters.forged], [1, 1]);
  });

  describe('where there is parity', () => {
    /** Media and parity of three groups of four packets, 40 ms apart, and of so many packets after them without parity. */
    function protectedPackets(more = 0) {
      const [media, parity]: Uint8Array[][] = [[], []];
      const sender = new StreamSender({ ssrc: 9, seal, latency: 0 });
      sender.attach({ media: (packet) => media!.push(packet), heartbeat: () => undefined });
      const outlet = { parity: (packet: Uint8Array) => void parity!.push(packet) };
      sender.parity.protect(outlet, { span: ms(150), share: 0.5 }, outlet);
      for (let i = 0; i < 12 + more; i++) {
        if (i === 12) sender.parity.protect(outlet, undefined, outlet);
        sender.push({ kind: 'video', startable: i === 0, bytes: new Uint8Array(50 + i).fill(i) }, i * ms(40));
        for (const end = i * ms(40) + ms(39); sender.next <= end; ) sender.poll(sender.next);
      }
      sender.poll(SECOND);
      assert.ok(media!.length === 12 + more && parity!.length >= 4);
      return { media: media!, parity: parity! };
    }

    test('restores what is missing without asking, and counts it', () => {
      const { media, parity } = protectedPackets();
      const { receiver, records, at } = receiving();
      // The first parity tells that there is any.
      at(ms(50), ...media.slice(0, 4), parity[0]!);
      at(ms(200), media[4]!, media[7]!, parity[2]!);
      assert.equal(receiver.counters.restored, 0);
      at(ms(201), parity[3]!);
      at(2 * SECOND);
      assert.deepEqual(records, [0, 1, 2, 3, 4, 5, 6, 7]);
      const { received, lost, repaired, restored, abandoned } = receiver.counters;
      assert.deepEqual([received, lost, repaired, restored, abandoned], [6, 2, 0, 2, 0]);
      assert.equal(receiver.counters.parity, 3);
    });

    test('hears from it of a loss at the end', () => {
      const { media, parity } = protectedPackets();
      const { records, at } = receiving();
      at(ms(50), ...media.slice(0, 4), parity[0]!);
      at(ms(200), media[4]!, media[5]!, parity[2]!, parity[3]!);
      at(2 * SECOND);
      assert.deepEqual(records, [0, 1, 2, 3, 4, 5, 6, 7]);
    });

    test('waits for it before it asks, but not where time is short', () => {
      const { media, parity } = protectedPackets();
      const asksAfter = (latency: number, isProtected: boolean) => {
        const { receiver, at } = receiving({ latency });
        at(ms(50), ...media.slice(0, 4), parity[0]!);
        at(ms(200), media[4]!, media[6]!, media[7]!);
        if (isProtected) at(ms(230), parity[2]!);
        at(ms(400), media[9]!);
        for (let now = ms(401); now < SECOND; now += MILLISECOND) {
          if (receiver.asksAt <= now && receiver.request(now)?.runs.includes(8)) return now - ms(400);
        }
        return Number.NaN;
      };
      assert.ok(asksAfter(SECOND, false) <= ms(5));
      assert.equal(asksAfter(SECOND, true), ms(30));
      assert.ok(asksAfter(ms(300), true) <= ms(5));
    });

    test('asks at once again when none comes any more', () => {
      const { media, parity } = protectedPackets(600);
      const { receiver, at } = receiving({ latency: SECOND });
      at(ms(50), ...media.slice(0, 4), parity[0]!);
      at(ms(200), ...media.slice(4, 8));
      at(ms(230), parity[2]!);
      for (let i = 8; i < 600; i++) at(ms(50 + 40 * i), media[i]!);
      const now = ms(50 + 40 * 601);
      at(now, media[601]!);
      assert.equal(receiver.asksAt, now + ms(2));
      assert.deepEqual(receiver.request(receiver.asksAt)!.runs, [600, 1]);
    });

    test('drops and counts parity that is not authentic or makes no sense', () => {
      const { media, parity } = protectedPackets();
      const { receiver, records, at } = receiving();
      const broken = (packet: Uint8Array, byte: number) => {
        const other = Uint8Array.from(packet);
        other[MEDIA_HEAD + byte]! ^= 0x81;
        return other;
      };
      at(ms(50), ...media.slice(0, 4), parity[0]!, media[5]!, media[6]!, media[7]!);
      // Number of packets; row; another number; then bytes of the length that the row is the sum of.
      at(ms(200), broken(parity[3]!, 4), broken(parity[3]!, 5), parity[3]!.subarray(0, 50), broken(parity[3]!, 6));
      assert.equal(receiver.counters.forged, 4);
      assert.equal(receiver.counters.restored, 0);
      at(ms(201), parity[2]!);
      at(2 * SECOND);
      assert.deepEqual(records, [0, 1, 2, 3, 4, 5, 6, 7]);
      const shut = receiving({ open: () => undefined });
      shut.at(ms(50), parity[0]!);
      assert.deepEqual([shut.receiver.counters.forged, shut.receiver.counters.parity], [1, 0]);
    });

    test('takes any bytes in its place', () => {
      const { media, parity } = protectedPackets();
      const packets = fc.array(fc.tuple(fc.nat(parity.length - 1), fc.nat(120), fc.nat(255), fc.nat(11)), {
        maxLength: 40,
      });
      const property = fc.property(packets, (changes) => {
        const { at } = receiving();
        for (const [i, [which, byte, value, next]] of changes.entries()) {
          const packet = Uint8Array.from(parity[which]!);
          if (MEDIA_HEAD + byte < packet.length) packet[MEDIA_HEAD + byte] = value;
          at(ms(50 + i), packet, media[next]!);
        }
        at(2 * SECOND);
      });
      fc.assert(property, { seed: 1, numRuns: 200 });
    });
  });

  test('holds a bounded part of a stream, whatever an authentic sender does', () => {
    const record = { ssrc: 9, flags: 0, chain: 0, time: 0, start: undefined };
    const packet = (sequence: number) =>
      seal(
        mediaHead({ ...record, sequence }, sequence, false),
        mediaPayload({ ...record, sequence }, new Uint8Array(2000), sequence, 1, 1001, 0),
        sequence,
      );
    const { receiver } = receiving({ latency: 100 * SECOND });
    for (let sequence = 1; sequence < 3 * LARGEST_WINDOW; sequence += 2) receiver.receive(packet(sequence), ms(50));
    assert.ok(receiver.bytes < 70 * 2 ** 20);
    receiver.receive(packet(2 ** 31), ms(50));
    assert.ok(receiver.bytes < 2000);
    assert.ok(receiver.counters.abandoned > 2 ** 30);
  });
});

test('a queue is what even the quickest packets have waited', () => {
  const gauge = new QueueGauge();
  assert.equal(gauge.take(), 0);
  for (const transit of [120, 100, 190]) gauge.observe(transit, false, 0);
  assert.equal(gauge.take(), 0);
  for (const transit of [130, 180, 150]) gauge.observe(transit, false, 1);
  assert.equal(gauge.take(), 30);
  assert.equal(gauge.take(), 0);
  for (let second = 1; second <= 31; second += 15) gauge.observe(140, false, second * SECOND);
  gauge.take();
  gauge.observe(150, false, 40 * SECOND);
  assert.equal(gauge.take(), 10);
});

test('that packets are lost when they wait shows a queue that overflows; that they are lost at any time does not', () => {
  const run = (isBehindLoss: (i: number) => boolean) => {
    const gauge = new QueueGauge();
    // Every two seconds it takes half a second to run empty.
    for (let i = 0; i < 2000; i++) {
      const waits = Math.max(0, 30 - (i % 100));
      gauge.observe(ms(50 + waits), isBehindLoss(i), i * ms(20));
    }
    gauge.observe(ms(50), isBehindLoss(0), 40 * SECOND);
    return gauge.take();
  };
  assert.equal(
    run(() => false),
    0,
  );
  assert.ok(run((i) => i % 100 < 8) > ms(15));
  assert.ok(run((i) => i % 9 === 0) < ms(5));
});
