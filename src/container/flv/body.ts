import { concat } from '../../base/bytes.ts';
import type { Frame } from '../../media/frame.ts';
import type { AudioTrack, Track, VideoTrack } from '../../media/track.ts';
import { type AmfValue, amf0, ecmaArray } from './amf0.ts';
import { type FlvCodec, flvCodec } from './codecs.ts';
import { PacketType } from './enhanced.ts';
import { toMilliseconds } from './tag.ts';

/** How H.265 is written: as E-RTMP has it (FourCC `hvc1`), or as codec id 12, the older way of CDNs in China. */
export type Dialect = 'enhanced' | 'legacy-hevc';

const KEY_FRAME = 1;
const INTER_FRAME = 2;
const EX_VIDEO = 0x80;
const EX_AUDIO = 0x90;
/** FLV 10.1, E.4.2.1: AAC is always said to be stereo, 44 kHz, 16 bits; its configuration has the truth. */
const AAC_FLAGS = 0x0f;

/** The bytes that come before a frame's data in a tag or message body (FLV 10.1, E.4.2.1 and E.4.3.1; E-RTMP v2). */
export function frameHead(frame: Frame, dialect: Dialect): Uint8Array {
  const { track } = frame;
  if (track.kind === 'audio') return audioHead(track, PacketType.codedFrames);
  const composition = toMilliseconds(frame.pts) - toMilliseconds(frame.dts);
  return videoHead(track, frame.keyframe ? KEY_FRAME : INTER_FRAME, PacketType.codedFrames, composition, dialect);
}

/** The body that sets up a track's decoder, its sequence header; nothing for codecs that have none. */
export function configBody(track: Track, dialect: Dialect): Uint8Array | undefined {
  if (!flvCodec(track.codec).hasSequenceHeader) return undefined;
  const head =
    track.kind === 'audio'
      ? audioHead(track, PacketType.sequenceStart)
      : videoHead(track, KEY_FRAME, PacketType.sequenceStart, 0, dialect);
  return concat([head, track.config]);
}

/** The body of an `onMetaData` that announces the tracks, and `extra` (E-RTMP v2, "Enhancing onMetaData"). */
export function metadataBody(
  tracks: readonly Track[],
  extra: Readonly<Record<string, AmfValue>> = {},
  dialect: Dialect = 'enhanced',
): Uint8Array {
  const properties: Record<string, AmfValue> = {};
  for (const track of tracks) Object.assign(properties, trackProperties(track, dialect));
  return amf0('onMetaData', ecmaArray({ ...properties, encoder: 'Headwater', server: 'Headwater', ...extra }));
}

function trackProperties(track: Track, dialect: Dialect): Record<string, AmfValue> {
  const row = flvCodec(track.codec);
  const id = legacyId(row, dialect) ?? row.fourCc;
  if (track.kind === 'audio') {
    return { audiocodecid: id, audiosamplerate: track.sampleRate, audiosamplesize: 16, stereo: track.channels > 1 };
  }
  return track.width > 0 ? { videocodecid: id, width: track.width, height: track.height } : { videocodecid: id };
}

/** The number that is written in a legacy header, for codecs that are known by one to every player. */
function legacyId(row: FlvCodec, dialect: Dialect): number | undefined {
  return row.codec === 'h265' && dialect === 'enhanced' ? undefined : row.legacyIds[0];
}

function videoHead(
  track: VideoTrack,
  frameType: number,
  packetType: number,
  composition: number,
  dialect: Dialect,
): Uint8Array {
  const row = flvCodec(track.codec);
  const id = legacyId(row, dialect);
  if (id !== undefined) {
    const head = new Uint8Array(5);
    head[0] = (frameType << 4) | id;
    head[1] = packetType;
    writeU24(head, 2, composition);
    return head;
  }
  const hasTime = row.hasCompositionTime && packetType === PacketType.codedFrames;
  const head = enhancedHead(EX_VIDEO | (frameType << 4) | packetType, row, hasTime ? 8 : 5);
  if (hasTime) writeU24(head, 5, composition);
  return head;
}

function audioHead(track: AudioTrack, packetType: number): Uint8Array {
  const row = flvCodec(track.codec);
  const format = row.legacyIds[0];
  if (format === undefined) return enhancedHead(EX_AUDIO | packetType, row);
  if (row.hasSequenceHeader) return Uint8Array.of((format << 4) | AAC_FLAGS, packetType);
  return Uint8Array.of((format << 4) | mp3Flags(track));
}

function enhancedHead(first: number, { fourCc }: FlvCodec, size = 5): Uint8Array {
  const head = new Uint8Array(size);
  head[0] = first;
  head[1] = fourCc >>> 24;
  writeU24(head, 2, fourCc);
  return head;
}

function writeU24(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 16;
  bytes[at + 1] = value >> 8;
  bytes[at + 2] = value;
}

/** SoundRate, SoundSize and SoundType: the nearest that can be said. */
function mp3Flags({ sampleRate, channels }: AudioTrack): number {
  const rate = sampleRate >= 44_100 ? 3 : sampleRate >= 22_050 ? 2 : 1;
  return (rate << 2) | 2 | (channels > 1 ? 1 : 0);
}
