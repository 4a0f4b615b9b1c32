import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { open, seal } from '../../../test/support/link-simulation.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { ProtocolError } from '../../base/errors.ts';
import { DATAGRAM_OVERHEAD, type Item, itemLength, readItems, writeItems } from './datagram.ts';
import { EdgeEnd } from './edge-end.ts';
import { OriginEnd } from './origin-end.ts';
import { LARGEST_DATAGRAM, ssrcOf, USUAL_DATAGRAM } from './packet.ts';
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
