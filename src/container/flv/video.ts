import { ByteReader } from '../../base/byte-reader.ts';
import { legacyName } from './codec-names.ts';
import { codecOfLegacyId, type FlvCodec } from './codecs.ts';
import { PacketType, readEnhanced } from './enhanced.ts';
import type { FlvPacket, Warn } from './packet.ts';

const KEY_FRAME = 1;
const COMMAND = 5;
const CODED_FRAMES_X = 3;
const MPEG2TS_SEQUENCE_START = 5;

/**
 * Reads the body of an FLV video tag or RTMP video message (FLV 10.1, E.4.3; E-RTMP v2, "Enhanced Video").
 * Returns nothing where it holds nothing for a viewer; throws when it is cut short.
 */
export function readVideo(body: Uint8Array, warn: Warn): FlvPacket | undefined {
  if (body.length === 0) return undefined;
  const reader = new ByteReader(body);
  const first = reader.u8();
  const frameType = (first >> 4) & 7;
  if (frameType === COMMAND) return undefined;
  const keyframe = frameType === KEY_FRAME;
  return first & 0x80
    ? readEnhancedVideo(reader, first & 15, keyframe, warn)
    : readLegacyVideo(reader, first & 15, keyframe, warn);
}

function readLegacyVideo(reader: ByteReader, id: number, keyframe: boolean, warn: Warn): FlvPacket | undefined {
  const codec = codecOfLegacyId('video', id);
  if (codec === undefined) {
    warn(`video codec ${legacyName('video', id)} ignored: it is not supported`);
    return undefined;
  }
  const packetType = reader.u8();
  if (packetType !== PacketType.sequenceStart && packetType !== PacketType.codedFrames) return undefined;
  const compositionTime = reader.i24();
  if (packetType === PacketType.codedFrames) return frame(codec, keyframe, compositionTime, 0, reader);
  return { type: 'sequence-header', codec, data: reader.rest() };
}

function readEnhancedVideo(reader: ByteReader, type: number, keyframe: boolean, warn: Warn): FlvPacket | undefined {
  const body = readEnhanced('video', reader, type, warn);
  if (body === undefined) return undefined;
  const { codec, offset } = body;
  switch (body.packetType) {
    case PacketType.sequenceStart:
      return { type: 'sequence-header', codec, data: body.reader.rest() };
    case PacketType.codedFrames:
      return frame(codec, keyframe, codec.hasCompositionTime ? body.reader.i24() : 0, offset, body.reader);
    case CODED_FRAMES_X:
      return frame(codec, keyframe, 0, offset, body.reader);
    case MPEG2TS_SEQUENCE_START:
      warn(`${codec.codec} as in MPEG-2 TS ignored: it is not supported`);
      return undefined;
    default:
      return undefined; // the end of a sequence, metadata, types yet to be defined
  }
}

function frame(
  codec: FlvCodec,
  keyframe: boolean,
  compositionTime: number,
  offset: number,
  reader: ByteReader,
): FlvPacket {
  return { type: 'frame', codec, keyframe, compositionTime, offset, data: reader.rest() };
}
