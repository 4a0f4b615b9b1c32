import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { concat } from '../../base/bytes.ts';
import { ProtocolError } from '../../base/errors.ts';
import { fullBox } from './box.ts';

const ES_DESCRIPTOR = 3;
const DECODER_CONFIG = 4;
const DECODER_SPECIFIC = 5;
const SYNC_CONFIG = 6;
/** Stream type audio, not upstream, reserved bit. */
const AUDIO_STREAM = 0x15;
/** The value that MP4 wants in place of a sync layer of its own (ISO/IEC 14496-14, 3.1.2). */
const PREDEFINED_FOR_MP4 = 2;

/** The elementary stream descriptor box of an audio track (ISO/IEC 14496-14, 5.6); `config` may be empty. */
export function esds(objectType: number, config: Uint8Array): Uint8Array {
  const specific = config.length > 0 ? descriptor(DECODER_SPECIFIC, config) : config;
  const head = new ByteWriter().u8(objectType).u8(AUDIO_STREAM).u24(0).u32(0).u32(0).finish(); // buffer and bit rates unknown
  const decoder = descriptor(DECODER_CONFIG, concat([head, specific]));
  const sync = descriptor(SYNC_CONFIG, Uint8Array.of(PREDEFINED_FOR_MP4));
  const stream = new ByteWriter().u16(0).u8(0).put(decoder).put(sync).finish();
  return fullBox('esds', 0, 0, descriptor(ES_DESCRIPTOR, stream));
}

/** What {@link esds} was made from, of the contents of its box. Throws `ProtocolError` where it is cut short. */
export function readEsds(contents: Uint8Array): { readonly objectType: number; readonly config: Uint8Array } {
  const reader = new ByteReader(contents);
  reader.skip(4); // version and flags
  const stream = readDescriptor(reader, ES_DESCRIPTOR);
  stream.skip(3); // id and flags: no dependence, URL or clock reference
  const decoder = readDescriptor(stream, DECODER_CONFIG);
  const objectType = decoder.u8();
  decoder.skip(12); // stream type, buffer and bit rates
  const config = decoder.remaining > 0 ? readDescriptor(decoder, DECODER_SPECIFIC).rest() : decoder.rest();
  return { objectType, config: config.slice() };
}

function readDescriptor(reader: ByteReader, expected: number): ByteReader {
  const tag = reader.u8();
  if (tag !== expected) throw new ProtocolError(`descriptor ${tag} where ${expected} should be`);
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const byte = reader.u8();
    length = (length << 7) | (byte & 0x7f);
    if (!(byte & 0x80)) break;
  }
  return new ByteReader(reader.take(length));
}

/** A descriptor whose length is written in four bytes of seven bits (ISO/IEC 14496-1, 8.3.3). */
function descriptor(tag: number, body: Uint8Array): Uint8Array {
  const { length } = body;
  const size = [length >> 21, length >> 14, length >> 7].map((bits) => (bits & 0x7f) | 0x80);
  return concat([Uint8Array.of(tag, ...size, length & 0x7f), body]);
}
