import { pipeline } from 'node:stream/promises';
import { RefusedError } from '../base/errors.ts';
import { mediaPlaylist, type Segment } from '../container/hls/media-playlist.ts';
import type { Outline, Recording, RecordingContent } from '../hub/recordings.ts';
import type { Exchange } from '../net/http.ts';
import { readRange } from '../net/http-range.ts';
import { ApiError } from './error.ts';
import { admit } from './recording-access.ts';
import type { Services } from './services.ts';

const [FILE, PLAYLIST, MEDIA] = [
  /^\/recordings\/(?<id>[\w-]+)$/,
  /^\/recordings\/(?<id>[\w-]+)\/index\.m3u8$/,
  /^\/recordings\/(?<id>[\w-]+)\/media\.mp4$/,
];

/**
 * `/recordings/ID`: the file, a part of it by `Range`, or an MP4 of what lies between the seconds `?from=` and `?to=`;
 * `/recordings/ID/index.m3u8`: a playlist of HLS for it, which names ranges of `media.mp4` beside it, the file once more.
 */
export function serveRecordings(services: Services): void {
  serve(services, FILE, async (exchange, recording) => {
    const { searchParams } = exchange.url;
    if (!searchParams.has('from') && !searchParams.has('to')) return sendWhole(services, exchange, recording);
    const [from, to] = [seconds(searchParams, 'from', 0), seconds(searchParams, 'to', Number.POSITIVE_INFINITY)];
    const content = await services.context.recordings.cut(recording.id, from, to);
    await send(exchange, recording, content, false);
  });
  serve(services, MEDIA, (exchange, recording) => sendWhole(services, exchange, recording));
  serve(services, PLAYLIST, async ({ response, url }, { id }) => {
    const body = playlistOf(await services.context.recordings.outline(id), url.search);
    response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'no-store' }).end(body);
  });
}

type Answer = (exchange: Exchange, recording: Recording) => Promise<void>;

function serve(services: Services, pattern: RegExp, answer: Answer): void {
  services.context.http.route(['GET', 'HEAD'], pattern, async (exchange) => {
    const { recordings } = services.context;
    const recording = recordings.find(exchange.params.id!);
    await admit(services, exchange, recording?.path).catch((error: Error) => {
      throw error instanceof ApiError ? new RefusedError('forbidden', error.message) : error;
    });
    if (!recording) throw new RefusedError('not-found', 'there is no such recording');
    // Any page may play what anybody may play.
    if (recordings.access === 'play') exchange.response.setHeader('access-control-allow-origin', '*');
    await answer(exchange, recording);
  });
}

/** The parameters of the playlist's own URL are those of what it names: they may be what lets the viewer in. */
function playlistOf({ opening, sections, isFinished }: Outline, search: string): string {
  const uri = `media.mp4${search}`;
  let discontinuity = 0;
  const segments = sections.map(({ at, size, time, duration, isAfterBreak }, number): Segment => {
    if (isAfterBreak) discontinuity++;
    return {
      number,
      discontinuity,
      uri,
      range: { at, size },
      duration,
      parts: [],
      init: uri,
      initRange: { at: 0, size: opening },
      time: number === 0 || isAfterBreak ? time : undefined,
      gap: false,
    };
  });
  const type = isFinished ? 'VOD' : 'EVENT';
  return mediaPlaylist({ segments, targetDuration: 0, lowLatency: undefined, ended: isFinished, type });
}

async function sendWhole({ context }: Services, exchange: Exchange, recording: Recording): Promise<void> {
  await send(exchange, recording, await context.recordings.content(recording.id), true);
}

/** Sends all of it, or what a `Range` asks for of a whole file. */
async function send(
  { request, response }: Exchange,
  { file }: Recording,
  content: RecordingContent,
  isWhole: boolean,
): Promise<void> {
  const headers: Record<string, string | number> = {
    'content-type': content.type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'accept-ranges': isWhole ? 'bytes' : 'none',
    'content-disposition': `inline; filename="${file.replaceAll('/', '_')}"`,
  };
  const range = isWhole ? readRange(request.headers.range, content.size) : undefined;
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${content.size}` }).end();
    return;
  }
  const { from, to } = range ?? { from: 0, to: content.size };
  if (range) headers['content-range'] = `bytes ${from}-${to - 1}/${content.size}`;
  response.writeHead(range ? 206 : 200, { ...headers, 'content-length': to - from });
  if (request.method === 'HEAD') response.end();
  // A client that leaves is no fault of anybody's.
  else await pipeline(content.read(from, to), response).catch(() => response.destroy());
}

function seconds(parameters: URLSearchParams, name: string, fallback: number): number {
  const text = parameters.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,9}(?:\.\d{1,6})?$/.test(text))
    throw new RefusedError('unsupported', `${name} must be seconds, such as 90.5`);
  return Number(text);
}
