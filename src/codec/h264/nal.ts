import { ProtocolError } from '../../base/errors.ts';

/** How many NAL units of one access unit are told apart: each costs memory many times its own size. */
const MAX_UNITS = 4096;

/**
 * The NAL units of a length-prefixed access unit, as views (ISO/IEC 14496-15, 5.3.4.2).
 * Throws when a length points past the end.
 */
export function* nalUnits(data: Uint8Array, lengthSize: number): Generator<Uint8Array, void> {
  let at = 0;
  while (at < data.length) {
    const start = at + lengthSize;
    const end = start + lengthAt(data, at, lengthSize);
    if (end > data.length) throw new ProtocolError(`NAL unit ends at ${end} of ${data.length} bytes`);
    yield data.subarray(start, end);
    at = end;
  }
}

/** Like {@link nalUnits}, but never throws: ends before a unit that is cut short, and after so many as any picture has. */
export function soundNalUnits(data: Uint8Array, lengthSize: number): Uint8Array[] {
  const units: Uint8Array[] = [];
  let at = 0;
  while (at + lengthSize < data.length && units.length < MAX_UNITS) {
    const start = at + lengthSize;
    at = start + lengthAt(data, at, lengthSize);
    if (at > data.length) break;
    if (at > start) units.push(data.subarray(start, at));
  }
  return units;
}

/** Whether any NAL unit of a length-prefixed access unit has a first byte that `wanted` takes. Never throws. */
export function someNalUnit(data: Uint8Array, lengthSize: number, wanted: (firstByte: number) => boolean): boolean {
  let at = 0;
  while (at + lengthSize < data.length) {
    const length = lengthAt(data, at, lengthSize);
    if (length > 0 && wanted(data[at + lengthSize]!)) return true;
    at += lengthSize + length;
  }
  return false;
}

/** The NAL units of a byte stream with start codes, as views without trailing zeros (H.264 and H.265, Annex B). */
export function* annexBUnits(data: Uint8Array): Generator<Uint8Array, void> {
  let start = nextStartCode(data, 0) + 3;
  while (start < data.length) {
    const next = nextStartCode(data, start);
    let end = next;
    while (end > start && data[end - 1] === 0) end--;
    if (end > start) yield data.subarray(start, end);
    start = next + 3;
  }
}

/** The NAL units, each after its length: `lengthSize` bytes. Throws when one is longer than that can say. */
export function joinNalUnits(units: Iterable<Uint8Array>, lengthSize: number): Uint8Array {
  const list: Uint8Array[] = [];
  let total = 0;
  for (const unit of units) {
    if (list.length === MAX_UNITS) throw new ProtocolError(`access unit of more than ${MAX_UNITS} NAL units`);
    list.push(unit);
    total += lengthSize + unit.length;
  }
  const data = new Uint8Array(total);
  let at = 0;
  for (const unit of list) {
    if (unit.length >= 256 ** lengthSize) throw new ProtocolError(`NAL unit of ${unit.length} bytes`);
    for (let i = 0; i < lengthSize; i++) data[at + i] = unit.length >>> (8 * (lengthSize - 1 - i));
    data.set(unit, at + lengthSize);
    at += lengthSize + unit.length;
  }
  return data;
}

/** The access unit with lengths in place of start codes; the same memory where it has lengths already. */
export function lengthPrefixed(data: Uint8Array, lengthSize: number): Uint8Array {
  const annexB = startsWithStartCode(data) && !hasWholeLengths(data, lengthSize);
  return annexB ? joinNalUnits(annexBUnits(data), lengthSize) : data;
}

/** A NAL unit without its emulation prevention bytes (H.264, 7.3.1; H.265, 7.3.1.1). */
export function withoutEmulation(nal: Uint8Array): Uint8Array {
  const rbsp = new Uint8Array(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    rbsp[length++] = byte;
  }
  return rbsp.subarray(0, length);
}

function lengthAt(data: Uint8Array, at: number, lengthSize: number): number {
  if (at + lengthSize > data.length) throw new ProtocolError('NAL unit length cut short');
  let length = 0;
  for (let i = 0; i < lengthSize; i++) length = length * 256 + data[at + i]!;
  return length;
}

/** Where the next 00 00 01 begins, or the end of the data. */
function nextStartCode(data: Uint8Array, from: number): number {
  for (let at = from + 2; at < data.length; at++) {
    const byte = data[at]!;
    if (byte > 1) at += 2;
    else if (byte === 1 && data[at - 1] === 0 && data[at - 2] === 0) return at - 2;
  }
  return data.length;
}

function startsWithStartCode(data: Uint8Array): boolean {
  if (data.length < 4 || data[0] !== 0 || data[1] !== 0) return false;
  return data[2] === 1 || (data[2] === 0 && data[3] === 1);
}

// 00 00 01 xx is a start code, but also the length of a NAL unit of 256 to 511 bytes: then all lengths add up.
function hasWholeLengths(data: Uint8Array, lengthSize: number): boolean {
  let at = 0;
  while (at + lengthSize <= data.length) at += lengthSize + lengthAt(data, at, lengthSize);
  return at === data.length;
}
