import { ByteWriter } from '../src/base/byte-writer.ts';
import { concat } from '../src/base/bytes.ts';

/** How the bench frames what it sends: kept apart from the server's own code, so that one cannot hide a fault of the other. */

/** Of every RTMP stream that the bench writes: what OBS sends. */
const CHUNK_SIZE = 4096;
const CONTINUATION = 0xc0;
const LONGEST_VALUE = 512;

/** An FLV tag with the size that follows it (Adobe FLV 10.1, E.3, E.4.1). */
export function flvTag(type: number, time: number, body: Uint8Array): Uint8Array {
  const out = new ByteWriter(body.length + 15)
    .u8(type)
    .u24(body.length)
    .u24(time & 0xffffff)
    .u8(time >>> 24)
    .u24(0);
  return out
    .put(body)
    .u32(body.length + 11)
    .finish();
}

/** The FLV file header, for a stream with both audio and video (Adobe FLV 10.1, E.2). */
export const FLV_HEADER = Uint8Array.from([0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0]);

/** One unmasked binary WebSocket frame (RFC 6455, 5.2). */
export function webSocketFrame(payload: Uint8Array): Uint8Array {
  const out = new ByteWriter(payload.length + 10).u8(0x82);
  if (payload.length < 126) out.u8(payload.length);
  else if (payload.length < 65536) out.u8(126).u16(payload.length);
  else out.u8(127).u32(0).u32(payload.length);
  return out.put(payload).finish();
}

/** Which chunk stream each message type travels on. */
function chunkStream(type: number): number {
  if (type < 7) return 2;
  return { 8: 4, 9: 6, 18: 5 }[type] ?? 3;
}

/** A message with a full chunk header (RTMP 1.0, 5.3.1.2.1). */
export function rtmpMessage(type: number, time: number, body: Uint8Array, stream = 1): Uint8Array {
  const head = new ByteWriter(capacity(body)).u8(chunkStream(type)).u24(time).u24(body.length).u8(type).u32le(stream);
  return chunked(head, chunkStream(type), body);
}

/** A message of the same stream as the one before it, `delta` milliseconds later (RTMP 1.0, 5.3.1.2.2). */
export function rtmpNext(type: number, delta: number, body: Uint8Array): Uint8Array {
  const head = new ByteWriter(capacity(body))
    .u8(0x40 | chunkStream(type))
    .u24(delta)
    .u24(body.length)
    .u8(type);
  return chunked(head, chunkStream(type), body);
}

/** Room for the longest header and every chunk's own. */
function capacity(body: Uint8Array): number {
  return 12 + body.length + Math.ceil(body.length / CHUNK_SIZE);
}

function chunked(out: ByteWriter, id: number, body: Uint8Array): Uint8Array {
  for (let at = 0; at === 0 || at < body.length; at += CHUNK_SIZE) {
    if (at > 0) out.u8(CONTINUATION | id);
    out.put(body.subarray(at, at + CHUNK_SIZE));
  }
  return out.finish();
}

/** What AMF0 values the bench's commands consist of (AMF0, 2.2, 2.4, 2.5, 2.7). */
export type Amf = string | number | null | { [key: string]: string | number };

/** A command message (RTMP 1.0, 7.1.1). */
export function rtmpCommand(stream: number, ...values: Amf[]): Uint8Array {
  return rtmpMessage(20, 0, concat(values.map(amf)), stream);
}

/** Announces {@link CHUNK_SIZE} (RTMP 1.0, 5.4.1). */
export function setChunkSize(): Uint8Array {
  return rtmpMessage(1, 0, new ByteWriter().u32(CHUNK_SIZE).finish(), 0);
}

function amf(value: Amf): Uint8Array {
  const out = new ByteWriter(LONGEST_VALUE);
  if (value === null) return out.u8(5).finish();
  if (typeof value === 'number') return out.u8(0).f64(value).finish();
  if (typeof value === 'string') return out.u8(2).u16(value.length).text(value).finish();
  out.u8(3);
  for (const [key, member] of Object.entries(value)) out.u16(key.length).text(key).put(amf(member));
  return out.u24(9).finish();
}
