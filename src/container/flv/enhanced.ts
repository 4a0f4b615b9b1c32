import { ByteReader } from '../../base/byte-reader.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { Kind } from '../../media/track.ts';
import { fourCcName } from './codec-names.ts';
import { codecOfFourCc, type FlvCodec } from './codecs.ts';
import type { Warn } from './packet.ts';

/** The track of an enhanced tag that is served, and the rest of its body. */
export interface EnhancedBody {
  readonly codec: FlvCodec;
  /** VideoPacketType or AudioPacketType. */
  readonly packetType: number;
  /** TimestampOffsetNano, in microseconds. */
  readonly offset: number;
  readonly reader: ByteReader;
}

/** The packet types that video and audio have in common. */
export const PacketType = { sequenceStart: 0, codedFrames: 1 } as const;

const MULTITRACK: Record<Kind, number> = { video: 6, audio: 5 };
const MOD_EX = 7;
const MAX_MOD_EX = 16;
const TIMESTAMP_OFFSET_NANO = 0;
const NANOSECONDS = 1000;

const ONE_TRACK = 0;
const MANY_TRACKS_MANY_CODECS = 2;
const DEFAULT_TRACK = 0;

/**
 * Reads what ExVideoTagHeader and ExAudioTagHeader share, from behind the first byte, whose low bits are `packetType`
 * (E-RTMP v2, "Enhanced Video", "Enhanced Audio"). Returns nothing when no codec or track in it is served here.
 */
export function readEnhanced(kind: Kind, reader: ByteReader, packetType: number, warn: Warn): EnhancedBody | undefined {
  let offset = 0;
  for (let count = 0; packetType === MOD_EX; count++) {
    if (count === MAX_MOD_EX) throw new ProtocolError(`more than ${MAX_MOD_EX} modifiers before one FLV packet`);
    const modifier = readModifier(reader);
    packetType = modifier.packetType;
    offset += modifier.offset;
  }
  if (packetType === MULTITRACK[kind]) return readMultitrack(kind, reader, offset, warn);
  return enhancedBody(kind, reader.u32(), packetType, offset, reader, warn);
}

/** ModEx: one modifier and the packet type that comes after it. */
function readModifier(reader: ByteReader): { packetType: number; offset: number } {
  let size = reader.u8() + 1;
  if (size === 256) size = reader.u16() + 1;
  const data = new ByteReader(reader.take(size));
  const types = reader.u8();
  const isOffset = types >> 4 === TIMESTAMP_OFFSET_NANO && size >= 3;
  return { packetType: types & 15, offset: isOffset ? Math.round(data.u24() / NANOSECONDS) : 0 };
}

/** AvMultitrackType in its three forms: finds the default track, and names the others. */
function readMultitrack(kind: Kind, reader: ByteReader, offset: number, warn: Warn): EnhancedBody | undefined {
  const types = reader.u8();
  const [form, packetType] = [types >> 4, types & 15];
  if (form > MANY_TRACKS_MANY_CODECS) {
    warn(`${kind} in multitrack form ${form} ignored: it is unknown`);
    return undefined;
  }
  const sharedFourCc = form === MANY_TRACKS_MANY_CODECS ? undefined : reader.u32();
  let found: EnhancedBody | undefined;
  while (reader.remaining > 0) {
    const fourCc = sharedFourCc ?? reader.u32();
    const id = reader.u8();
    const body = form === ONE_TRACK ? reader.rest() : reader.take(reader.u24());
    if (id === DEFAULT_TRACK) found ??= enhancedBody(kind, fourCc, packetType, offset, new ByteReader(body), warn);
    else warn(`${kind} track ${id} (${fourCcName(fourCc)}) of multitrack ignored: only track 0 is served`);
  }
  return found;
}

function enhancedBody(
  kind: Kind,
  fourCc: number,
  packetType: number,
  offset: number,
  reader: ByteReader,
  warn: Warn,
): EnhancedBody | undefined {
  const codec = codecOfFourCc(kind, fourCc);
  if (codec !== undefined) return { codec, packetType, offset, reader };
  warn(`${kind} codec ${fourCcName(fourCc)} ignored: it is not supported`);
  return undefined;
}
