import { RefusedError } from '../../base/errors.ts';
import type { Reading } from '../../hub/files.ts';
import { describePath, type StreamPath } from '../../hub/path.ts';
import type { PlaylistText } from './answer.ts';
import type { Feed } from './feed.ts';
import { type Ground, playlistsOf } from './ground.ts';
import { take } from './media.ts';
import { MEDIA_PLAYLIST, RENDITIONS, readName } from './names.ts';

/** Reads a file of fMP4 as viewers of it would get it, for other nodes; rejects as `ReadFile` does. */
export async function readFileOf(
  ground: Ground,
  path: StreamPath,
  name: string,
  { most }: Reading,
): Promise<readonly Uint8Array[]> {
  if (name === RENDITIONS) return [await ground.renditions.write(path)];
  const stream = ground.context.hub.find(path);
  if (!stream) throw new RefusedError('not-found', `${describePath(path)} is not here`);
  // Segments are made for a while after this, so that one who asks again finds those that were made meanwhile.
  const { feed, release } = ground.feeds.use(stream, 'fmp4');
  try {
    await feed.toDate();
    if (feed.shelf.failed) throw feed.shelf.failed;
    const pieces = name === MEDIA_PLAYLIST ? [playlistOf(ground, feed).plain] : (await mediaOf(feed, name)).pieces;
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    if (size > most) throw new RefusedError('too-large', `${name} has ${size} bytes`);
    return pieces;
  } finally {
    release();
  }
}

function playlistOf(ground: Ground, feed: Feed): PlaylistText {
  return playlistsOf(ground, feed, 'fmp4').write(false);
}

function mediaOf(feed: Feed, name: string) {
  const wish = readName(name);
  if (wish?.container !== 'fmp4') throw new RefusedError('not-found', `there is no ${name}`);
  return take(wish, feed);
}
