import { RefusedError } from '../../base/errors.ts';
import { adtsHeaders, MAX_ADTS_PAYLOAD } from '../../codec/aac/adts.ts';
import { h264LengthSize, readAvcC } from '../../codec/h264/config.ts';
import { soundNalUnits } from '../../codec/h264/nal.ts';
import { h265LengthSize, readHvcC } from '../../codec/h265/config.ts';
import type { Sample } from '../../media/frame.ts';
import type { AudioTrack, Codec, Track } from '../../media/track.ts';
import { descriptor, registration } from './tables.ts';

/** A frame's bytes in an elementary stream, in pieces that may be views of it; none where it cannot be carried. */
export type Pieces = readonly Uint8Array[];

/** How MPEG-TS carries one codec. */
export interface TsCodec {
  readonly codec: Codec;
  /** ISO/IEC 13818-1, table 2-34. */
  readonly streamType: (track: Track) => number;
  /** ISO/IEC 13818-1, table 2-22. */
  readonly streamId: number;
  /** What tells more than the stream type, for the program map table. */
  readonly descriptors: (track: Track) => Uint8Array;
  /** What makes elementary stream of a track's frames. Throws `RefusedError` where the track cannot be carried. */
  readonly unit: (track: Track) => (frame: Sample) => Pieces;
}

const NOTHING = new Uint8Array(0);
const START_CODE = Uint8Array.of(0, 0, 0, 1);
/** Access unit delimiters that allow every kind of slice (H.264, 7.3.2.4; H.265, 7.3.2.5). */
const H264_DELIMITER = Uint8Array.of(0x09, 0xf0);
const H265_DELIMITER = Uint8Array.of(0x46, 0x01, 0x50);

const VIDEO_ID = 0xe0;
const AUDIO_ID = 0xc0;
const PRIVATE_ID = 0xbd;
const MPEG1_AUDIO = 3;
const MPEG2_AUDIO = 4;
const PRIVATE = 6;
/** An extension descriptor with the number of channels (ETSI's draft for Opus in TS, 4.2). */
const EXTENSION = 0x7f;
const OPUS_EXTENSION = 0x80;

const plain = (streamType: number) => ({ streamType: () => streamType, descriptors: () => NOTHING });
const registered = (streamType: number, format: string) => ({
  streamType: () => streamType,
  descriptors: () => registration(format),
});
const whole = () => (frame: Sample) => [frame.data];

/** Every codec that MPEG-TS carries here: to add one is to add a row. */
const TS_CODECS: readonly TsCodec[] = [
  { ...plain(0x1b), codec: 'h264', streamId: VIDEO_ID, unit: h264Unit },
  { ...registered(0x24, 'HEVC'), codec: 'h265', streamId: VIDEO_ID, unit: h265Unit },
  { ...plain(0x0f), codec: 'aac', streamId: AUDIO_ID, unit: aacUnit },
  { ...plain(MPEG1_AUDIO), codec: 'mp3', streamId: AUDIO_ID, streamType: mp3StreamType, unit: whole },
  { ...registered(0x81, 'AC-3'), codec: 'ac3', streamId: PRIVATE_ID, unit: whole },
  { ...registered(0x87, 'EAC3'), codec: 'eac3', streamId: PRIVATE_ID, unit: whole },
  { ...plain(PRIVATE), codec: 'opus', streamId: PRIVATE_ID, descriptors: opusDescriptors, unit: () => opusUnit },
];

const rows = new Map(TS_CODECS.map((row) => [row.codec, row]));

/** The row of a codec; throws `RefusedError` where MPEG-TS has none. */
export function tsCodec(codec: Codec): TsCodec {
  const row = rows.get(codec);
  if (!row) throw new RefusedError('unsupported', `MPEG-TS cannot carry ${codec}`);
  return row;
}

function h264Unit({ config }: Track): (frame: Sample) => Pieces {
  const { sps, pps } = readAvcC(config);
  const lengthSize = h264LengthSize(config);
  return annexB(lengthSize, [...sps, ...pps], H264_DELIMITER, (unit) => unit[0]! & 31, { delimiter: 9, sps: 7 });
}

function h265Unit({ config }: Track): (frame: Sample) => Pieces {
  const { vps, sps, pps } = readHvcC(config);
  const lengthSize = h265LengthSize(config);
  const typeOf = (unit: Uint8Array) => (unit[0]! >> 1) & 63;
  return annexB(lengthSize, [...vps, ...sps, ...pps], H265_DELIMITER, typeOf, { delimiter: 35, sps: 33 });
}

/**
 * A delimiter, at key frames the parameter sets unless the encoder repeats them itself, and the units, each after a start
 * code (H.264 and H.265, annex B). A frame whose lengths are damaged is carried as far as it is sound.
 */
function annexB(
  lengthSize: number,
  sets: Pieces,
  delimiter: Uint8Array,
  typeOf: (unit: Uint8Array) => number,
  types: { readonly delimiter: number; readonly sps: number },
): (frame: Sample) => Pieces {
  return ({ data, keyframe }) => {
    const units = soundNalUnits(data, lengthSize).filter((unit) => typeOf(unit) !== types.delimiter);
    if (units.length === 0) return [];
    const before = keyframe && !units.some((unit) => typeOf(unit) === types.sps) ? sets : [];
    return [delimiter, ...before, ...units].flatMap((unit) => [START_CODE, unit]);
  };
}

function aacUnit({ config }: Track): (frame: Sample) => Pieces {
  const header = adtsHeaders(config);
  return ({ data }) => (data.length > MAX_ADTS_PAYLOAD ? [] : [header(data.length), data]);
}

function mp3StreamType({ parameter }: Track): number {
  return parameter === 'mp4a.69' ? MPEG2_AUDIO : MPEG1_AUDIO;
}

function opusDescriptors(track: Track): Uint8Array {
  const { channels } = track as AudioTrack;
  const channelsCode = descriptor(EXTENSION, Uint8Array.of(OPUS_EXTENSION, channels));
  return Uint8Array.of(...registration('Opus'), ...channelsCode);
}

/** A control header without trimming, and the packet (ETSI's draft for Opus in TS, 4.3). */
function opusUnit({ data }: Sample): Pieces {
  const size = new Uint8Array(Math.floor(data.length / 255) + 1).fill(255);
  size[size.length - 1] = data.length % 255;
  return [Uint8Array.of(0x7f, 0xe0), size, data];
}
