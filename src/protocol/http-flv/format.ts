import { RefusedError } from '../../base/errors.ts';
import { type Box, FlvMuxer } from '../../container/flv/muxer.ts';
import type { Selection } from '../../container/flv/selection.ts';
import { flvHeader } from '../../container/flv/tag.ts';
import type { Lineup, Stream } from '../../hub/stream.ts';

/** The muxer of a selection in a transport's box. */
export function muxer(stream: Stream, { kinds, dialect }: Selection, box: Box): FlvMuxer {
  return new FlvMuxer({ box, dialect, kinds, tracks: stream.tracks.values() });
}

/** What stands before the first tag: the file header with the kinds that will really come. Throws when none would. */
export function opening(lineup: Lineup, { kinds }: Selection): Uint8Array {
  const [hasAudio, hasVideo] = [kinds.has('audio') && !!lineup.audio, kinds.has('video') && !!lineup.video];
  if (!hasAudio && !hasVideo) throw new RefusedError('not-found', `the stream has no ${[...kinds].join(' and no ')}`);
  return flvHeader(hasAudio, hasVideo);
}
