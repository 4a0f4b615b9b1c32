import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { ProtocolError } from '../../base/errors.ts';
import { playlistLines } from './lines.ts';
import { collect, type ListedSegment, numberOf } from './listed.ts';
import type { Segment } from './media-playlist.ts';

/** A segment that is over, as a playlist tells of it; of its parts nothing is told. */
export type ToldSegment = Segment & { readonly duration: number };

/** What a media playlist tells of the segments that are over. */
export interface ToldPlaylist {
  /** Numbers go up by one. */
  readonly segments: readonly ToldSegment[];
  readonly ended: boolean;
}

/** Reads what {@link mediaPlaylist} has written, but no delta. Throws {@link ProtocolError} where it is no playlist. */
export function readMediaPlaylist(text: string): ToldPlaylist {
  const problems: string[] = [];
  const { segments, tags } = collect(playlistLines(text), problems);
  const first = numberOf(tags, 'EXT-X-MEDIA-SEQUENCE');
  let discontinuity = numberOf(tags, 'EXT-X-DISCONTINUITY-SEQUENCE');
  const isSound = tags.has('EXTM3U') && !tags.has('EXT-X-SKIP') && isCount(first) && isCount(discontinuity);
  if (problems.length > 0 || !isSound)
    throw new ProtocolError(`no media playlist: ${problems[0] ?? 'numbers are missing'}`);
  const told = segments.map((listed, i) => {
    discontinuity += listed.discontinuities;
    return segmentOf(listed, first + i, discontinuity);
  });
  return { segments: told.filter(isOver), ended: tags.has('EXT-X-ENDLIST') };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function segmentOf({ uri = '', duration, tags, map }: ListedSegment, number: number, discontinuity: number): Segment {
  const date = Date.parse(tags.get('EXT-X-PROGRAM-DATE-TIME') ?? '');
  return {
    number,
    discontinuity,
    uri,
    duration: duration === undefined ? undefined : Math.round(duration * SECOND),
    parts: [],
    init: map,
    time: Number.isNaN(date) ? undefined : date * MILLISECOND,
    gap: tags.has('EXT-X-GAP'),
  };
}

function isOver(segment: Segment): segment is ToldSegment {
  return segment.duration !== undefined;
}
