import { ByteWriter } from '../../base/byte-writer.ts';

/** The length of a box's size and type, in bytes. */
export const BOX_HEADER = 8;

/** A box with these contents (ISO/IEC 14496-12, 4.2). */
export function box(type: string, ...contents: readonly Uint8Array[]): Uint8Array {
  let size = BOX_HEADER;
  for (const content of contents) size += content.length;
  const writer = new ByteWriter(size).u32(size).text(type);
  for (const content of contents) writer.put(content);
  return writer.finish();
}

/** A box that begins with a version and flags (ISO/IEC 14496-12, 4.2). */
export function fullBox(type: string, version: number, flags: number, ...contents: readonly Uint8Array[]): Uint8Array {
  return box(type, new ByteWriter(4).u8(version).u24(flags).finish(), ...contents);
}

/** Numbers of 32 bits, one after another. */
export function u32s(...values: readonly number[]): Uint8Array {
  const writer = new ByteWriter(4 * values.length);
  for (const value of values) writer.u32(value);
  return writer.finish();
}

/** Numbers of 16 bits, one after another. */
export function u16s(...values: readonly number[]): Uint8Array {
  const writer = new ByteWriter(2 * values.length);
  for (const value of values) writer.u16(value);
  return writer.finish();
}
