import { ByteReader } from '../../base/byte-reader.ts';
import { legacyName } from './codec-names.ts';
import { codecOfLegacyId, type FlvCodec } from './codecs.ts';
import { PacketType, readEnhanced } from './enhanced.ts';
import type { FlvPacket, Warn } from './packet.ts';

const EX_HEADER = 9;

/**
 * Reads the body of an FLV audio tag or RTMP audio message (FLV 10.1, E.4.2; E-RTMP v2, "Enhanced Audio").
 * Returns nothing where it holds nothing for a listener; throws when it is cut short.
 */
export function readAudio(body: Uint8Array, warn: Warn): FlvPacket | undefined {
  if (body.length === 0) return undefined;
  const reader = new ByteReader(body);
  const first = reader.u8();
  const format = first >> 4;
  return format === EX_HEADER ? readEnhancedAudio(reader, first & 15, warn) : readLegacyAudio(reader, format, warn);
}

function readLegacyAudio(reader: ByteReader, format: number, warn: Warn): FlvPacket | undefined {
  const codec = codecOfLegacyId('audio', format);
  if (codec === undefined) {
    warn(`audio codec ${legacyName('audio', format)} ignored: it is not supported`);
    return undefined;
  }
  const packetType = codec.hasSequenceHeader ? reader.u8() : PacketType.codedFrames;
  return packet(codec, packetType, 0, reader);
}

function readEnhancedAudio(reader: ByteReader, type: number, warn: Warn): FlvPacket | undefined {
  const body = readEnhanced('audio', reader, type, warn);
  return body && packet(body.codec, body.packetType, body.offset, body.reader);
}

/** The end of a sequence and the channel configuration are of no use to the viewers' decoders. */
function packet(codec: FlvCodec, packetType: number, offset: number, reader: ByteReader): FlvPacket | undefined {
  if (packetType === PacketType.sequenceStart) return { type: 'sequence-header', codec, data: reader.rest() };
  if (packetType !== PacketType.codedFrames) return undefined;
  return { type: 'frame', codec, keyframe: true, compositionTime: 0, offset, data: reader.rest() };
}
