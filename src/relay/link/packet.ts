/**
 * Media packets of the link. On the wire, all numbers big-endian:
 *
 *     12  RTP header (RFC 3550, 5.1): V=2, PT 96, M on the last packet of a record, 16 low bits of the sequence,
 *         90 kHz of the origin's clock when the record came in, SSRC
 *      2  16 high bits of the sequence
 *      7  payload head, encrypted: flags, chain (16 bits), distance (24 bits), held (8 bits)
 *      …  fragment of a record, encrypted
 *     16  authentication tag
 */

import { RTP_HEADER, type RtpHeader, writeRtpHeader } from '../../container/rtp/packet.ts';

/** What stands before the encrypted part, and is authenticated with it. */
export const MEDIA_HEAD = 14;
/** What stands before the fragment in a plaintext. */
export const PAYLOAD_HEAD = 7;
const TAG = 16;
/** What a packet holds besides its fragment. */
export const PACKET_OVERHEAD = MEDIA_HEAD + PAYLOAD_HEAD + TAG;

/** Bytes of UDP payload that pass nearly everywhere. */
export const USUAL_DATAGRAM = 1200;
/** Bytes of UDP payload that a path of 1500 bytes carries, whatever is around them. */
export const LARGEST_DATAGRAM = 1452;
/** Below this, a packet would be little else than its heads. */
export const SMALLEST_DATAGRAM = 128;
/** The largest record that crosses the link, in bytes. */
export const LARGEST_RECORD = 16 * 1024 * 1024;
/** A sequence at which the origin must have begun a new generation. */
export const LAST_SEQUENCE = 2 ** 31;

/** The first byte of every packet: version 2, no padding, extension or sources. */
export const VERSION_2 = 0x80;
const PAYLOAD_TYPE = 96;
const MARKER = 0x80;
const TICKS = 0x1_0000_0000;

/** The packet begins a record. */
export const FIRST = 0x80;
/** The packet ends a record. */
export const LAST = 0x40;
/** The record needs every other chained record since the newest startable one. */
export const CHAINED = 0x20;
/** The record needs nothing that came before. */
export const STARTABLE = 0x10;

/** How long a packet waited for its turn is told in these units, in microseconds, up to 255 of them. */
const HELD_UNIT = 2000;
/** The largest distance that is told; 0 says that nothing startable is known. */
const FARTHEST = 0xffffff;

/** Encrypts and authenticates: returns the whole packet, `head` first. The number, of 40 bits, makes the nonce and is never used twice. */
export type Seal = (head: Uint8Array, plain: Uint8Array, number: number) => Uint8Array;
/** The plaintext of a packet of {@link Seal}, in memory of its own; undefined when it is not authentic. */
export type Open = (packet: Uint8Array, number: number) => Uint8Array | undefined;

/** What all packets of a record have in common. */
export interface RecordHead {
  readonly ssrc: number;
  /** {@link CHAINED} and {@link STARTABLE}. */
  readonly flags: number;
  /** How many chained records the stream has had, this one included, modulo 2^16. */
  readonly chain: number;
  /** The sequence of the record's first packet. */
  readonly sequence: number;
  /** When it came in at the origin, in microseconds. */
  readonly time: number;
  /** The sequence at which the newest startable record begins, maybe this one; undefined before there is one. */
  readonly start: number | undefined;
}

/** The head of a record's packet, in the clear. Its sequence is its number for {@link Seal}. */
export function mediaHead({ ssrc, time }: RecordHead, sequence: number, isLast: boolean): Uint8Array {
  return packetHead({ marker: isLast, payloadType: PAYLOAD_TYPE, sequence, timestamp: ticksOf(time), ssrc });
}

/** The head of any packet, in the clear; the sequence has 32 bits. */
export function packetHead(header: RtpHeader): Uint8Array {
  const head = new Uint8Array(MEDIA_HEAD);
  const { sequence } = header;
  writeRtpHeader(head, header);
  head[RTP_HEADER] = sequence >>> 24;
  head[RTP_HEADER + 1] = sequence >>> 16;
  return head;
}

/** The plaintext of a record's packet that leaves `now`: the payload head and bytes `from` up to `to` of the record. */
export function mediaPayload(
  record: RecordHead,
  bytes: Uint8Array,
  sequence: number,
  from: number,
  to: number,
  now: number,
): Uint8Array {
  const plain = new Uint8Array(PAYLOAD_HEAD + to - from);
  const distance = record.start === undefined ? 0 : Math.min(sequence - record.start + 1, FARTHEST);
  plain[0] = record.flags | (from === 0 ? FIRST : 0) | (to === bytes.length ? LAST : 0);
  plain[1] = record.chain >>> 8;
  plain[2] = record.chain;
  plain[3] = distance >>> 16;
  plain[4] = distance >>> 8;
  plain[5] = distance;
  plain[6] = Math.min((now - record.time) / HELD_UNIT, 0xff);
  plain.set(bytes.subarray(from, to), PAYLOAD_HEAD);
  return plain;
}

/** Whether this may be a media packet at all; everything below may then be asked of it. */
export function isMedia(packet: Uint8Array): boolean {
  return packet.length >= PACKET_OVERHEAD && packet[0] === VERSION_2 && (packet[1]! & ~MARKER) === PAYLOAD_TYPE;
}

/** Whose packet it is. */
export function ssrcOf(packet: Uint8Array): number {
  return u32(packet, 8);
}

/** The whole sequence, of 32 bits. */
export function sequenceOf(packet: Uint8Array): number {
  return ((packet[12]! << 24) | (packet[13]! << 16) | (packet[2]! << 8) | packet[3]!) >>> 0;
}

/** When its record came in: see {@link timeOf}. */
export function timestampOf(packet: Uint8Array): number {
  return u32(packet, 4);
}

/** The flags of a plaintext. */
export function flagsOf(plain: Uint8Array): number {
  return plain[0]!;
}

/** See {@link RecordHead}. */
export function chainOf(plain: Uint8Array): number {
  return (plain[1]! << 8) | plain[2]!;
}

/** Where the newest startable record begins, as the packet with this sequence tells it; undefined when it tells nothing. */
export function startOf(plain: Uint8Array, sequence: number): number | undefined {
  const distance = (plain[3]! << 16) | (plain[4]! << 8) | plain[5]!;
  const start = sequence + 1 - distance;
  return distance === 0 || distance === FARTHEST || start < 0 ? undefined : start;
}

/** How long the packet waited at the origin for its turn, in microseconds, not exactly. */
export function heldOf(plain: Uint8Array): number {
  return plain[6]! * HELD_UNIT;
}

/** How many bytes of its record a plaintext holds. */
export function fragmentLength(plain: Uint8Array): number {
  return plain.length - PAYLOAD_HEAD;
}

/** The record that these plaintexts of consecutive packets hold: of one, a view; of several, new memory. */
export function joinFragments(plains: readonly Uint8Array[]): Uint8Array {
  if (plains.length === 1) return plains[0]!.subarray(PAYLOAD_HEAD);
  let length = 0;
  for (const plain of plains) length += fragmentLength(plain);
  const record = new Uint8Array(length);
  let at = 0;
  for (const plain of plains) {
    record.set(plain.subarray(PAYLOAD_HEAD), at);
    at += fragmentLength(plain);
  }
  return record;
}

/** A time in microseconds as an RTP timestamp: 90 kHz, modulo 2^32. */
export function ticksOf(time: number): number {
  return Math.floor(time * 0.09) % TICKS;
}

/** The time in microseconds that an RTP timestamp stands for: of all that fit, the one nearest to `near`. */
export function timeOf(ticks: number, near: number): number {
  const reference = Math.floor(near * 0.09);
  const wraps = Math.round((reference - ticks) / TICKS);
  return (ticks + wraps * TICKS) / 0.09;
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
