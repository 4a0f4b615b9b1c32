import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { open, seal } from '../../../test/support/link-simulation.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { ProtocolError } from '../../base/errors.ts';
import { DATAGRAM_OVERHEAD, type Item, readItems, writeItems } from './datagram.ts';
import { EdgeEnd } from './edge-end.ts';
import { OriginEnd } from './origin-end.ts';
import { ssrcOf, USUAL_DATAGRAM } from './packet.ts';
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

  test('sends repairs only where the media comes by multicast', () => {
    const { origin, media } = originEnd();
    const stream = sender(1);
    origin.subscribe(stream, true);
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

  test('answers pings with its own time', () => {
    const { origin, control } = originEnd();
    origin.receive(writeItems([{ item: 'ping', sent: 77 }]), 5000);
    assert.deepEqual(control, [{ item: 'pong', sent: 77, received: 5000, held: 0 }]);
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
    return { edge: new EdgeEnd((plain) => sent.push(plain)), sent };
  }

  test('pings quickly until the clock is known, then tells how its streams fare', () => {
    const { edge, sent } = edgeEnd();
    edge.subscribe({ ssrc: 1, sequence: 0, chain: 0, latency: ms(500), open, onRecord: () => undefined });
    edge.poll(0);
    for (; edge.next < SECOND; edge.poll(edge.next));
    const items = sent.map((plain) =>
      readItems(plain)
        .map(({ item }) => item)
        .join(),
    );
    assert.deepEqual(items.slice(0, 8), new Array(8).fill('ping'));
    assert.deepEqual(items.slice(8), new Array(items.length - 8).fill('ping,report'));
    assert.equal(items.length, 8 + 3);
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
    edge.receiveMedia(stream.cache.get(0)!, ms(50));
    assert.equal(receiver.counters.received, 1);
    edge.unsubscribe(1);
    edge.receiveMedia(stream.cache.get(0)!, ms(50));
    assert.equal(edge.strays, 3);
  });

  test('refuses what is malformed', () => {
    assert.throws(() => edgeEnd().edge.receive(new Uint8Array([1]), 0), ProtocolError);
  });
});
