import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { concat } from '../../base/bytes.ts';
import { RefusedError } from '../../base/errors.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { aacTrack } from '../../codec/aac/config.ts';
import { av1Track } from '../../codec/av1/config.ts';
import { flacTrack } from '../../codec/flac/config.ts';
import { h264Track } from '../../codec/h264/config.ts';
import { h265Track, withCompleteArrays } from '../../codec/h265/config.ts';
import { opusTrack } from '../../codec/opus/config.ts';
import { vp9Track } from '../../codec/vp9/config.ts';
import type { AudioTrack, Codec, Kind, Track, VideoTrack } from '../../media/track.ts';
import { BOX_HEADER, box, fullBox } from './box.ts';
import { boxesIn } from './boxes.ts';
import { esds, readEsds } from './esds.ts';

/** How ISO BMFF carries one codec: frames are its samples as they are, and a sample entry describes them. */
interface Fmp4Codec {
  readonly codec: Codec;
  /** The type of the sample entry. */
  readonly entry: string;
  /** The box in the sample entry that sets up the decoder. */
  readonly configuration: (track: Track) => Uint8Array;
  /** The type of that box, and the track that its contents describe. Throws `ProtocolError` where they are malformed. */
  readonly box: string;
  readonly track: (contents: Uint8Array, entry: Described) => Track | undefined;
}

/** What a sample entry says besides. */
interface Described {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly sampleRate: number;
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
const FLAC_MAGIC = encodeUtf8('fLaC');
const OPUS_MAGIC = encodeUtf8('OpusHead');
/** What stands before a sample entry's own boxes, behind its header (ISO/IEC 14496-12, 12.1.3 and 12.2.3). */
const ENTRY_SIZE: Record<Kind, number> = { video: 78, audio: 28 };
const VIDEO_ENTRIES: ReadonlySet<string> = new Set(['avc1', 'hvc1', 'av01', 'vp09']);
/** Version and flags. */
const FULL = 4;

/** Every codec that fMP4 carries here: to add one is to add a row. */
const FMP4_CODECS: readonly Fmp4Codec[] = [
  // ISO/IEC 14496-15, 5.4.2 and 8.4.1: parameter sets stand in the entry and not in the samples.
  {
    codec: 'h264',
    entry: 'avc1',
    box: 'avcC',
    configuration: ({ config }) => box('avcC', config),
    track: h264Track,
  },
  {
    codec: 'h265',
    entry: 'hvc1',
    box: 'hvcC',
    configuration: ({ config }) => box('hvcC', withCompleteArrays(config)),
    track: h265Track,
  },
  { codec: 'av1', entry: 'av01', box: 'av1C', configuration: ({ config }) => box('av1C', config), track: av1Track },
  {
    codec: 'vp9',
    entry: 'vp09',
    box: 'vpcC',
    configuration: ({ config }) => fullBox('vpcC', 1, 0, config),
    track: (vpcC, { width, height }) => ({ ...vp9Track(vpcC.subarray(FULL)), width, height }),
  },
  {
    codec: 'aac',
    entry: 'mp4a',
    box: 'esds',
    configuration: ({ config }) => esds(MPEG4_AUDIO, config),
    track: (contents) => {
      const { objectType, config } = readEsds(contents);
      return objectType === MPEG4_AUDIO ? aacTrack(config) : undefined;
    },
  },
  {
    codec: 'mp3',
    entry: 'mp4a',
    box: 'esds',
    configuration: ({ parameter, config }) => esds(parameter === 'mp4a.69' ? MPEG2_AUDIO : MPEG1_AUDIO, config),
    track: (contents, { channels, sampleRate }) => {
      const { objectType, config } = readEsds(contents);
      if (objectType !== MPEG1_AUDIO && objectType !== MPEG2_AUDIO) return undefined;
      const parameter = objectType === MPEG2_AUDIO ? 'mp4a.69' : 'mp4a.6B';
      return { kind: 'audio', codec: 'mp3', config, sampleRate, channels, parameter, profile: '' };
    },
  },
  {
    codec: 'opus',
    entry: 'Opus',
    box: 'dOps',
    configuration: ({ config }) => box('dOps', opusSpecific(config)),
    track: (dOps) => opusTrack(opusHead(dOps)),
  },
  {
    codec: 'flac',
    entry: 'fLaC',
    box: 'dfLa',
    configuration: ({ config }) => fullBox('dfLa', 0, 0, config.subarray(FLAC_MARKER)),
    track: (dfLa) => flacTrack(concat([FLAC_MAGIC, dfLa.subarray(FULL)])),
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

/** The track that a sample description describes, from behind its header; undefined where {@link sampleDescription} does not make such. Throws {@link ProtocolError} where it is damaged. */
export function readSampleDescription(bytes: Uint8Array, from: number, to: number): Track | undefined {
  const [entry] = boxesIn(bytes, from + FULL + 4, to);
  if (!entry) return undefined;
  const kind = VIDEO_ENTRIES.has(entry.type) ? 'video' : 'audio';
  const described = readEntry(bytes, entry.at + BOX_HEADER, kind);
  for (const { type, at, end } of boxesIn(bytes, entry.at + BOX_HEADER + ENTRY_SIZE[kind], entry.end)) {
    for (const row of FMP4_CODECS.filter((each) => each.entry === entry.type && each.box === type)) {
      const track = row.track(bytes.subarray(at + BOX_HEADER, end), described);
      if (track) return track;
    }
  }
  return undefined;
}

function readEntry(bytes: Uint8Array, at: number, kind: Kind): Described {
  const reader = new ByteReader(bytes);
  reader.offset = at;
  reader.skip(kind === 'video' ? 24 : 16);
  const [first, second] = [reader.u16(), reader.u16()];
  if (kind === 'video') return { width: first, height: second, channels: 0, sampleRate: 0 };
  reader.skip(4);
  return { width: 0, height: 0, channels: first, sampleRate: reader.u16() };
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

/** The same the other way round. */
function opusHead(dOps: Uint8Array): Uint8Array {
  const reader = new ByteReader(dOps);
  reader.skip(1); // version
  const channels = reader.u8();
  const preSkip = swap16(reader.u16());
  const rate = reader.u32();
  const gain = swap16(reader.u16());
  const writer = new ByteWriter().put(OPUS_MAGIC).u8(1).u8(channels).u16(preSkip).u32le(rate).u16(gain);
  return writer.put(reader.rest()).finish();
}

function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}
