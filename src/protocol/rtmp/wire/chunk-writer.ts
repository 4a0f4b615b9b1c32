import { EXTENDED } from './chunk-stream.ts';
import type { RtmpMessage } from './message.ts';

const FULL_HEADER = 11;
const NOTHING = new Uint8Array(0);

/**
 * A message as chunks of at most `chunkSize` bytes: a full header (type 0), then type 3, so that it says the same to any
 * peer whatever was sent before. `head` is put before the payload. An extended timestamp is repeated in every chunk.
 */
export function encodeMessage(message: RtmpMessage, chunkSize: number, head: Uint8Array = NOTHING): Uint8Array {
  const { chunkStreamId, payload } = message;
  const length = head.length + payload.length;
  const timestamp = message.timestamp >>> 0;
  const extension = timestamp >= EXTENDED ? 4 : 0;
  const basic = chunkStreamId < 64 ? 1 : chunkStreamId < 320 ? 2 : 3;
  const chunks = Math.max(1, Math.ceil(length / chunkSize));
  const bytes = new Uint8Array(length + chunks * (basic + extension) + FULL_HEADER);

  let at = writeBasicHeader(bytes, 0, 0, chunkStreamId);
  at = writeFullHeader(bytes, at, message, Math.min(timestamp, EXTENDED), length);
  let from = 0;
  for (;;) {
    if (extension > 0) at = writeU32(bytes, at, timestamp);
    const to = Math.min(length, from + chunkSize);
    at = copy(bytes, at, head, payload, from, to);
    if (to === length) return bytes;
    from = to;
    at = writeBasicHeader(bytes, at, 3, chunkStreamId);
  }
}

/** RTMP 1.0, 5.3.1.1; returns where to go on. */
function writeBasicHeader(bytes: Uint8Array, at: number, format: number, chunkStreamId: number): number {
  const top = format << 6;
  if (chunkStreamId < 64) {
    bytes[at] = top | chunkStreamId;
    return at + 1;
  }
  const rest = chunkStreamId - 64;
  bytes[at] = chunkStreamId < 320 ? top : top | 1;
  bytes[at + 1] = rest;
  if (chunkStreamId < 320) return at + 2;
  bytes[at + 2] = rest >> 8;
  return at + 3;
}

/** RTMP 1.0, 5.3.1.2.1; returns where to go on. */
function writeFullHeader(
  bytes: Uint8Array,
  at: number,
  message: RtmpMessage,
  timestamp: number,
  length: number,
): number {
  bytes[at] = timestamp >> 16;
  bytes[at + 1] = timestamp >> 8;
  bytes[at + 2] = timestamp;
  bytes[at + 3] = length >> 16;
  bytes[at + 4] = length >> 8;
  bytes[at + 5] = length;
  bytes[at + 6] = message.type;
  bytes[at + 7] = message.streamId;
  bytes[at + 8] = message.streamId >> 8;
  bytes[at + 9] = message.streamId >> 16;
  bytes[at + 10] = message.streamId >> 24;
  return at + FULL_HEADER;
}

function writeU32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
  return at + 4;
}

/** Copies what stands from `from` to `to` in head and payload taken together; returns where to go on. */
function copy(bytes: Uint8Array, at: number, head: Uint8Array, payload: Uint8Array, from: number, to: number): number {
  const border = head.length;
  if (from < border) {
    const part = head.subarray(from, to);
    bytes.set(part, at);
    at += part.length;
    from += part.length;
  }
  if (from >= to) return at;
  bytes.set(
    from === border && to - border === payload.length ? payload : payload.subarray(from - border, to - border),
    at,
  );
  return at + to - from;
}
