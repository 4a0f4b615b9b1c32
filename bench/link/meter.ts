/** How media can be told from everything else on the wire. */
export type MediaKind = 'rtp' | 'srt' | 'tcp';

/** What an IPv4 packet carries: media that passes for the first time or once more, or something else. */
export type Content = 'media' | 'repair' | 'other';

/** Tells what packets carry. */
export type Meter = (packet: Uint8Array) => Content;

const TCP = 6;
const UDP = 17;
const UDP_HEADER = 8;
const RTP_VERSION = 2;
const RTP_FIXED_HEADER = 12;
/** The payload types of our link and of the original nodes'. */
const PAYLOAD_TYPES = new Set([96, 100]);

/** For packets in one direction, as they enter the path. What is sent again, and what is no media, is overhead. */
export function meterOf(kind: MediaKind): Meter {
  if (kind === 'tcp') return tcpMeter();
  return kind === 'rtp' ? rtpMeter() : srtMeter;
}

/** RFC 3550, 5.1: repairs are the same packets again. A sequence goes on for hours; what comes again, comes within 2^15 packets. */
function rtpMeter(): Meter {
  const streams = new Map<number, { newest: number; seen: Set<number> }>();
  return (packet) => {
    const payload = payloadOf(packet, UDP);
    if (!payload || payload.byteLength < RTP_FIXED_HEADER || payload.getUint8(0) >> 6 !== RTP_VERSION) return 'other';
    if (!PAYLOAD_TYPES.has(payload.getUint8(1) & 0x7f)) return 'other';
    const [ssrc, low] = [payload.getUint32(8), payload.getUint16(2)];
    const stream = streams.get(ssrc) ?? { newest: low, seen: new Set() };
    streams.set(ssrc, stream);
    const sequence = stream.newest + (((low - stream.newest) << 16) >> 16);
    stream.newest = Math.max(stream.newest, sequence);
    if (stream.seen.has(sequence)) return 'repair';
    stream.seen.add(sequence);
    return 'media';
  };
}

/** SRT's draft (sharabayko), 3: data packets begin with a 0 bit; R says that one is sent again. */
function srtMeter(packet: Uint8Array): Content {
  const payload = payloadOf(packet, UDP);
  if (!payload || payload.byteLength < 16 || payload.getUint8(0) & 0x80) return 'other';
  return payload.getUint8(4) & 0x04 ? 'repair' : 'media';
}

/** RFC 9293, 3.1: a segment is new when it ends behind all before it. */
function tcpMeter(): Meter {
  const ends = new Map<number, number>();
  return (packet) => {
    const segment = payloadOf(packet, TCP);
    if (!segment) return 'other';
    const length = segment.byteLength - (segment.getUint8(12) >> 4) * 4;
    const [flow, end] = [segment.getUint32(0), segment.getUint32(4) + length];
    const newest = ends.get(flow);
    if (length <= 0) return 'other';
    if (newest !== undefined && ((end - newest) | 0) <= 0) return 'repair';
    ends.set(flow, end);
    return 'media';
  };
}

/** What is behind the IPv4 header, and behind UDP's; `undefined` of another protocol. */
function payloadOf(packet: Uint8Array, protocol: number): DataView | undefined {
  const header = (packet[0]! & 15) * 4 + (protocol === UDP ? UDP_HEADER : 0);
  if (packet[9] !== protocol || packet.length < header) return undefined;
  return new DataView(packet.buffer, packet.byteOffset + header, packet.length - header);
}
