import { ProtocolError, RefusedError } from '../../base/errors.ts';
import { parsePath, type StreamPath, streamPath } from '../../hub/path.ts';
import type { Stream } from '../../hub/stream.ts';
import { forwardQuestion } from '../../net/http-forward.ts';
import { type Question, Reply } from '../../net/http-reply.ts';
import { Departure } from '../../net/serve.ts';
import { vhostOf } from '../../net/vhost.ts';
import { Keep, type Media, type PlaylistText } from './answer.ts';
import { type Directives, readDirectives } from './directives.ts';
import type { Feed } from './feed.ts';
import { type Ground, playlistsOf, wholePlaylistsOf } from './ground.ts';
import { isComing, take } from './media.ts';
import { FROM, readMoment, writeMoment } from './moment.ts';
import { MEDIA_PLAYLIST, readName, WHOLE_PLAYLIST } from './names.ts';
import type { Container } from './packaging.ts';
import { variantOf, writeMaster } from './playlist.ts';
import type { Shelf } from './shelf.ts';
import { homeElsewhere, newToken } from './token.ts';
import type { Viewer, Watching } from './viewer.ts';
import type { Viewers } from './viewers.ts';

/** What answering viewers needs. */
export interface ViewerGround extends Ground {
  readonly viewers: Viewers;
}

type Params = Question['params'];

/** What is asked of a media playlist: of the whole one, from which moment on. */
interface Asked {
  readonly container: Container;
  readonly directives: Directives;
  readonly whole: { readonly moment: number | undefined } | undefined;
}

/** In target durations: how long a request waits at most (HLS, 6.2.5.2). */
const LONGEST_WAIT = 3;
/** How far ahead a request may be, in segments (HLS, 6.2.5.2). */
const FARTHEST = 2;

/** Answers `/app/name.m3u8`: what renditions there are, each under a token that the viewer is known by from then on. */
export async function answerMaster(ground: ViewerGround, question: Question): Promise<Reply> {
  const { viewers, renditions, context } = ground;
  const { url, params } = question;
  const path = streamPath(vhostOf(question, context.config.vhosts), params.app!, params.name!);
  const place = placeElsewhere(ground, question, path);
  if (place) return place;
  const container = containerOf(url.searchParams);
  const moment = momentOf(ground, url.searchParams);
  const token = newToken(ground.context.siblings.worker);
  const viewer = viewers.begin(token, question, path);
  try {
    const members = await renditions.find(path);
    const paths = members.length > 0 ? members : [path];
    const watched = await Promise.all(paths.map((each) => viewers.watch(viewer, question, each, container)));
    await Promise.all(watched.map((each) => begun(ground, viewer, each)));
    const variants = watched.map(({ feed }) => variantOf(feed, variantUri(feed.stream, token, url, moment)));
    if (question.request.method === 'HEAD') viewers.end(token, new Departure('the viewer asked for the head alone'));
    return writeMaster(variants).replyTo(question, Keep.never);
  } catch (error) {
    viewers.end(token, error);
    throw error;
  }
}

/** Answers what is in a viewer's folder, `/app/TOKEN/name/…`: the media playlist and what that names. */
export function answerFile(ground: ViewerGround, question: Question): Reply | Promise<Reply> {
  const { params } = question;
  const { siblings } = ground.context;
  // One has answered the playlist, and has what that names.
  const home = homeElsewhere(params.token!, siblings);
  if (home !== undefined) return forwardQuestion(question, siblings.door('http', home));
  return params.file === MEDIA_PLAYLIST || params.file === WHOLE_PLAYLIST
    ? answerMedia(ground, question, params)
    : answerSegment(ground, question, params);
}

/** Leads to another node, where this one is being emptied: there all goes on, as files have the same names everywhere. */
function placeElsewhere({ context }: Ground, { url }: Question, path: StreamPath): Reply | undefined {
  const base = context.dispatch.elsewhere('http', 'play', path);
  if (base === undefined) return undefined;
  const headers = { location: base + url.pathname + url.search, 'cache-control': Keep.never };
  return new Reply(302, { ...headers, 'access-control-allow-origin': '*' }, []);
}

/** At once where that is possible, as most are: a promise for each would cost. */
function answerMedia(ground: ViewerGround, question: Question, params: Params): Reply | Promise<Reply> {
  const { context } = ground;
  if (context.dispatch.isDraining) {
    const path = streamPath(vhostOf(question, context.config.vhosts), params.app!, params.name!);
    const place = placeElsewhere(ground, question, path);
    if (place) return place;
  }
  const query = queryOf(question);
  const whole = params.file === WHOLE_PLAYLIST ? { moment: momentOf(ground, query) } : undefined;
  const asked = { container: containerOf(query), directives: readDirectives(query), whole };
  const viewer = ground.viewers.find(params.token!);
  const watching = viewer?.find(params.app!, params.name!, asked.container);
  if (watching) return answerWatching(ground, question, viewer!, watching, asked);
  return enter(ground, question, params, asked.container).then((entered) =>
    answerWatching(ground, question, ...entered, asked),
  );
}

function answerWatching(
  ground: ViewerGround,
  question: Question,
  viewer: Viewer,
  watching: Watching,
  { container, directives, whole }: Asked,
): Reply | Promise<Reply> {
  const send = (text: PlaylistText) => viewer.count(watching, question, text.replyTo(question, keepOf(directives)));
  const answer = () =>
    whole
      ? writeWhole(ground, watching.feed, whole.moment, directives).then(send)
      : send(playlistsOf(ground, watching.feed, container).write(directives.skip));
  if (isFulfilled(watching.feed, directives)) return answer();
  return fulfilled(ground, viewer, watching, directives).then(answer);
}

/** All that can be had of a stream; for one who comes, with the moment at which it wants to begin. */
async function writeWhole(
  ground: Ground,
  feed: Feed,
  moment: number | undefined,
  { segment, skip }: Directives,
): Promise<PlaylistText> {
  await feed.history.toDate();
  const playlists = wholePlaylistsOf(ground, feed);
  const isReload = segment !== undefined || skip;
  return moment === undefined || isReload ? playlists.write(skip) : playlists.writeFrom(moment);
}

/** The first request of a viewer, or its first for a rendition. */
async function enter(
  { viewers, context }: ViewerGround,
  question: Question,
  { app, name, token }: Params,
  container: Container,
): Promise<[Viewer, Watching]> {
  const isNew = !viewers.find(token!);
  const path = streamPath(vhostOf(question, context.config.vhosts), app!, name!);
  const viewer = viewers.begin(token!, question, path);
  try {
    return [viewer, await viewers.watch(viewer, question, path, container)];
  } catch (error) {
    if (isNew) viewers.end(token!, error);
    throw error;
  }
}

function answerSegment(ground: ViewerGround, question: Question, params: Params): Reply | Promise<Reply> {
  const wish = readName(params.file!);
  const viewer = ground.viewers.find(params.token!);
  const watching = wish && viewer?.find(params.app!, params.name!, wish.container);
  if (!watching) throw new RefusedError('not-found', 'there is no such file, or its playlist was not asked for before');
  const { feed } = watching;
  const { shelf } = feed;
  const send = (media: Media) => viewer!.count(watching, question, media.replyTo(question));
  const answer = () => {
    const media = take(wish, feed);
    return media instanceof Promise ? media.then(send) : send(media);
  };
  if (wish.kind === 'init' || !isComing(wish, shelf)) return answer();
  return viewer!.until(watching, () => shelf.has(wish.segment, wish.part), patience(ground, shelf)).then(answer);
}

/** What a directive asks for is the same for all who give it. */
function keepOf({ segment }: Directives): string {
  return segment === undefined ? Keep.ask : Keep.briefly;
}

/** Something to play is there. */
function begun(ground: ViewerGround, viewer: Viewer, watching: Watching): Promise<void> {
  const { shelf } = watching.feed;
  const hasAny = () => shelf.ended || shelf.listed.some(({ size }) => size > 0);
  return viewer.until(watching, hasAny, patience(ground, shelf));
}

async function fulfilled(
  ground: ViewerGround,
  viewer: Viewer,
  watching: Watching,
  directives: Directives,
): Promise<void> {
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

/**
 * Relative to the master playlist; what was asked of that is asked of the variant too, but from a moment that stays the same
 * when time goes on.
 */
function variantUri({ path }: Stream, token: string, { search }: URL, moment: number | undefined): string {
  const folder = `${token}/${parsePath(path).name}`;
  if (moment === undefined) return `${folder}/${MEDIA_PLAYLIST}${search}`;
  const query = new URLSearchParams(search);
  query.set(FROM, writeMoment(moment));
  return `${folder}/${WHOLE_PLAYLIST}?${query}`;
}

/** From when on a stream is wanted, see `readMoment`. Throws {@link RefusedError} where that is not to be had. */
function momentOf({ context }: Ground, query: URLSearchParams): number | undefined {
  const moment = readMoment(query, context.clock.wall());
  if (moment === undefined) return undefined;
  if (context.config.play.shift === 0)
    throw new RefusedError('forbidden', 'streams are played as they come here, not from earlier on');
  if (query.get('format') === 'ts') throw new RefusedError('unsupported', 'what is past can be had as fmp4 alone');
  return moment;
}

/** What the URL asks for; a whole {@link URL} takes longer to make, and this is asked for several times a second. */
function queryOf({ request: { url = '' } }: Question): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at));
}

function containerOf(query: URLSearchParams): Container {
  const format = query.get('format') ?? 'fmp4';
  if (format !== 'fmp4' && format !== 'ts') throw new RefusedError('unsupported', 'the format must be fmp4 or ts');
  return format;
}
