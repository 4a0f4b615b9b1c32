import { aacTrack } from '../../codec/aac/config.ts';
import { ac3Track, eac3Track } from '../../codec/ac3/frame.ts';
import { av1Track } from '../../codec/av1/config.ts';
import { withoutTemporalDelimiter } from '../../codec/av1/obu.ts';
import { flacTrack } from '../../codec/flac/config.ts';
import { h264LengthSize, h264Track, isH264KeyFrame } from '../../codec/h264/config.ts';
import { lengthPrefixed } from '../../codec/h264/nal.ts';
import { h265LengthSize, h265Track, isH265KeyFrame } from '../../codec/h265/config.ts';
import { mp3Track } from '../../codec/mp3/frame.ts';
import { opusTrack } from '../../codec/opus/config.ts';
import { vp8Track } from '../../codec/vp8/frame.ts';
import { vp9Track } from '../../codec/vp9/config.ts';
import type { Codec, Kind, Track } from '../../media/track.ts';

/** How FLV and RTMP carry one codec. */
export interface FlvCodec {
  readonly kind: Kind;
  readonly codec: Codec;
  /** As it stands on the wire, four bytes, big-endian: E-RTMP v2, "Enhanced Video" and "Enhanced Audio". */
  readonly fourCc: number;
  /** CodecID or SoundFormat of the legacy header; the first one is written. */
  readonly legacyIds: readonly number[];
  /** Whether a sequence header describes the track; otherwise its first frame does. */
  readonly hasSequenceHeader: boolean;
  /** Whether frames carry a composition time: how much later they are shown than decoded. */
  readonly hasCompositionTime: boolean;
  /** The track that a sequence header or frame describes; nothing where the frame cannot. Throws when malformed. */
  readonly track: (bytes: Uint8Array) => Track | undefined;
  /** A frame's data as docs/internals/frames.md has it, a view where possible. Absent where nothing is to be done. */
  readonly layOut?: (data: Uint8Array, config: Uint8Array) => Uint8Array;
  /** Whether a frame that is not marked as key frame is one nevertheless. */
  readonly isKeyFrame?: (data: Uint8Array, config: Uint8Array) => boolean;
}

const configured = { hasSequenceHeader: true, hasCompositionTime: false, legacyIds: [] } as const;
const selfDescribing = { hasSequenceHeader: false, hasCompositionTime: false, legacyIds: [] } as const;

/** Every codec that FLV carries here: to add one is to add a row. */
export const FLV_CODECS: readonly FlvCodec[] = [
  {
    ...configured,
    kind: 'video',
    codec: 'h264',
    fourCc: fourCc('avc1'),
    legacyIds: [7],
    hasCompositionTime: true,
    track: h264Track,
    layOut: (data, config) => accessUnit(data, h264LengthSize(config)),
    isKeyFrame: (data, config) => isH264KeyFrame(data, h264LengthSize(config)),
  },
  {
    ...configured,
    kind: 'video',
    codec: 'h265',
    fourCc: fourCc('hvc1'),
    legacyIds: [12], // no standard: the dialect of CDNs in China
    hasCompositionTime: true,
    track: h265Track,
    layOut: (data, config) => accessUnit(data, h265LengthSize(config)),
    isKeyFrame: (data, config) => isH265KeyFrame(data, h265LengthSize(config)),
  },
  {
    ...configured,
    kind: 'video',
    codec: 'av1',
    fourCc: fourCc('av01'),
    track: av1Track,
    layOut: withoutTemporalDelimiter,
  },
  { ...configured, kind: 'video', codec: 'vp9', fourCc: fourCc('vp09'), track: (vpcC) => vp9Track(vpcRecord(vpcC)) },
  { ...selfDescribing, kind: 'video', codec: 'vp8', fourCc: fourCc('vp08'), track: vp8Track },
  { ...configured, kind: 'audio', codec: 'aac', fourCc: fourCc('mp4a'), legacyIds: [10], track: aacTrack },
  { ...selfDescribing, kind: 'audio', codec: 'mp3', fourCc: fourCc('.mp3'), legacyIds: [2, 14], track: mp3Track },
  { ...configured, kind: 'audio', codec: 'opus', fourCc: fourCc('Opus'), track: opusTrack },
  { ...configured, kind: 'audio', codec: 'flac', fourCc: fourCc('fLaC'), track: flacTrack },
  { ...selfDescribing, kind: 'audio', codec: 'ac3', fourCc: fourCc('ac-3'), track: ac3Track },
  { ...selfDescribing, kind: 'audio', codec: 'eac3', fourCc: fourCc('ec-3'), track: eac3Track },
];

const byCodec = new Map(FLV_CODECS.map((row) => [row.codec, row]));
const byFourCc = byKind((row) => [row.fourCc]);
const byLegacyId = byKind((row) => row.legacyIds);

/** The row of a codec. */
export function flvCodec(codec: Codec): FlvCodec {
  return byCodec.get(codec)!;
}

/** The row of a FourCC from the wire. */
export function codecOfFourCc(kind: Kind, fourCc: number): FlvCodec | undefined {
  return byFourCc[kind].get(fourCc);
}

/** The row of a CodecID (video) or SoundFormat (audio): FLV 10.1, E.4.3.1 and E.4.2.1. */
export function codecOfLegacyId(kind: Kind, id: number): FlvCodec | undefined {
  return byLegacyId[kind].get(id);
}

function fourCc(characters: string): number {
  return Array.from(characters).reduce((value, character) => value * 256 + character.charCodeAt(0), 0);
}

type Rows = ReadonlyMap<number, FlvCodec>;

function byKind(keys: (row: FlvCodec) => readonly number[]): Record<Kind, Rows> {
  const rows = (kind: Kind): Rows =>
    new Map(FLV_CODECS.filter((row) => row.kind === kind).flatMap((row) => keys(row).map((key) => [key, row])));
  return { video: rows('video'), audio: rows('audio') };
}

/** NAL units after their lengths; nothing where there is no room for one. */
function accessUnit(data: Uint8Array, lengthSize: number): Uint8Array {
  return data.length > lengthSize ? lengthPrefixed(data, lengthSize) : new Uint8Array(0);
}

/**
 * FFmpeg's muxer sends MP4's whole box, whose version and flags stand before the record. No record begins like them: it
 * would have a bit depth of nothing.
 */
function vpcRecord(vpcC: Uint8Array): Uint8Array {
  const [version, ...flags] = vpcC.subarray(0, 4);
  return version === 1 && flags.every((flag) => flag === 0) ? vpcC.subarray(4) : vpcC;
}
