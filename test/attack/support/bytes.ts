import { ByteWriter } from '../../../src/base/byte-writer.ts';
import { concat } from '../../../src/base/bytes.ts';
import { type AmfValue, amf0, amfObject } from '../../../src/container/flv/amf0.ts';
import { DEFAULT_CHUNK_SIZE } from '../../../src/protocol/rtmp/wire/chunk-reader.ts';
import { encodeMessage } from '../../../src/protocol/rtmp/wire/chunk-writer.ts';
import { command } from '../../../src/protocol/rtmp/wire/command.ts';
import { MessageType } from '../../../src/protocol/rtmp/wire/message.ts';

/** What is said of a message in a chunk header; what is left out is 0. */
export interface Header {
  readonly format?: 0 | 1 | 2 | 3;
  /** The chunk stream. */
  readonly id?: number;
  readonly timestamp?: number;
  readonly length?: number;
  readonly type?: number;
  readonly streamId?: number;
}

/** One chunk, whose header may say anything (RTMP 1.0, 5.3.1). */
export function chunk(header: Header, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const { format = 0, id = 3, timestamp = 0, length = payload.length, type = 0, streamId = 0 } = header;
  const writer = new ByteWriter();
  if (id < 64) writer.u8((format << 6) | id);
  else if (id < 320) writer.u8(format << 6).u8(id - 64);
  else
    writer
      .u8((format << 6) | 1)
      .u8((id - 64) & 0xff)
      .u8((id - 64) >> 8);
  if (format < 3) writer.u24(timestamp);
  if (format < 2) writer.u24(length).u8(type);
  if (format < 1) writer.u32le(streamId);
  return writer.put(payload).finish();
}

/** A whole message in chunks of the default size. */
export function message(
  type: number,
  payload: Uint8Array,
  id = 3,
  timestamp = 0,
  chunkSize = DEFAULT_CHUNK_SIZE,
): Uint8Array {
  return encodeMessage({ chunkStreamId: id, type, streamId: 1, timestamp, payload }, chunkSize);
}

/** A command message with these values. */
export function call(name: string, ...values: readonly AmfValue[]): Uint8Array {
  return message(MessageType.commandAmf0, command(name, ...([1, ...values] as [number, ...AmfValue[]])));
}

/** A `connect` with these properties. */
export function connectTo(properties: Readonly<Record<string, AmfValue>>): Uint8Array {
  return call('connect', amfObject(properties));
}

/** A command message whose body is any bytes. */
export function rawCommand(...parts: readonly Uint8Array[]): Uint8Array {
  return message(MessageType.commandAmf0, concat(parts));
}

/** The AMF0 values that begin a well-formed command, for what comes behind to be anything. */
export const COMMAND_START = amf0('connect', 1);

/** Set Chunk Size, with any number. */
export function chunkSize(size: number): Uint8Array {
  return message(MessageType.setChunkSize, u32(size), 2);
}

export function u32(value: number): Uint8Array {
  return new ByteWriter(4).u32(value).finish();
}

/** The bytes so many times over. */
export function repeat(bytes: Uint8Array, times: number): Uint8Array {
  const whole = new Uint8Array(bytes.length * times);
  for (let i = 0; i < times; i++) whole.set(bytes, i * bytes.length);
  return whole;
}

/** So many bytes that look random and are the same each time. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** The bytes one by one. */
export function* oneByOne(bytes: Uint8Array, pause = 0): Generator<Uint8Array | number> {
  for (let at = 0; at < bytes.length; at++) {
    yield bytes.subarray(at, at + 1);
    if (pause > 0) yield pause;
  }
}
