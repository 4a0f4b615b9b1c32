import type { ByteReader } from '../../base/byte-reader.ts';
import type { ByteWriter } from '../../base/byte-writer.ts';
import { ProtocolError } from '../../base/errors.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import type { AudioCodec, Codec, Track, VideoCodec } from '../../media/track.ts';

const VIDEO: Readonly<Record<VideoCodec, number>> = { h264: 1, h265: 2, av1: 3, vp9: 4, vp8: 5 };
const AUDIO: Readonly<Record<AudioCodec, number>> = { aac: 17, mp3: 18, opus: 19, flac: 20, ac3: 21, eac3: 22 };
const IDS: Readonly<Record<Codec, number>> = { ...VIDEO, ...AUDIO };
const VIDEO_CODECS = new Map(Object.entries(VIDEO).map(([codec, id]) => [id, codec as VideoCodec]));
const AUDIO_CODECS = new Map(Object.entries(AUDIO).map(([codec, id]) => [id, codec as AudioCodec]));

/** Longer names of profiles and levels are cut. */
const LONGEST_NAME = 255;
const PRINTABLE = /^[\x20-\x7e]*$/;

/** Writes a track as docs/internals/relay.md describes it. */
export function writeTrack(writer: ByteWriter, track: Track): void {
  writer.u8(IDS[track.codec]);
  if (track.kind === 'video') writer.u16(track.width).u16(track.height);
  else writer.u32(track.sampleRate).u8(track.channels);
  writeName(writer, track.parameter);
  writeName(writer, track.profile);
  if (track.kind === 'video') writeName(writer, track.level);
  writer.u24(track.config.length).put(track.config);
}

/** Reads a track, in memory of its own. Throws {@link ProtocolError}. */
export function readTrack(reader: ByteReader): Track {
  const id = reader.u8();
  const video = VIDEO_CODECS.get(id);
  if (video) return readVideo(reader, video);
  const audio = AUDIO_CODECS.get(id);
  if (audio) return readAudio(reader, audio);
  throw new ProtocolError(`a track of codec ${id}`);
}

function readVideo(reader: ByteReader, codec: VideoCodec): Track {
  const [width, height] = [reader.u16(), reader.u16()];
  const [parameter, profile, level] = [readName(reader), readName(reader), readName(reader)];
  return { kind: 'video', codec, width, height, parameter, profile, level, config: readConfig(reader) };
}

function readAudio(reader: ByteReader, codec: AudioCodec): Track {
  const [sampleRate, channels] = [reader.u32(), reader.u8()];
  const [parameter, profile] = [readName(reader), readName(reader)];
  return { kind: 'audio', codec, sampleRate, channels, parameter, profile, config: readConfig(reader) };
}

function writeName(writer: ByteWriter, name: string): void {
  const bytes = encodeUtf8(name).subarray(0, LONGEST_NAME);
  writer.u8(bytes.length).put(bytes);
}

/** Names end up in pages and logs. */
function readName(reader: ByteReader): string {
  const name = reader.text(reader.u8());
  if (!PRINTABLE.test(name)) throw new ProtocolError('a name of a track that cannot be printed');
  return name;
}

function readConfig(reader: ByteReader): Uint8Array {
  // Not `slice`: that of a Buffer copies nothing.
  return new Uint8Array(reader.take(reader.u24()));
}
