import { ByteWriter } from '../../base/byte-writer.ts';
import { concat } from '../../base/bytes.ts';

/** One elementary stream as the program map table tells of it. */
export interface Elementary {
  readonly pid: number;
  /** ISO/IEC 13818-1, table 2-34. */
  readonly streamType: number;
  /** Descriptors, one after another. */
  readonly descriptors: Uint8Array;
}

/** Where the program association table is found. */
export const PAT_PID = 0;
/** Where we put the program map table. */
export const PMT_PID = 0x1000;

const PROGRAM = 1;
const TRANSPORT_STREAM = 1;
const PAT_ID = 0;
const PMT_ID = 2;
const REGISTRATION = 5;
/** A section begins where its packet's payload does. */
const POINTER = Uint8Array.of(0);

/** The payload of a packet with the program association table (ISO/IEC 13818-1, 2.4.4.3): one program. */
export function programAssociation(): Uint8Array {
  return section(
    PAT_ID,
    TRANSPORT_STREAM,
    new ByteWriter()
      .u16(PROGRAM)
      .u16(0xe000 | PMT_PID)
      .finish(),
  );
}

/** The payload of a packet with the program map table (ISO/IEC 13818-1, 2.4.4.8). */
export function programMap(clockPid: number, streams: readonly Elementary[]): Uint8Array {
  const body = new ByteWriter().u16(0xe000 | clockPid).u16(0xf000);
  for (const { pid, streamType, descriptors } of streams) {
    body
      .u8(streamType)
      .u16(0xe000 | pid)
      .u16(0xf000 | descriptors.length)
      .put(descriptors);
  }
  return section(PMT_ID, PROGRAM, body.finish());
}

/** A descriptor (ISO/IEC 13818-1, 2.6). */
export function descriptor(tag: number, body: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(tag, body.length), body]);
}

/** A registration descriptor (ISO/IEC 13818-1, 2.6.8) of a format that is known by four letters. */
export function registration(format: string): Uint8Array {
  return descriptor(REGISTRATION, new ByteWriter().text(format).finish());
}

/** A section that is the only one of its table, behind its pointer field (ISO/IEC 13818-1, 2.4.4.3). */
function section(table: number, id: number, body: Uint8Array): Uint8Array {
  const writer = new ByteWriter()
    .u8(table)
    .u16(0xb000 | (body.length + 9))
    .u16(id);
  writer.u8(0xc1).u8(0).u8(0).put(body); // version 0, current, section 0 of 0
  const bytes = writer.finish();
  return concat([POINTER, bytes, new ByteWriter().u32(crc32(bytes)).finish()]);
}

/** ISO/IEC 13818-1, annex A: the highest bit first, nothing inverted. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  }
  return crc >>> 0;
}
