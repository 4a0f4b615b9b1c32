import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { open, seal } from '../../../test/support/link-simulation.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { ProtocolError } from '../../base/errors.ts';
import { DATAGRAM_OVERHEAD, type Item, itemLength, readItems, type Way, writeItems } from './datagram.ts';
import { EdgeEnd } from './edge-end.ts';
import { type Destination, OriginEnd } from './origin-end.ts';
import { LARGEST_DATAGRAM, type Open, ssrcOf, USUAL_DATAGRAM } from './packet.ts';
import { isParity } from './parity-packet.ts';
import { StreamSender } from './stream-sender.ts';

const ms = (time: number) => time * MILLISECOND;

/** An origin's end, and what it sent. */
function originEnd() {
  const media: Uint8Array[] = [];
  const control: Item[] = [];
  const origin = new OriginEnd({
    media: (packet) => media.push(packet),
    control: (plain) => control.push(...readItems(plain)),
  });
  return { origin, media, control };
}

function sender(ssrc: number): StreamSender {
  return new StreamSender({ ssrc, seal, latency: ms(500) });
}

const sound = { kind: 'audio', startable: true, bytes: new Uint8Array(100) } as const;

describe("the origin's end", () => {
  test('sends the streams that are subscribed to, and shows when they rest', () => {
    const { origin, media, control } = originEnd();
    const [a, b] = [sender(1), sender(2)];
    origin.subscribe(a);
    for (const stream of [a, b]) stream.push(sound, 0);
    a.poll(a.next);
    assert.deepEqual(media.map(ssrcOf), [1]);
    assert.deepEqual(
      control.map(({ item }) => item),
      ['heartbeat'],
    );
    origin.unsubscribe(1);
    a.push(sound, SECOND);
    assert.equal(media.length, 1);
  });

  /** A stream that is pushed somewhere, and how many edges have it sent there. */
  function pushed() {
    const { origin, media, control } = originEnd();
    const stream = sender(1);
    const counts = { edges: 0 };
    const [repaired, parity]: Uint8Array[][] = [[], []];
    const outlet = { parity: (packet: Uint8Array) => void parity!.push(packet) };
    const destination: Destination & { takes: boolean } = {
      outlet: () => outlet,
      takes: false,
      carry: () => {
        counts.edges++;
        return () => void counts.edges--;
      },
      repair(_, packet) {
        if (this.takes) repaired!.push(packet);
        return this.takes;
      },
    };
    origin.subscribe(stream, destination);
    const turn = (way: Way, ssrc = 1) => origin.receive(writeItems([{ item: 'way', ssrc, way }]), 0);
    return { origin, media, control, stream, counts, turn, destination, repaired: repaired!, parity: parity! };
  }

  test('sends an edge nothing but repairs of what it hears where it is pushed', () => {
    const { origin, media, stream, turn } = pushed();
    turn('pushed');
    stream.push(sound, 0);
    assert.equal(media.length, 0);
    origin.receive(writeItems([{ item: 'request', ssrc: 1, latency: ms(500), overdue: 0, runs: [0, 1] }]), ms(70));
    assert.deepEqual(media, [stream.cache.get(0)]);
  });

  test('sends parity to an edge that wants it, as far as its budget for repairs goes', () => {
    const { origin, media } = originEnd();
    const [other, plain] = [originEnd(), sender(1)];
    origin.subscribe(plain);
    other.origin.subscribe(plain);
    origin.protect({ span: ms(20), share: 1 });
    let now = 0;
    const push = (records: number, size: number) => {
      for (const end = now + records * ms(20); now < end; now += ms(20)) {
        plain.push({ ...sound, bytes: new Uint8Array(size) }, now);
        while (plain.next < now + ms(20)) plain.poll(plain.next);
      }
    };
    push(10, 100);
    const parityOf = (packets: readonly Uint8Array[]) => packets.filter(isParity).length;
    assert.ok(parityOf(media) >= 9 && parityOf(media) <= 10, `${parityOf(media)}`);
    assert.equal(parityOf(other.media), 0);
    assert.equal(origin.repairer.counters.parity, parityOf(media));
    // A path on which packets wait has no room for it.
    for (let i = 0; i < 50; i++) {
      const report = { received: 0, lost: 0, repaired: 0, abandoned: 0, queue: ms(50), rtt: ms(40), jitter: 0 };
      origin.receive(writeItems([{ item: 'report', ssrc: 1, ...report }]), now);
      push(1, 1000);
    }
    const before = parityOf(media);
    push(100, 1000);
    assert.ok(parityOf(media) - before < 20, `${parityOf(media) - before}`);
    origin.protect(undefined);
    push(2, 100);
    const atEnd = parityOf(media);
    push(20, 100);
    assert.equal(parityOf(media), atEnd);
  });

  test('leaves it to the destination to repair what others lack, too, as long as the edge hears it there', () => {
    const { origin, media, stream, turn, destination, repaired } = pushed();
    destination.takes = true;
    const ask = (way: Way, sequence: number) => {
      turn(way);
      stream.push(sound, sequence * ms(20));
      const request = { item: 'request', ssrc: 1, latency: ms(500), overdue: 0, runs: [sequence, 1] } as const;
      origin.receive(writeItems([request]), sequence * ms(20) + ms(10));
    };
    ask('pushed', 0);
    assert.deepEqual([media, repaired], [[], [stream.cache.get(0)]]);
    assert.deepEqual(origin.shared, { packets: 1, bytes: stream.cache.get(0)!.length });
    ask('trial', 1);
    assert.deepEqual([media.length, repaired.length], [2, 1]);
  });

  test('has a stream pushed only as long as the edge tries whether it hears it, or does', () => {
    const { origin, media, stream, counts, turn } = pushed();
    const steps: [way: Way, edges: number, sent: number][] = [
      ['own', 0, 1],
      ['trial', 1, 2],
      ['trial', 1, 3],
      ['pushed', 1, 3],
      ['own', 0, 4],
      ['pushed', 1, 4],
    ];
    for (const [i, [way, edges, sent]] of steps.entries()) {
      turn(way);
      stream.push(sound, i * ms(20));
      assert.deepEqual([counts.edges, media.length], [edges, sent], `step ${i}: ${way}`);
    }
    origin.unsubscribe(1);
    assert.equal(counts.edges, 0);
  });

  test('goes on by itself with what is not pushed, whatever the edge says', () => {
    const { origin, media } = originEnd();
    const stream = sender(1);
    origin.subscribe(stream);
    for (const ssrc of [1, 2]) origin.receive(writeItems([{ item: 'way', ssrc, way: 'pushed' }]), 0);
    stream.push(sound, 0);
    assert.equal(media.length, 1);
    assert.equal(origin.wayOf(1), 'own');
  });

  test('tells with each pong where the streams are that the edge hears where they are pushed', () => {
    const { origin, control, stream, turn } = pushed();
    const ping = writeItems([{ item: 'ping', sent: 77, answer: 0 }]);
    turn('pushed');
    origin.receive(ping, 0);
    for (const time of [0, ms(20)]) stream.push(sound, time);
    origin.receive(ping, ms(30));
    turn('trial');
    origin.receive(ping, ms(40));
    assert.deepEqual(
      control.map((item) => (item.item === 'heartbeat' ? item.sequence : item.item)),
      ['pong', 'pong', 1, 'pong'],
    );
  });

  test('has parity go by the way that media goes, and no more once the edge has left', () => {
    const { origin, media, stream, turn, parity } = pushed();
    origin.protect({ span: ms(10), share: 1 });
    const sent = (at: number) => {
      stream.push(sound, at);
      for (; stream.next < at + ms(20); ) stream.poll(stream.next);
      return [media.filter(isParity).length, parity.length];
    };
    assert.deepEqual(sent(ms(100)), [1, 0]);
    turn('pushed');
    assert.deepEqual(sent(ms(200)), [1, 1]);
    turn('own');
    assert.deepEqual(sent(ms(300)), [2, 1]);
    turn('pushed');
    origin.unsubscribe(1);
    assert.deepEqual(sent(ms(400)), [2, 1]);
    assert.equal(stream.parity.isWanted, false);
  });

  test('answers pings with its own time, in a datagram as large as is asked for, but no larger than media', () => {
    const { origin, control } = originEnd();
    const pong = { item: 'pong', sent: 77, received: 5000, held: 0 } as const;
    const ping = (answer: number) => origin.receive(writeItems([{ item: 'ping', sent: 77, answer }]), 5000);
    ping(0);
    assert.deepEqual(control.splice(0), [pong]);
    for (const answer of [1000, 1452]) {
      ping(answer);
      const bytes = Math.min(answer, USUAL_DATAGRAM) - DATAGRAM_OVERHEAD - itemLength(pong);
      assert.deepEqual(control.splice(0), [pong, { item: 'padding', bytes }]);
    }
  });

  test('knows which streams the edge gets, and since when it has not heard of them', () => {
    const { origin } = originEnd();
    const [a, b] = [sender(1), sender(2)];
    origin.subscribe(a);
    assert.deepEqual([origin.sends(a), origin.sends(b), origin.reportedAt(1)], [true, false, undefined]);
    const counts = { received: 1, lost: 0, repaired: 0, abandoned: 0, queue: 0, rtt: 0, jitter: 0 };
    for (const ssrc of [1, 2]) origin.receive(writeItems([{ item: 'report', ssrc, ...counts }]), 5000);
    assert.deepEqual([origin.reportedAt(1), origin.reportedAt(2)], [5000, undefined]);
    origin.unsubscribe(1);
    assert.deepEqual([origin.sends(a), origin.reportedAt(1)], [false, undefined]);
  });

  test('refuses what is malformed, and has no use for what only an origin says', () => {
    const { origin, control, media } = originEnd();
    assert.throws(() => origin.receive(new Uint8Array([99]), 0), ProtocolError);
    origin.receive(writeItems([{ item: 'heartbeat', ssrc: 1, sequence: 5, timestamp: 0 }]), 0);
    assert.deepEqual([control, media], [[], []]);
  });

  test('lets go of all streams when it is closed', () => {
    const { origin, media } = originEnd();
    const streams = [sender(1), sender(2)];
    for (const stream of streams) origin.subscribe(stream);
    origin.close();
    for (const stream of streams) stream.push(sound, 0);
    assert.deepEqual(media, []);
  });
});

describe("the edge's end", () => {
  /** An edge's end with its datagrams. */
  function edgeEnd() {
    const sent: Uint8Array[] = [];
    return { edge: new EdgeEnd((plain) => sent.push(plain), 0), sent };
  }

  test('pings quickly until the clock is known, then tells how its streams fare', () => {
    const { edge, sent } = edgeEnd();
    edge.subscribe({ ssrc: 1, sequence: 0, chain: 0, latency: ms(500), open, onRecord: () => undefined });
    edge.poll(0);
    for (let now = edge.next; now < SECOND; now = edge.next) {
      edge.receive(writeItems([{ item: 'pong', sent: now, received: 0, held: 0 }]), now);
      edge.poll(now);
    }
    const items = sent.map((plain) =>
      readItems(plain)
        .map(({ item }) => item)
        .join(),
    );
    assert.deepEqual(items.slice(0, 8), new Array(8).fill('ping'));
    assert.deepEqual(items.slice(8), new Array(items.length - 8).fill('ping,report'));
    assert.equal(items.length, 8 + 3);
  });

  test('asks for answers as large as media until one comes, and in doubt for any, often', () => {
    const { edge, sent } = edgeEnd();
    edge.poll(0);
    for (; edge.next < ms(500); edge.poll(edge.next));
    edge.receive(writeItems([{ item: 'pong', sent: 0, received: 0, held: 0 }]), ms(500));
    for (; edge.next < ms(1500); edge.poll(edge.next));
    const answers = sent.flatMap(readItems).flatMap((item) => (item.item === 'ping' ? item.answer : []));
    const asking = answers.lastIndexOf(LARGEST_DATAGRAM) + 1;
    assert.deepEqual(answers.slice(asking), new Array(answers.length - asking).fill(0));
    assert.equal(asking, 10);
    assert.ok(answers.length - asking > 10, `${answers.length - asking} more`);
  });

  test('asks no more while nothing comes by UDP though much does otherwise, until it is time to try again', () => {
    const { edge, sent } = edgeEnd();
    for (let now = 0; edge.reach.state !== 'blocked'; now = edge.next) {
      edge.reach.heardOtherwise(now);
      edge.poll(now);
    }
    const before = sent.length;
    assert.equal(edge.next, edge.reach.againAt);
    edge.poll(edge.next);
    assert.deepEqual([edge.reach.state, sent.length], ['asking', before + 1]);
  });

  test('puts what it has to say of many streams into as few datagrams as will hold it', () => {
    const { edge, sent } = edgeEnd();
    for (let ssrc = 0; ssrc < 100; ssrc++) {
      edge.subscribe({ ssrc, sequence: 0, chain: 0, latency: ms(500), open, onRecord: () => undefined });
    }
    for (let i = 0; i < 9; i++) edge.poll(i * SECOND);
    const last = sent.slice(8);
    assert.equal(last.length, 3);
    assert.ok(last.every((plain) => plain.length + DATAGRAM_OVERHEAD <= USUAL_DATAGRAM));
    assert.equal(last.flatMap(readItems).filter(({ item }) => item === 'report').length, 100);
  });

  test('counts media of streams it has not asked for, and what is no media', () => {
    const { edge } = edgeEnd();
    const stream = sender(1);
    stream.push(sound, 0);
    edge.receiveMedia(stream.cache.get(0)!, ms(50));
    edge.receiveMedia(new Uint8Array(3), ms(50));
    assert.equal(edge.strays, 2);
    const receiver = edge.subscribe({ ssrc: 1, sequence: 0, chain: 0, latency: 0, open, onRecord: () => undefined });
    // It was asked for, and the answer was overtaken.
    assert.deepEqual([receiver.counters.received, edge.strays], [1, 1]);
    edge.receiveMedia(stream.cache.get(0)!, ms(50));
    assert.equal(receiver.counters.duplicates, 1);
    edge.unsubscribe(1);
    edge.receiveMedia(stream.cache.get(0)!, ms(50));
    assert.equal(edge.strays, 2);
  });

  test('has all of a stream whose first packets overtake the answer that grants it, if they are not too old', () => {
    for (const [late, expected] of [
      [900, 5],
      [1100, 2],
    ] as const) {
      const { edge } = edgeEnd();
      const [stream, other] = [sender(1), sender(2)];
      const records: Uint8Array[] = [];
      for (let i = 0; i < 5; i++) {
        for (const each of [stream, other]) each.push({ ...sound, bytes: Uint8Array.of(i) }, ms(i * 100));
        if (i === 3) edge.poll(ms(late));
        for (const each of [stream, other]) edge.receiveMedia(each.cache.get(i)!, ms(i < 3 ? 0 : late));
      }
      const onRecord = ({ bytes }: { bytes: Uint8Array }) => void records.push(bytes);
      edge.subscribe({ ssrc: 1, sequence: 0, chain: 0, latency: 0, open, onRecord });
      edge.poll(ms(late) + SECOND);
      assert.equal(records.length, expected);
      assert.equal(edge.strays, 10 - expected);
    }
  });

  /** A stream of which packets come by either way, and an edge that has subscribed to it. */
  function pushedTo() {
    const { edge, sent } = edgeEnd();
    const [ways, records]: [Way[], unknown[]] = [[], []];
    const stream = sender(1);
    edge.subscribe({
      ...{ ssrc: 1, sequence: 0, chain: 0, latency: 0, open: openIntact },
      onRecord: (record) => records.push(record),
      onWay: (way) => ways.push(way),
    });
    const push = (packets: number) => {
      const first = stream.cache.head;
      for (let i = 0; i < packets; i++) stream.push(sound, i * ms(20));
      return Array.from({ length: packets }, (_, i) => stream.cache.get(first + i)!);
    };
    const said = () => readItems(sent.at(-1)!).find(({ item }) => item === 'way');
    return { edge, ways, records, push, said };
  }

  /** A tag whose last byte is not 0 does not fit. */
  const openIntact: Open = (packet, sequence) => (packet.at(-1) === 0 ? open(packet, sequence) : undefined);

  test('takes a stream from where it is pushed once it hears it there, and says so with every report', () => {
    const { edge, ways, records, push, said } = pushedTo();
    edge.poll(0);
    assert.deepEqual([edge.wayOf(1), said()], ['trial', { item: 'way', ssrc: 1, way: 'trial' }]);
    for (const packet of push(40)) {
      edge.receiveMedia(packet, 0);
      edge.receivePushed(packet, 0);
    }
    for (; edge.next < SECOND; edge.poll(edge.next));
    assert.deepEqual([edge.wayOf(1), ways], ['pushed', ['pushed']]);
    assert.deepEqual(said(), { item: 'way', ssrc: 1, way: 'pushed' });
    for (const packet of push(10)) edge.receivePushed(packet, ms(1100));
    edge.poll(2 * SECOND);
    assert.equal(records.length, 50);
  });

  test('is not deceived by packets that are not authentic, whether they come first or last', () => {
    const { edge, records, push } = pushedTo();
    edge.poll(0);
    for (const packet of push(100)) {
      const forged = Uint8Array.from(packet);
      forged[forged.length - 1] = 1;
      edge.receivePushed(forged, 0);
      edge.receiveMedia(packet, 0);
      edge.receivePushed(forged, 0);
    }
    for (; edge.next < 3 * SECOND; edge.poll(edge.next));
    assert.equal(edge.wayOf(1), 'trial');
    assert.equal(records.length, 100);
  });

  test('has no use for pushed packets of streams that are not pushed, or that it has not asked for', () => {
    const { edge } = edgeEnd();
    const stream = sender(1);
    stream.push(sound, 0);
    edge.receivePushed(stream.cache.get(0)!, 0);
    const receiver = edge.subscribe({ ssrc: 1, sequence: 0, chain: 0, latency: 0, open, onRecord: () => undefined });
    edge.receivePushed(stream.cache.get(0)!, 0);
    assert.equal(receiver.counters.received, 0);
    assert.equal(edge.wayOf(1), 'own');
  });

  test('refuses what is malformed', () => {
    assert.throws(() => edgeEnd().edge.receive(new Uint8Array([1]), 0), ProtocolError);
  });
});
