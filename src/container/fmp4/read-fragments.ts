import { ByteReader } from '../../base/byte-reader.ts';
import { ProtocolError } from '../../base/errors.ts';
import type { Sample } from '../../media/frame.ts';
import type { Kind } from '../../media/track.ts';
import { BOX_HEADER } from './box.ts';
import { boxesIn, type PlacedBox } from './boxes.ts';
import { TRACK_IDS } from './init.ts';

/** A frame as a fragment has it; its data are a view of that. */
export type Written = Omit<Sample, 'track'>;

const HIGH = 2 ** 32;
/** What a run of `fragment.ts` tells of each frame, in bytes: of a picture also flags and composition. */
const ENTRY: Record<Kind, number> = { audio: 8, video: 16 };
const KINDS: readonly Kind[] = ['video', 'audio'];
/** ISO/IEC 14496-12, 8.8.3.1: sample_is_non_sync_sample. */
const NO_SYNC = 0x1_0000;

/**
 * The frames in fragments that follow one another, by kind and in their order: what `fragment.ts` makes, read back. Throws {@link ProtocolError} where that is damaged.
 */
export function readFragments(bytes: Uint8Array): Record<Kind, Written[]> {
  const frames: Record<Kind, Written[]> = { video: [], audio: [] };
  for (const { type, at, end } of boxesIn(bytes, 0, bytes.length)) {
    if (type !== 'moof') continue;
    for (const track of boxesIn(bytes, at + BOX_HEADER, end))
      if (track.type === 'traf') readTrackFragment(bytes, at, track, frames);
  }
  return frames;
}

/** ISO/IEC 14496-12, 8.8.6 to 8.8.12; data begin so far behind `moof`. */
function readTrackFragment(bytes: Uint8Array, moof: number, traf: PlacedBox, frames: Record<Kind, Written[]>): void {
  let kind: Kind | undefined;
  let time = 0;
  for (const { type, at } of boxesIn(bytes, traf.at + BOX_HEADER, traf.end)) {
    const reader = new ByteReader(bytes);
    reader.offset = at + BOX_HEADER + 4;
    if (type === 'tfhd') {
      const id = reader.u32();
      kind = KINDS.find((each) => TRACK_IDS[each] === id);
    } else if (type === 'tfdt') time = reader.i32() * HIGH + reader.u32();
    else if (type === 'trun' && kind) frames[kind].push(...readRun(reader, kind, time, moof));
  }
}

/** ISO/IEC 14496-12, 8.8.8. */
function readRun(reader: ByteReader, kind: Kind, start: number, moof: number): Written[] {
  const [count, offset] = [reader.u32(), reader.i32()];
  if (count * ENTRY[kind] > reader.remaining) throw new ProtocolError(`a run of ${count} frames`);
  const data = new ByteReader(reader.bytes);
  data.offset = moof + offset;
  let dts = start;
  return Array.from({ length: count }, () => {
    const [duration, size] = [reader.u32(), reader.u32()];
    const [flags, composition] = kind === 'video' ? [reader.u32(), reader.i32()] : [0, 0];
    const frame = { dts, pts: dts + composition, keyframe: (flags & NO_SYNC) === 0, data: data.take(size) };
    dts += duration;
    return frame;
  });
}
