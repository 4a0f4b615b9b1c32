import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { VirtualClock } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { RTP_HEADER, writeRtpHeader } from '../../container/rtp/packet.ts';
import type { QuicConnection } from '../../net/quic.ts';
import { silentLogger } from '../../ops/log.ts';
import { systemClock } from '../../ops/system-clock.ts';
import { PacketCache } from './packet-cache.ts';
import { RepairLane } from './repair-lane.ts';
import { answerRepairs, serveRepairs } from './repair-service.ts';
import { Repairs } from './repairs.ts';
import { repairRequest, replyLength } from './wire/repair.ts';

const SSRC = 7;

function packet(sequence: number): Uint8Array {
  const bytes = new Uint8Array(RTP_HEADER + 1000).fill(sequence & 255);
  writeRtpHeader(bytes, { marker: true, payloadType: 100, sequence, timestamp: 0, ssrc: SSRC });
  return bytes;
}

/** Both ends of a connection that lies in memory. */
function connectionPair(): [QuicConnection, QuicConnection] {
  const ended = Promise.withResolvers<Error>();
  const streams: Duplex[] = [];
  const close = () => {
    ended.resolve(new Error('closed'));
    for (const stream of streams) stream.destroy();
  };
  const end = (other: () => QuicConnection): QuicConnection => ({
    remote: { host: '127.0.0.1', port: 1 },
    peerCertificate: undefined,
    closed: ended.promise,
    close,
    onStream: () => {},
    async openStream() {
      const [mine, theirs] = duplexPair();
      streams.push(mine, theirs);
      queueMicrotask(() => other().onStream(theirs));
      return mine;
    },
  });
  const pair: [QuicConnection, QuicConnection] = [end(() => pair[1]), end(() => pair[0])];
  return pair;
}

/** A cloud that has packets, and an edge's way to it; `connections` counts how often it was dialled. */
function cloudWith(cache: PacketCache) {
  const connections: QuicConnection[] = [];
  const packets: Uint8Array[] = [];
  const dial = async () => {
    const [edge, cloud] = connectionPair();
    serveRepairs(cloud, ({ ssrc, sequence }) => (ssrc === SSRC ? cache.find(sequence) : undefined));
    connections.push(edge);
    return edge;
  };
  const onPacket = (bytes: Uint8Array) => packets.push(bytes);
  return { connections, packets, options: { clock: systemClock, log: silentLogger, dial, onPacket } };
}

function cacheOf(from: number, count: number, size = 100): PacketCache {
  const cache = new PacketCache(size);
  for (let i = 0; i < count; i++) cache.add((from + i) & 0xffff, packet((from + i) & 0xffff));
  return cache;
}

test('a cache has the newest packets, across the wrap of their numbers', () => {
  const cache = cacheOf(65_500, 150);
  const has = (sequence: number) => cache.find(sequence)?.[3];
  for (const old of [65_500, 0, 13]) assert.equal(has(old), undefined, 'too old');
  assert.equal(has(114), undefined, 'still to come');
  for (const sequence of [14, 15, 112, 113]) assert.equal(has(sequence), sequence);
  assert.equal(cacheOf(65_500, 40).find(65_535)?.[3], 0xff);
  assert.equal(new PacketCache(10).find(0), undefined);
});

test('an edge gets what it asks for, in the order in which it asks', async () => {
  const { packets, options } = cloudWith(cacheOf(1, 50));
  const lane = new RepairLane(options);
  lane.ask([3, 60, 50].map((sequence) => ({ ssrc: SSRC, sequence })));
  await until('two packets come', () => packets.length === 2);
  assert.deepEqual(packets, [packet(3), packet(50)]);
  lane.close();
});

test('a connection that was lost is made again when something is asked for', async () => {
  const { connections, packets, options } = cloudWith(cacheOf(1, 50));
  const lane = new RepairLane(options);
  const ask = (sequence: number) => lane.ask([{ ssrc: SSRC, sequence }]);
  ask(1);
  await until('a packet comes', () => packets.length === 1);
  connections[0]!.close();
  await until('another one comes', () => {
    ask(2);
    return packets.length >= 2;
  });
  assert.equal(connections.length, 2);
  lane.close();
});

test('a cloud that is not there is not dialled without a pause', async () => {
  let dialled = 0;
  const dial = async () => {
    dialled++;
    throw new RefusedError('not-found', 'nobody there');
  };
  const lane = new RepairLane({ ...cloudWith(new PacketCache(1)).options, dial });
  for (let i = 0; i < 50; i++) {
    lane.ask([{ ssrc: SSRC, sequence: i }]);
    await new Promise(setImmediate);
  }
  assert.equal(dialled, 1);
});

test('a packet is asked for by two connections, by all of them in turn', async () => {
  const { connections, packets, options } = cloudWith(cacheOf(1, 50));
  const repairs = new Repairs(options);
  repairs.ask(SSRC, [1]);
  await until('all have answered', () => packets.length === 4);
  for (const sequence of [2, 3]) repairs.ask(SSRC, [sequence]);
  await until('all packets are there', () => packets.length === 8);
  assert.deepEqual(
    packets
      .slice(4)
      .map((bytes) => bytes[3])
      .sort((a, b) => a! - b!),
    [2, 2, 3, 3],
  );
  assert.equal(connections.length, 4);
  assert.ok(repairs.again >= 20_000 && repairs.again < 250_000);
  repairs.close();
});

test('connections on which a reply is overdue are asked last', async () => {
  const clock = new VirtualClock();
  const lines: Duplex[] = [];
  const dial = async () => {
    const [edge, cloud] = connectionPair();
    cloud.onStream = (requests) => void lines.push(requests.resume());
    return edge;
  };
  const repairs = new Repairs({ clock, log: silentLogger, dial, onPacket: () => {} });
  repairs.ask(SSRC, [1]);
  await until('all are connected', () => lines.length === 4);
  const asked: number[] = [];
  for (const [i, line] of lines.entries()) line.on('data', () => asked.push(i));
  // Two of them answer that they have nothing.
  for (const line of lines.slice(1, 3)) line.write(replyLength(0));
  await new Promise(setImmediate);
  clock.advance(repairs.again + 1);
  for (const sequence of [2, 3, 4]) {
    repairs.ask(SSRC, [sequence]);
    await new Promise(setImmediate);
  }
  assert.deepEqual(
    asked.sort((a, b) => a - b),
    [1, 1, 1, 2, 2, 2],
  );
  repairs.close();
});

test('a request for a stream that nobody knows is answered, so that the edge does not wait', async () => {
  const [edge, requests] = duplexPair();
  const [, packets] = duplexPair();
  answerRepairs(requests, packets, () => undefined);
  edge.write(repairRequest({ ssrc: 99, sequence: 1 }));
  assert.deepEqual([...((await once(edge, 'data'))[0] as Buffer)], [0, 0]);
});

test('an edge that does not read is not answered without end', async () => {
  const [edge, requests] = duplexPair();
  const [, packets] = duplexPair();
  answerRepairs(requests, packets, () => packet(1));
  const flood = Buffer.concat(Array.from({ length: 1000 }, () => repairRequest({ ssrc: SSRC, sequence: 1 })));
  for (let i = 0; i < 20; i++) edge.write(flood);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(packets.writableLength < 3_000_000, `${packets.writableLength} bytes wait`);
  assert.ok(requests.isPaused());
});

test('an edge that does not read is not told without end that nobody knows its packets', async () => {
  const [edge, requests] = duplexPair();
  const [, packets] = duplexPair();
  answerRepairs(requests, packets, () => undefined);
  const flood = Buffer.concat(Array.from({ length: 10_000 }, () => repairRequest({ ssrc: SSRC, sequence: 1 })));
  let asked = 0;
  for (; asked < 2_000_000 && !edge.writableNeedDrain; asked += 10_000) {
    edge.write(flood);
    await new Promise(setImmediate);
  }
  assert.ok(requests.isPaused() && requests.writableLength < 200_000, `${requests.writableLength} bytes wait`);
  let told = 0;
  edge.on('data', (bytes: Buffer) => (told += bytes.length / 2));
  await until('it is told of all when it reads', () => told === asked);
});

test('further streams of an edge, and an edge that leaves, change nothing for the cloud', async () => {
  const [edge, cloud] = connectionPair();
  serveRepairs(cloud, () => packet(1));
  const first = await edge.openStream();
  first.write(repairRequest({ ssrc: SSRC, sequence: 1 }));
  await once(first, 'data');
  const second: Duplex = await edge.openStream();
  second.on('error', () => {});
  await new Promise(setImmediate);
  first.resume().end();
  assert.equal((await cloud.closed).message, 'closed');
});
