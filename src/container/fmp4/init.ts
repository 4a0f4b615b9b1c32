import { ByteWriter } from '../../base/byte-writer.ts';
import { SECOND } from '../../base/clock.ts';
import type { Kind, Track } from '../../media/track.ts';
import { box, fullBox, u16s, u32s } from './box.ts';
import { sampleDescription } from './codecs.ts';

/** The time scale of every track: whole microseconds, as the stream has them, so that no time is ever rounded. */
const TIME_SCALE = SECOND;
/** Under which number each kind's track is found: the same in every init segment. */
export const TRACK_IDS: Readonly<Record<Kind, number>> = { video: 1, audio: 2 };

const UNITY_MATRIX = u32s(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
const UNDETERMINED = 0x55c4; // `und` in three times five bits
const ENABLED_IN_MOVIE = 3;
const SELF_CONTAINED = 1;
const HANDLERS: Record<Kind, string> = { video: 'vide', audio: 'soun' };

/**
 * The init segment of a stream with these tracks (at most one of each kind): `ftyp` and `moov` (ISO/IEC 14496-12, 8.2 and
 * 8.8). It depends on the tracks alone. Throws `RefusedError` where fMP4 cannot carry one.
 */
export function initSegment(tracks: readonly Track[]): Uint8Array {
  const type = box('ftyp', new ByteWriter().text('iso6').u32(0).text('iso6mp41').finish());
  const nextId = Math.max(...Object.values(TRACK_IDS)) + 1;
  const extends_ = box('mvex', ...tracks.map(({ kind }) => fullBox('trex', 0, 0, u32s(TRACK_IDS[kind], 1, 0, 0, 0))));
  const movie = box('moov', movieHeader(nextId), ...tracks.map(trackBox), extends_);
  return new ByteWriter(type.length + movie.length).put(type).put(movie).finish();
}

/** ISO/IEC 14496-12, 8.2.2. */
function movieHeader(nextId: number): Uint8Array {
  const rateAndVolume = u32s(0x1_0000, 0x0100_0000, 0, 0);
  return fullBox('mvhd', 0, 0, u32s(0, 0, TIME_SCALE, 0), rateAndVolume, UNITY_MATRIX, u32s(0, 0, 0, 0, 0, 0, nextId));
}

function trackBox(track: Track): Uint8Array {
  return box('trak', trackHeader(track), box('mdia', mediaHeader(), handler(track.kind), mediaInformation(track)));
}

/** ISO/IEC 14496-12, 8.3.2: times, id, duration, layer and group, volume, matrix, size. */
function trackHeader(track: Track): Uint8Array {
  const times = u32s(0, 0, TRACK_IDS[track.kind], 0, 0, 0, 0);
  const volume = u16s(0, 0, track.kind === 'audio' ? 0x0100 : 0, 0);
  const size = track.kind === 'video' ? u16s(track.width, 0, track.height, 0) : u32s(0, 0);
  return fullBox('tkhd', 0, ENABLED_IN_MOVIE, times, volume, UNITY_MATRIX, size);
}

/** ISO/IEC 14496-12, 8.4.2. */
function mediaHeader(): Uint8Array {
  return fullBox('mdhd', 0, 0, u32s(0, 0, TIME_SCALE, 0), u16s(UNDETERMINED, 0));
}

/** ISO/IEC 14496-12, 8.4.3, with an empty name. */
function handler(kind: Kind): Uint8Array {
  return fullBox(
    'hdlr',
    0,
    0,
    u32s(0),
    new ByteWriter().text(HANDLERS[kind]).finish(),
    u32s(0, 0, 0),
    Uint8Array.of(0),
  );
}

/** ISO/IEC 14496-12, 8.4.4, with a sample table that is empty: all samples are in fragments. */
function mediaInformation(track: Track): Uint8Array {
  const header = track.kind === 'video' ? fullBox('vmhd', 0, 1, u32s(0, 0)) : fullBox('smhd', 0, 0, u32s(0));
  const references = box('dinf', fullBox('dref', 0, 0, u32s(1), fullBox('url ', 0, SELF_CONTAINED)));
  const empty = ['stts', 'stsc', 'stco'].map((type) => fullBox(type, 0, 0, u32s(0)));
  const sizes = fullBox('stsz', 0, 0, u32s(0, 0));
  return box('minf', header, references, box('stbl', sampleDescription(track), ...empty, sizes));
}
