import type { Track } from '../../media/track.ts';
import { BOX_HEADER } from './box.ts';
import { boxesIn, type PlacedBox } from './boxes.ts';
import { readSampleDescription } from './codecs.ts';

/** From a track's box down to what describes its samples (ISO/IEC 14496-12, 8.5.2). */
const WAY = ['mdia', 'minf', 'stbl', 'stsd'];

/** The tracks that an init segment is for: what `init.ts` makes, read back. Throws {@link ProtocolError} where it is damaged. */
export function readInitSegment(bytes: Uint8Array): Track[] {
  return within(bytes, { at: -BOX_HEADER, end: bytes.length }, 'moov')
    .flatMap((movie) => within(bytes, movie, 'trak'))
    .flatMap((track) => WAY.reduce((boxes, type) => boxes.flatMap((each) => within(bytes, each, type)), [track]))
    .map(({ at, end }) => readSampleDescription(bytes, at + BOX_HEADER, end))
    .filter((track) => track !== undefined);
}

function within(bytes: Uint8Array, { at, end }: Pick<PlacedBox, 'at' | 'end'>, type: string): PlacedBox[] {
  return [...boxesIn(bytes, at + BOX_HEADER, end)].filter((each) => each.type === type);
}
