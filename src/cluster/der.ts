import { concat } from '../base/bytes.ts';

/** The tags of ASN.1 that certificates are made of (X.690, 8). */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  bytes: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const FIRST_YEAR_OF_GENERALIZED_TIME = 2050;

/** A value under any tag, such as one of a context. */
export function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat([new Uint8Array(0), ...parts]);
  return concat([Uint8Array.of(tag, ...lengthOf(content.length)), content]);
}

/** A sequence of values. */
export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return tagged(TAG.sequence, ...parts);
}

/** A set of one value: more would have to be sorted. */
export function setOf(part: Uint8Array): Uint8Array {
  return tagged(TAG.set, part);
}

/** The truth value that is worth writing: the other is left out as the default. */
export function yes(): Uint8Array {
  return tagged(TAG.boolean, Uint8Array.of(0xff));
}

/** A number that is not negative, from its big-endian bytes, of which there is at least one. */
export function integer(bytes: Uint8Array): Uint8Array {
  const from = bytes.findIndex((byte) => byte !== 0);
  const digits = from < 0 ? Uint8Array.of(0) : bytes.subarray(from);
  return tagged(TAG.integer, ...(digits[0]! >= 0x80 ? [Uint8Array.of(0)] : []), digits);
}

/** A string of bits, of which the last `unused` of the last byte do not count. */
export function bitString(bytes: Uint8Array, unused = 0): Uint8Array {
  return tagged(TAG.bits, Uint8Array.of(unused), bytes);
}

/** A string of bytes, often an encoded value itself. */
export function byteString(bytes: Uint8Array): Uint8Array {
  return tagged(TAG.bytes, bytes);
}

/** An object identifier from its dotted form (X.690, 8.19). */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(TAG.oid, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** A text. */
export function utf8String(text: string): Uint8Array {
  return tagged(TAG.utf8, new TextEncoder().encode(text));
}

/** A moment, to the second (RFC 5280, 4.1.2.5). */
export function time(moment: Date): Uint8Array {
  const digits = moment.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  const isLate = moment.getUTCFullYear() >= FIRST_YEAR_OF_GENERALIZED_TIME;
  return tagged(isLate ? TAG.time : TAG.utcTime, new TextEncoder().encode(isLate ? digits : digits.slice(2)));
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) | 0x80);
  return bytes;
}
