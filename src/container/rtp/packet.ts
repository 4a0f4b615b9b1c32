import { ProtocolError } from '../../base/errors.ts';

/** What stands in an RTP header of our own making: no padding, no extension, no contributing sources. */
export interface RtpHeader {
  /** Its meaning is the profile's: for pictures, the last packet of one. */
  readonly marker: boolean;
  /** 7 bits. */
  readonly payloadType: number;
  /** 16 bits. */
  readonly sequence: number;
  /** 32 bits. */
  readonly timestamp: number;
  /** 32 bits. */
  readonly ssrc: number;
}

/** An RTP packet as it was received. */
export interface RtpPacket extends RtpHeader {
  readonly version: 2;
  /** Whether it was padded; the padding is no part of the payload. */
  readonly padding: boolean;
  /** The extension's data without its own header; undefined where there is none. */
  readonly extension: { readonly profile: number; readonly data: Uint8Array } | undefined;
  /** A view of the packet's bytes. */
  readonly payload: Uint8Array;
}

/** The length of a header without sources and extension, in bytes. */
export const RTP_HEADER = 12;

const VERSION = 2;
const PADDING = 0x20;
const EXTENSION = 0x10;
const SOURCES = 0x0f;
const MARKER = 0x80;

/** Writes a header into the first {@link RTP_HEADER} bytes of `packet` (RFC 3550, 5.1). */
export function writeRtpHeader(packet: Uint8Array, header: RtpHeader): void {
  packet[0] = VERSION << 6;
  packet[1] = (header.marker ? MARKER : 0) | header.payloadType;
  packet[2] = header.sequence >>> 8;
  packet[3] = header.sequence;
  writeUint32(packet, 4, header.timestamp);
  writeUint32(packet, 8, header.ssrc);
}

/** Reads a packet, honouring sources, extension and padding (RFC 3550, 5.1 and 5.3.1). Throws {@link ProtocolError}. */
export function readRtp(packet: Uint8Array): RtpPacket {
  if (packet.length < RTP_HEADER) throw new ProtocolError(`RTP packet of ${packet.length} bytes`);
  const flags = packet[0]!;
  if (flags >>> 6 !== VERSION) throw new ProtocolError(`RTP version ${flags >>> 6}`);
  const sources = RTP_HEADER + 4 * (flags & SOURCES);
  const begin = flags & EXTENSION ? extensionEnd(packet, sources) : sources;
  const end = packet.length - (flags & PADDING ? paddingOf(packet) : 0);
  if (begin > end) throw new ProtocolError('RTP header longer than its packet');
  return {
    version: VERSION,
    padding: (flags & PADDING) !== 0,
    extension: flags & EXTENSION ? extensionAt(packet, sources, begin) : undefined,
    marker: (packet[1]! & MARKER) !== 0,
    payloadType: packet[1]! & ~MARKER,
    sequence: uint16(packet, 2),
    timestamp: uint32(packet, 4),
    ssrc: uint32(packet, 8),
    payload: packet.subarray(begin, end),
  };
}

/** How far `a` is ahead of `b` in a sequence of 16 bits that wraps: -32768 to 32767 (RFC 1982). */
export function sequenceDistance(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

function extensionEnd(packet: Uint8Array, at: number): number {
  if (at + 4 > packet.length) throw new ProtocolError('RTP extension without its header');
  return at + 4 + 4 * uint16(packet, at + 2);
}

function extensionAt(packet: Uint8Array, at: number, end: number): RtpPacket['extension'] {
  return { profile: uint16(packet, at), data: packet.subarray(at + 4, end) };
}

/** The last byte counts the padding, itself included. */
function paddingOf(packet: Uint8Array): number {
  const padding = packet.at(-1)!;
  if (padding === 0) throw new ProtocolError('RTP padding of 0 bytes');
  return padding;
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((uint16(bytes, at) << 16) | uint16(bytes, at + 2)) >>> 0;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
