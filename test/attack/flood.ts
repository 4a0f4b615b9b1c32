import assert from 'node:assert/strict';
import { concat } from '../../src/base/bytes.ts';
import type { Scene, Target } from './support/attack.ts';
import { call, chunk, message, noise, repeat, u32 } from './support/bytes.ts';
import { IN_TIME } from './support/launch.ts';
import { CONTROL_STREAM, RtmpPeer } from './support/rtmp-peer.ts';
import { Wire } from './support/wire.ts';

const C0_C1 = new Uint8Array(1537).fill(3);
const HANDSHAKE = new Uint8Array(3073).fill(3);
const PING = message(4, concat([Uint8Array.of(0, 6), u32(1)]), 2);
const VIDEO = 9;

/** Attacks by many connections at once, or by one that asks for much and reads nothing. */
export const FLOODS: readonly Scene[] = [
  { name: '400 connections that say nothing to RTMP', play: ({ rtmp }) => crowd(rtmp, 400, new Uint8Array(0)) },
  { name: '400 half-open handshakes', play: ({ rtmp }) => crowd(rtmp, 400, C0_C1) },
  { name: '400 handshakes without a command', play: ({ rtmp }) => crowd(rtmp, 400, HANDSHAKE) },
  {
    name: '200 messages of 64 KiB of which nothing comes',
    play: ({ rtmp }) => crowd(rtmp, 200, concat([HANDSHAKE, declared(11), declared(12)])),
  },
  { name: '400 connections that say nothing to HTTP', play: ({ http }) => crowd(http, 400, new Uint8Array(0)) },
  { name: '200 HTTP heads of 15 KiB that do not end', play: ({ http }) => crowd(http, 200, head(15_000)) },
  { name: '1000 connections to RTMP that are cut at once', play: ({ rtmp }) => cut(rtmp, C0_C1) },
  { name: '1000 connections to HTTP that are cut at once', play: ({ http }) => cut(http, head(100)) },
  {
    name: '300 HTTP viewers that leave as soon as they come',
    play: ({ http }) => cut(http, get(`/live/${CONTROL_STREAM}.flv`), 300),
  },
  { name: 'a player that sends 200,000 bytes of pings', play: (target) => player(target, [repeat(PING, 10_000)]) },
  { name: 'a player that pings and never reads', play: (target) => player(target, [repeat(PING, 10_000)], false) },
  {
    name: 'a player that sends media',
    play: (target) => player(target, [message(VIDEO, noise(60_000)), message(VIDEO, noise(60_000))]),
  },
  {
    name: 'a player that pauses and goes on, and never reads',
    play: (target) => player(target, [pauses(2000)], false),
  },
  { name: 'a player that begins again and again', play: (target) => player(target, [again(3000)]) },
];

/** So many connections that each send the same and then wait: all must be closed by a deadline. */
async function crowd(port: number, count: number, bytes: Uint8Array): Promise<void> {
  const wires = await Promise.all(Array.from({ length: count }, () => Wire.open(port)));
  await Promise.all(wires.map((wire) => wire.send(bytes)));
  const ended = await Promise.all(wires.map((wire) => wire.endsWithin(IN_TIME)));
  for (const wire of wires) wire.close();
  assert.equal(ended.filter((hasEnded) => !hasEnded).length, 0, 'all connections must be closed in time');
}

/** Connections that are cut as soon as they have sent something, fifty at a time. */
async function cut(port: number, bytes: Uint8Array, count = 1000): Promise<void> {
  for (let done = 0; done < count; done += 50) {
    const wires = await Promise.all(Array.from({ length: 50 }, () => Wire.open(port)));
    await Promise.all(wires.map((wire) => wire.send(bytes)));
    for (const wire of wires) wire.socket.resetAndDestroy();
  }
  const wire = await Wire.open(port);
  assert.ok(!wire.isEnded, 'others must still be let in');
  wire.close();
}

/** A player, who may play without a key but is not to send much: it must be closed. */
async function player(target: Target, pieces: readonly Uint8Array[], reads = true): Promise<void> {
  const peer = await RtmpPeer.open(target, 'play');
  if (!reads) peer.wire.socket.pause();
  for (const piece of pieces) await peer.wire.send(piece);
  peer.wire.socket.resume();
  assert.ok(await peer.wire.endsWithin(IN_TIME), 'the player must be closed');
  peer.close();
}

function declared(id: number): Uint8Array {
  return chunk({ id, type: VIDEO, length: 65_536 }, noise(1));
}

function head(length: number): Uint8Array {
  return new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(length)}`);
}

function get(path: string): Uint8Array {
  return new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
}

function pauses(times: number): Uint8Array {
  return repeat(concat([call('pause', null, true, 0), call('pause', null, false, 0)]), times);
}

function again(times: number): Uint8Array {
  return repeat(concat([call('closeStream', null), call('play', null, CONTROL_STREAM)]), times);
}
