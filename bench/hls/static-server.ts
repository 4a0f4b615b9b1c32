/**
 * The least that a Node program can do for viewers of low-latency HLS: it answers the same requests at the same times with
 * fixed bytes. `static-server.ts PART_BYTES`. Prints its port as JSON.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { MILLISECOND } from '../../src/base/clock.ts';
import { mediaPlaylist, type Segment } from '../../src/container/hls/media-playlist.ts';

const PART = 200 * MILLISECOND;
const PARTS = 10;
const LISTED = 7;
const FIRST = 1_000;

const media = Buffer.alloc(Number(process.argv[2]), 7);
const waiting = new Set<ServerResponse>();
/** Parts made so far. */
let made = PARTS * LISTED;
let playlist = write();

const headers = { 'access-control-allow-origin': '*' };

const server = createServer((request, response) => {
  const url = request.url ?? '';
  if (url.includes('.m4s')) {
    response.writeHead(200, { ...headers, 'content-type': 'video/mp4', 'content-length': media.length }).end(media);
  } else if (url.includes('_HLS_msn')) waiting.add(response);
  else answer(response);
}).listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(JSON.stringify({ http: (server.address() as AddressInfo).port }));
});

setInterval(() => {
  made++;
  playlist = write();
  for (const response of waiting) answer(response);
  waiting.clear();
}, PART / MILLISECOND);

function answer(response: ServerResponse): void {
  const type = { 'content-type': 'application/vnd.apple.mpegurl', 'content-encoding': 'gzip' };
  response.writeHead(200, { ...headers, ...type, 'content-length': playlist.length }).end(playlist);
}

function write(): Buffer {
  const last = Math.floor(made / PARTS);
  const segments = Array.from({ length: LISTED }, (_, i) => segment(last - LISTED + 1 + i));
  const hint = `${FIRST + last}.${made % PARTS}.m4s`;
  const lowLatency = { partTarget: PART, hint, reports: [] };
  return gzipSync(mediaPlaylist({ segments, targetDuration: PART * PARTS, lowLatency, ended: false }));
}

function segment(index: number): Segment {
  const parts = Math.max(0, Math.min(PARTS, made - index * PARTS));
  const number = FIRST + index;
  return {
    number,
    discontinuity: 0,
    uri: `${number}.m4s`,
    duration: parts === PARTS ? PART * PARTS : undefined,
    parts: Array.from({ length: parts }, (_, i) => ({
      uri: `${number}.${i}.m4s`,
      duration: PART,
      independent: i === 0,
    })),
    init: 'init.mp4',
    time: Date.now() * MILLISECOND,
    gap: false,
  };
}
