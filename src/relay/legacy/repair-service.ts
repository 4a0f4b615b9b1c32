import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { Decoder } from '../../base/decoder.ts';
import type { QuicConnection } from '../../net/quic.ts';
import { type RepairRequest, readRequests, replyLength } from './wire/repair.ts';

/** What is kept of a packet, if it still is. */
export type FindPacket = (request: RepairRequest) => Uint8Array | undefined;

/** So many bytes may wait for an edge that does not read; until it does its requests wait, too. */
const MOST_UNREAD = 256 * 1024;

/** Answers an edge's requests on its connection: the first stream is the edge's, the second one ours. */
export function serveRepairs(connection: QuicConnection, find: FindPacket): void {
  connection.onStream = (requests) => {
    connection.onStream = (stream) => void stream.destroy();
    requests.once('close', () => connection.close());
    connection.openStream().then(
      (packets) => answerRepairs(requests, packets, find),
      () => {},
    );
  };
}

/** Answers requests that come on one stream by lengths on the same and packets on another. */
export function answerRepairs(requests: Duplex, packets: Duplex, find: FindPacket): void {
  const decoder = new Decoder(readRequests());
  const answer = (request: RepairRequest) => {
    const packet = find(request);
    // The packet first: the original edge takes as much of it as is there when it reads the length.
    if (packet) packets.write(packet);
    requests.write(replyLength(packet?.length ?? 0));
  };
  for (const stream of [requests, packets]) stream.on('error', () => requests.destroy());
  packets.resume();
  requests.on('end', () => requests.end());
  requests.on('data', (bytes: Uint8Array) => {
    decoder.push(bytes);
    for (let request = decoder.next(); request; request = decoder.next()) answer(request);
    // What it is told of packets that nobody knows is short, and may be all that there is.
    if (packets.writableLength > MOST_UNREAD || requests.writableNeedDrain) void rest(requests, packets);
  });
}

async function rest(requests: Duplex, packets: Duplex): Promise<void> {
  requests.pause();
  // Where one never drains the connection ends.
  const unread = [packets, requests].filter(({ writableNeedDrain }) => writableNeedDrain);
  await Promise.all(unread.map((stream) => once(stream, 'drain').catch(() => {})));
  requests.resume();
}
