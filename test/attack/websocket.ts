import { ByteWriter } from '../../src/base/byte-writer.ts';
import { type Attack, attacks, type Outcome, type Script } from './support/attack.ts';
import { noise, repeat } from './support/bytes.ts';
import { webSocketRequest } from './support/launch.ts';
import { CONTROL_STREAM } from './support/rtmp-peer.ts';

type Row = readonly [string, Uint8Array | string | (() => Script), Outcome];

const LIVE = `/live/${CONTROL_STREAM}.flv`;
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const MASK = Uint8Array.of(1, 2, 3, 4);

/** A frame as a client sends it (RFC 6455, 5.2), whose length may be said to be another. */
function frame(
  opcode: number,
  payload: Uint8Array = new Uint8Array(0),
  { fin = true, rsv = 0, masked = true, length = payload.length } = {},
): Uint8Array {
  const writer = new ByteWriter().u8((fin ? 0x80 : 0) | (rsv << 4) | opcode);
  const mask = masked ? 0x80 : 0;
  if (length < 126) writer.u8(mask | length);
  else if (length < 65_536) writer.u8(mask | 126).u16(length);
  else
    writer
      .u8(mask | 127)
      .u32(Math.floor(length / 2 ** 32))
      .u32(length >>> 0);
  if (!masked) return writer.put(payload).finish();
  return writer
    .put(MASK)
    .put(payload.map((byte, i) => byte ^ MASK[i & 3]!))
    .finish();
}

const open = (headers: Readonly<Record<string, string | undefined>>) => webSocketRequest(LIVE, headers);

const HANDSHAKES: readonly Row[] = [
  ['a handshake without a key', open({ 'Sec-WebSocket-Key': undefined }), 400],
  ['a handshake with a short key', open({ 'Sec-WebSocket-Key': 'abc' }), 400],
  ['a handshake with a key of 10,000 characters', open({ 'Sec-WebSocket-Key': 'a'.repeat(10_000) }), 400],
  ['a handshake of no version', open({ 'Sec-WebSocket-Version': undefined }), 400],
  ['a handshake of version 0', open({ 'Sec-WebSocket-Version': '0' }), 400],
  ['a handshake of version 99', open({ 'Sec-WebSocket-Version': '99' }), 400],
  ['a handshake with a malformed protocol list', open({ 'Sec-WebSocket-Protocol': 'a,,b' }), 400],
  ['a handshake with malformed extensions', open({ 'Sec-WebSocket-Extensions': ';;;' }), 101],
  ['an offer to compress', open({ 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=99' }), 101],
  ['an upgrade to nobody knows what', open({ Upgrade: 'quic' }), 200],
  ['an upgrade to HTTP/2', open({ Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__' }), 200],
  ['an upgrade elsewhere', webSocketRequest('/nowhere'), 404],
  ['an upgrade of a stream that is not there', webSocketRequest('/live/nobody.flv'), 404],
  ['an upgrade of a name that is none', webSocketRequest('/live/..%2f..%2fx.flv'), 403],
  ['an upgrade of what cannot be decoded', webSocketRequest('/live/%zz.flv'), 400],
  ['an upgrade with a choice that cannot be made', webSocketRequest(`${LIVE}?only=smell`), 415],
  [
    'frames before the handshake is answered',
    () => [webSocketRequest(LIVE), frame(TEXT, noise(100)), frame(PING)],
    101,
  ],
  ['noise before the handshake is answered', () => [webSocketRequest('/live/nobody.flv'), noise(60_000)], 404],
];

const FRAMES: readonly Row[] = [
  ['a frame without a mask', frame(TEXT, noise(10), { masked: false }), 'closed'],
  ['a frame with reserved bits', frame(BINARY, noise(10), { rsv: 7 }), 'closed'],
  ['a compressed frame', frame(BINARY, noise(10), { rsv: 4 }), 'closed'],
  ...[3, 7, 11, 15].map((opcode): Row => [`a frame of type ${opcode}`, frame(opcode), 'closed']),
  ['a message of 2 KiB', frame(BINARY, noise(2048)), 'closed'],
  ['a frame that says it has 4 GiB', frame(BINARY, noise(10), { length: 2 ** 32 }), 'closed'],
  ['a frame that says it has 2^60 bytes', frame(BINARY, noise(10), { length: 2 ** 60 }), 'closed'],
  ['a ping of 200 bytes', frame(PING, noise(200)), 'closed'],
  ['a ping in parts', frame(PING, noise(10), { fin: false }), 'closed'],
  ['a continuation of nothing', frame(CONTINUATION, noise(10)), 'closed'],
  ['a message within a message', () => [frame(TEXT, noise(4), { fin: false }), frame(TEXT, noise(4))], 'closed'],
  ['text that is not UTF-8', frame(TEXT, Uint8Array.of(0xff, 0xfe, 0xc0)), 'closed'],
  [
    'a message of 20,000 empty parts',
    () => [frame(BINARY, noise(4), { fin: false }), repeat(frame(CONTINUATION, undefined, { fin: false }), 20_000)],
    'closed',
  ],
  [
    'a message that grows beyond the limit',
    () => [frame(BINARY, noise(500), { fin: false }), repeat(frame(CONTINUATION, noise(100), { fin: false }), 10)],
    'closed',
  ],
  ['a close of one byte', frame(CLOSE, Uint8Array.of(3)), 'closed'],
  ['a close of a code that is none', frame(CLOSE, Uint8Array.of(0, 1)), 'closed'],
  ['a close whose reason is not UTF-8', frame(CLOSE, Uint8Array.of(3, 0xe8, 0xff)), 'closed'],
  ['a close and then frames', () => [frame(CLOSE, Uint8Array.of(3, 0xe8)), frame(PING), noise(4096)], 'closed'],
  ['noise', noise(4096), 'closed'],
  ['a second HTTP request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'closed'],
  ['1000 messages', () => [repeat(frame(TEXT, new Uint8Array(100).fill(0x61)), 1000)], 'harmless'],
  ['1000 pings at once', () => [repeat(frame(PING, noise(100)), 1000)], 'closed'],
  ['40 pings at once', () => [repeat(frame(PING, noise(100)), 40)], 'harmless'],
  ['pongs to no ping', () => [repeat(frame(PONG, noise(100)), 1000)], 'harmless'],
  ['a frame that is never complete', frame(BINARY, noise(10), { length: 1000 }), 'harmless'],
];

/** Attacks by WebSocket: on its handshake, and by a viewer of the control stream. */
export const WEBSOCKET_ATTACKS: readonly Attack[] = [
  ...attacks('http', 'tcp', HANDSHAKES),
  ...attacks('http', 'websocket', FRAMES),
];
