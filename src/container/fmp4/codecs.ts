import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { RefusedError } from '../../base/errors.ts';
import { withCompleteArrays } from '../../codec/h265/config.ts';
import type { AudioTrack, Codec, Track, VideoTrack } from '../../media/track.ts';
import { box, fullBox } from './box.ts';
import { esds } from './esds.ts';

/** How ISO BMFF carries one codec: frames are its samples as they are, and a sample entry describes them. */
interface Fmp4Codec {
  readonly codec: Codec;
  /** The type of the sample entry. */
  readonly entry: string;
  /** The box in the sample entry that sets up the decoder. */
  readonly configuration: (track: Track) => Uint8Array;
}

/** MP3 of MPEG-1 and of MPEG-2; AAC: objectTypeIndication (ISO/IEC 14496-1, table 5). */
const MPEG1_AUDIO = 0x6b;
const MPEG2_AUDIO = 0x69;
const MPEG4_AUDIO = 0x40;
/** 72 dots per inch, 16.16. */
const RESOLUTION = 0x0048_0000;
const COMPRESSOR_NAME = new Uint8Array(32);
const DEPTH = 0x18;
const FLAC_MARKER = 4;

/** Every codec that fMP4 carries here: to add one is to add a row. */
const FMP4_CODECS: readonly Fmp4Codec[] = [
  // ISO/IEC 14496-15, 5.4.2 and 8.4.1: parameter sets stand in the entry and not in the samples.
  { codec: 'h264', entry: 'avc1', configuration: ({ config }) => box('avcC', config) },
  { codec: 'h265', entry: 'hvc1', configuration: ({ config }) => box('hvcC', withCompleteArrays(config)) },
  { codec: 'av1', entry: 'av01', configuration: ({ config }) => box('av1C', config) },
  { codec: 'vp9', entry: 'vp09', configuration: ({ config }) => fullBox('vpcC', 1, 0, config) },
  { codec: 'aac', entry: 'mp4a', configuration: ({ config }) => esds(MPEG4_AUDIO, config) },
  {
    codec: 'mp3',
    entry: 'mp4a',
    configuration: ({ parameter, config }) => esds(parameter === 'mp4a.69' ? MPEG2_AUDIO : MPEG1_AUDIO, config),
  },
  { codec: 'opus', entry: 'Opus', configuration: ({ config }) => box('dOps', opusSpecific(config)) },
  {
    codec: 'flac',
    entry: 'fLaC',
    configuration: ({ config }) => fullBox('dfLa', 0, 0, config.subarray(FLAC_MARKER)),
  },
];

const rows = new Map(FMP4_CODECS.map((row) => [row.codec, row]));

/** The sample description of a track (ISO/IEC 14496-12, 8.5.2); throws `RefusedError` where fMP4 cannot carry it. */
export function sampleDescription(track: Track): Uint8Array {
  const row = rows.get(track.codec);
  if (!row) throw new RefusedError('unsupported', `fMP4 cannot carry ${track.codec}`);
  const head = track.kind === 'video' ? visualEntry(track) : audioEntry(track);
  return fullBox('stsd', 0, 0, Uint8Array.of(0, 0, 0, 1), box(row.entry, head, row.configuration(track)));
}

/** ISO/IEC 14496-12, 12.1.3. */
function visualEntry({ width, height }: VideoTrack): Uint8Array {
  const writer = entryStart().put(new Uint8Array(16)).u16(width).u16(height).u32(RESOLUTION).u32(RESOLUTION).u32(0);
  return writer.u16(1).put(COMPRESSOR_NAME).u16(DEPTH).u16(0xffff).finish();
}

/** ISO/IEC 14496-12, 12.2.3; a rate that has no room in 16 bits is left to the codec's own box. */
function audioEntry({ channels, sampleRate }: AudioTrack): Uint8Array {
  const rate = sampleRate < 0x1_0000 ? sampleRate * 0x1_0000 : 0;
  return entryStart().put(new Uint8Array(8)).u16(channels).u16(16).u32(0).u32(rate).finish();
}

/** Reserved bytes and the index of the one data reference. */
function entryStart(): ByteWriter {
  return new ByteWriter().put(new Uint8Array(6)).u16(1);
}

/** An OpusHead, whose numbers are little-endian, as an OpusSpecificBox has it (Opus in ISOBMFF, 4.3.2). */
function opusSpecific(head: Uint8Array): Uint8Array {
  const reader = new ByteReader(head);
  reader.skip(9); // magic, version
  const writer = new ByteWriter().u8(0).u8(reader.u8());
  const preSkip = swap16(reader.u16());
  const rate = reader.u32();
  const gain = swap16(reader.u16());
  writer.u16(preSkip).u32le(rate).u16(gain);
  return writer.put(reader.rest()).finish();
}

function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}
