import { ProtocolError, RefusedError } from '../../base/errors.ts';
import type { RenditionReport } from '../../container/hls/media-playlist.ts';
import { DEFAULT_VHOST, parsePath, streamPath } from '../../hub/path.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Context } from '../../module.ts';
import type { Exchange } from '../../net/http.ts';
import { forward } from '../../net/http-forward.ts';
import { Departure } from '../../net/serve.ts';
import { Keep, sendMedia, sendPlaylist } from './answer.ts';
import { type Directives, readDirectives } from './directives.ts';
import type { Feed, Feeds } from './feed.ts';
import type { Groups } from './groups.ts';
import { isComing, readName, take } from './media.ts';
import type { HlsOptions } from './options.ts';
import type { Container } from './packaging.ts';
import { MEDIA_PLAYLIST, Playlists, reportOf, variantOf, writeMaster } from './playlist.ts';
import type { Shelf } from './shelf.ts';
import { homeElsewhere, newToken } from './token.ts';
import type { Viewer, Watching } from './viewer.ts';
import type { Viewers } from './viewers.ts';

/** What answering needs. */
export interface Ground {
  readonly context: Context;
  readonly options: HlsOptions;
  readonly viewers: Viewers;
  readonly feeds: Feeds;
  readonly groups: Groups;
}

type Params = Exchange['params'];

/** In target durations: how long a request waits at most (HLS, 6.2.5.2). */
const LONGEST_WAIT = 3;
/** How far ahead a request may be, in segments (HLS, 6.2.5.2). */
const FARTHEST = 2;

const playlists = new WeakMap<Shelf, Playlists>();

/** Answers `/app/name.m3u8`: what renditions there are, each under a token that the viewer is known by from then on. */
export async function answerMaster(ground: Ground, exchange: Exchange): Promise<void> {
  const { viewers, groups } = ground;
  const { url, params } = exchange;
  const path = streamPath(vhostOf(url), params.app!, params.name!);
  const container = containerOf(url.searchParams);
  const token = newToken(ground.context.siblings.worker);
  const viewer = viewers.begin(token, exchange, path);
  try {
    const members = groups.members(path);
    const paths = members.length > 0 ? members : [path];
    const watched = await Promise.all(paths.map((each) => viewers.watch(viewer, exchange, each, container)));
    await Promise.all(watched.map((each) => begun(ground, viewer, each)));
    const variants = watched.map(({ feed }) => variantOf(feed.shelf, variantUri(feed.stream, token, url)));
    sendPlaylist(exchange, writeMaster(variants), Keep.never);
    if (exchange.request.method === 'HEAD') throw new Departure('the viewer asked for the head alone');
  } catch (error) {
    viewers.end(token, error);
    if (!(error instanceof Departure)) throw error;
  }
}

/** Answers what is in a viewer's folder, `/app/TOKEN/name/…`: the media playlist and what that names. */
export function answerFile(ground: Ground, exchange: Exchange): Promise<void> {
  const { params } = exchange;
  const { siblings } = ground.context;
  // One has answered the playlist, and has what that names.
  const home = homeElsewhere(params.token!, siblings);
  if (home !== undefined) return forward(exchange, siblings.door('http', home));
  return params.file === MEDIA_PLAYLIST
    ? answerMedia(ground, exchange, params)
    : answerSegment(ground, exchange, params);
}

async function answerMedia(ground: Ground, exchange: Exchange, params: Params): Promise<void> {
  const query = queryOf(exchange);
  const container = containerOf(query);
  const directives = readDirectives(query);
  const viewer = ground.viewers.find(params.token!);
  const watching = viewer?.find(params.app!, params.name!, container);
  const [watcher, watched] = watching ? [viewer!, watching] : await enter(ground, exchange, params, container);
  if (!isFulfilled(watched.feed, directives)) await fulfilled(ground, watcher, watched, directives);
  const written = playlistsOf(ground, watched.feed, container).write(directives.skip);
  const keep = directives.segment === undefined ? Keep.ask : Keep.briefly;
  watcher.count(watched, sendPlaylist(exchange, written, keep));
}

/** The first request of a viewer, or its first for a rendition. */
async function enter(
  { viewers }: Ground,
  exchange: Exchange,
  { app, name, token }: Params,
  container: Container,
): Promise<[Viewer, Watching]> {
  const isNew = !viewers.find(token!);
  const path = streamPath(vhostOf(exchange.url), app!, name!);
  const viewer = viewers.begin(token!, exchange, path);
  try {
    return [viewer, await viewers.watch(viewer, exchange, path, container)];
  } catch (error) {
    if (isNew) viewers.end(token!, error);
    throw error;
  }
}

async function answerSegment(ground: Ground, exchange: Exchange, params: Params): Promise<void> {
  const { viewers, context } = ground;
  const wish = readName(params.file!);
  const viewer = viewers.find(params.token!);
  const watching = wish && viewer?.find(params.app!, params.name!, wish.container);
  if (!watching) throw new RefusedError('not-found', 'there is no such file, or its playlist was not asked for before');
  const { shelf } = watching.feed;
  if (wish.kind === 'segment' && isComing(wish, shelf)) {
    await viewer!.until(watching, () => shelf.has(wish.segment, wish.part), patience(ground, shelf));
  }
  viewer!.count(watching, sendMedia(exchange, take(wish, shelf), context.config.play.stallTimeout));
}

/** Something to play is there. */
function begun(ground: Ground, viewer: Viewer, watching: Watching): Promise<void> {
  const { shelf } = watching.feed;
  const hasAny = () => shelf.ended || shelf.listed.some(({ parts }) => parts.length > 0);
  return viewer.until(watching, hasAny, patience(ground, shelf));
}

async function fulfilled(ground: Ground, viewer: Viewer, watching: Watching, directives: Directives): Promise<void> {
  const { shelf } = watching.feed;
  const { segment = 0 } = directives;
  const newest = shelf.last?.stamp.segment ?? Number.POSITIVE_INFINITY;
  if (segment > newest + FARTHEST) throw new ProtocolError(`segment ${segment} is too far ahead`);
  await viewer.until(watching, () => isFulfilled(watching.feed, directives), patience(ground, shelf));
}

/** Whether what the player asks for is there, and a whole segment, as players take no playlist without one. */
function isFulfilled({ shelf }: Feed, { segment, part }: Directives): boolean {
  if (segment !== undefined && !shelf.has(segment, part)) return false;
  return shelf.ended || shelf.hasWhole;
}

function patience({ options }: Ground, { longest }: Shelf): number {
  return LONGEST_WAIT * Math.max(options.segment, longest);
}

function playlistsOf(ground: Ground, { shelf, stream }: Feed, container: Container): Playlists {
  let present = playlists.get(shelf);
  if (!present) {
    present = new Playlists(shelf, container, ground.options, () => reports(ground, stream));
    playlists.set(shelf, present);
  }
  return present;
}

/** How far the other renditions are that somebody watches. */
function reports({ context, feeds, groups }: Ground, { path }: Stream): RenditionReport[] {
  const others = groups.siblings(path).map((each) => {
    const stream = context.hub.find(each);
    const feed = stream && feeds.find(stream, 'fmp4');
    return feed && reportOf(feed.shelf, `../${parsePath(each).name}/${MEDIA_PLAYLIST}`);
  });
  return others.filter((report) => report !== undefined);
}

/** Relative to the master playlist; what was asked of that is asked of the variant too. */
function variantUri({ path }: Stream, token: string, { search }: URL): string {
  return `${token}/${parsePath(path).name}/${MEDIA_PLAYLIST}${search}`;
}

function vhostOf({ searchParams }: URL): string {
  return searchParams.get('vhost') || DEFAULT_VHOST;
}

/** What the URL asks for; a whole {@link URL} takes longer to make, and this is asked for several times a second. */
function queryOf({ request: { url = '' } }: Exchange): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at));
}

function containerOf(query: URLSearchParams): Container {
  const format = query.get('format') ?? 'fmp4';
  if (format !== 'fmp4' && format !== 'ts') throw new RefusedError('unsupported', 'the format must be fmp4 or ts');
  return format;
}
