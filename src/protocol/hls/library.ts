import { RefusedError } from '../../base/errors.ts';
import type { Reading } from '../../hub/files.ts';
import { describePath, type StreamPath } from '../../hub/path.ts';
import type { Stream } from '../../hub/stream.ts';
import type { PlaylistText } from './answer.ts';
import type { Feed } from './feed.ts';
import { type Ground, playlistsOf, wholePlaylistsOf } from './ground.ts';
import { take } from './media.ts';
import { MEDIA_PLAYLIST, RENDITIONS, readName, WHOLE_PLAYLIST } from './names.ts';

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
    const text =
      name === MEDIA_PLAYLIST ? playlistsOf(ground, feed, 'fmp4').write(false) : await wholeOf(ground, feed, name);
    const pieces = text ? [text.plain] : (await mediaOf(feed, name)).pieces;
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    if (size > most) throw new RefusedError('too-large', `${name} has ${size} bytes`);
    return pieces;
  } finally {
    release();
  }
}

/** The whole playlist, if that is asked for. Who asks while we ask is asked by us: it is told what is known by now. */
async function wholeOf(ground: Ground, feed: Feed, name: string): Promise<PlaylistText | undefined> {
  if (name !== WHOLE_PLAYLIST) return undefined;
  if (!feed.history.isUpdating) await feed.history.toDate();
  return wholePlaylistsOf(ground, feed).write(false);
}

/** How far back a stream can be watched: microseconds since 1970, `undefined` for not at all. */
export async function sinceWhen({ context, feeds }: Ground, stream: Stream): Promise<number | undefined> {
  const past = await context.pasts.find(stream);
  if (past || context.pasts.elsewhere(stream).length === 0) return past?.since;
  const { feed, release } = feeds.use(stream, 'fmp4');
  try {
    await feed.toDate();
    await feed.history.toDate();
    return feed.history.told[0]?.time;
  } finally {
    release();
  }
}

function mediaOf(feed: Feed, name: string) {
  const wish = readName(name);
  if (wish?.container !== 'fmp4') throw new RefusedError('not-found', `there is no ${name}`);
  return take(wish, feed);
}
