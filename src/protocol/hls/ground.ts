import type { RenditionReport } from '../../container/hls/media-playlist.ts';
import { parsePath } from '../../hub/path.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Context } from '../../module.ts';
import type { Feed, Feeds } from './feed.ts';
import type { Groups } from './groups.ts';
import type { History } from './history.ts';
import { MEDIA_PLAYLIST } from './names.ts';
import type { HlsOptions } from './options.ts';
import type { Container } from './packaging.ts';
import { Playlists, reportOf } from './playlist.ts';
import type { Renditions } from './renditions.ts';
import type { Shelf } from './shelf.ts';

/** What answering needs. */
export interface Ground {
  readonly context: Context;
  readonly options: HlsOptions;
  readonly feeds: Feeds;
  readonly groups: Groups;
  readonly renditions: Renditions;
}

/** By what they are of: the newest segments, or all. */
const playlists = new WeakMap<Shelf | History, Playlists>();

/** The playlists of a feed: the same ones for all who ask. */
export function playlistsOf(ground: Ground, { shelf, stream }: Feed, container: Container): Playlists {
  const make = () => new Playlists(shelf, container, ground.options, () => reports(ground, stream));
  return madeOnce(shelf, make);
}

/** The same with all that is kept of the stream; its history must be to date. */
export function wholePlaylistsOf(ground: Ground, { shelf, stream, history }: Feed): Playlists {
  const make = () => new Playlists(shelf, 'fmp4', ground.options, () => reports(ground, stream), history);
  return madeOnce(history, make);
}

function madeOnce(of: Shelf | History, make: () => Playlists): Playlists {
  let present = playlists.get(of);
  if (!present) playlists.set(of, (present = make()));
  return present;
}

/** How far the other renditions are that somebody watches. */
function reports({ context, feeds, groups }: Ground, { path }: Stream): RenditionReport[] {
  const others = groups.siblings(path).map((each) => {
    const feed = feeds.find(context.hub.find(each)!, 'fmp4');
    return feed && reportOf(feed.shelf, `../${parsePath(each).name}/${MEDIA_PLAYLIST}`);
  });
  return others.filter((report) => report !== undefined);
}
