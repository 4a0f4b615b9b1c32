import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { RefusedError } from '../base/errors.ts';
import { describePath, parsePath, readPath } from '../hub/path.ts';
import type { Recording, RecordingContent } from '../hub/recordings.ts';
import { shortId } from '../hub/session.ts';
import type { Exchange } from '../net/http.ts';
import { readRange } from '../net/http-range.ts';
import { readJson } from './body.ts';
import { ApiError } from './error.ts';
import { vhostId } from './identity.ts';
import { type Operation, operation } from './operation.ts';
import { page, paging } from './paging.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

const recording = z.object({
  id: z.string(),
  file: z.string().describe('Its name in the folder of recordings.'),
  stream: z
    .string()
    .describe('Such as `live/movie`, with the virtual host before it where that is not the default one.'),
  vhost: z.string().describe('The id of its virtual host.'),
  app: z.string(),
  name: z.string(),
  format: z.enum(['fmp4', 'flv', 'ts']),
  finished: z.boolean().describe('False while it is being written.'),
  from: count.describe('When its first frame came in: Unix time in milliseconds.'),
  to: count.describe('When its last piece came in.'),
  size: count.describe('In bytes.'),
  video_frames: count,
  audio_frames: count,
  missing_frames: count.describe('Frames that are known not to be in it.'),
  url: z.string().describe('Where it is downloaded.'),
});

const running = z.object({
  stream: z.string(),
  trouble: z.string().describe('Why frames are not being written at present; empty where they are.'),
});

const example: z.output<typeof recording> = {
  id: 'Wm5I_G4u6walEdkU',
  file: 'live/movie/2027-01-15-09-00-00.125.mp4',
  stream: 'live/movie',
  vhost: 'vid-qjwz9kd31x',
  app: 'live',
  name: 'movie',
  format: 'fmp4',
  finished: true,
  from: 1_800_000_000_125,
  to: 1_800_003_600_025,
  size: 1_802_240_000,
  video_frames: 90_000,
  audio_frames: 168_750,
  missing_frames: 0,
  url: '/recordings/Wm5I_G4u6walEdkU',
};

const stream = z.string().min(1).max(1024).describe('Such as `live/movie`, or `vhost/app/name`.');
const body = z.strictObject({ stream });
const [path, group] = ['/api/v1/recordings', 'Recordings'];
const time = { type: 'integer', minimum: 0 };

/** `/api/v1/recordings`: what was recorded, and recording on demand. */
export function recordings(services: Services): Operation[] {
  const { context } = services;
  return [
    operation({
      method: 'GET',
      path,
      group,
      summary: 'All recordings, the oldest first, and the streams that are being recorded.',
      query: [
        { name: 'stream', description: 'Only those of this stream, such as `live/movie`.', schema: { type: 'string' } },
        { name: 'from', description: 'Only those that end after this: Unix time in milliseconds.', schema: time },
        { name: 'to', description: 'Only those that begin before this: Unix time in milliseconds.', schema: time },
        ...paging,
      ],
      envelope: 'node',
      answer: z.object({ total: count, recordings: z.array(recording), running: z.array(running) }),
      example: { total: 1, recordings: [example], running: [{ stream: 'live/concert', trouble: '' }] },
      handle({ url }) {
        const all = context.recordings.list().filter(chosenBy(url));
        return {
          total: all.length,
          recordings: page(all, url).map(describe),
          running: [...context.recordings.running].map(([path, { trouble = '' }]) => ({
            stream: describePath(path),
            trouble,
          })),
        };
      },
    }),
    operation({
      method: 'POST',
      path,
      group,
      summary: 'Records a stream now, and whenever it is published, until the server ends or is told to stop.',
      body,
      envelope: 'node',
      answer: z.object({}),
      example: {},
      errors: { 400: 'The body is not as described.', 413: 'The body is larger than 1 MiB.' },
      async handle({ request }) {
        const { stream } = await readJson(request, body, '{"stream": "live/movie"}');
        context.recordings.start(pathOf(stream));
        return {};
      },
    }),
    operation({
      method: 'DELETE',
      path,
      group,
      summary:
        'Stops recording a stream. One that the configuration names is recorded again when it is published again.',
      query: [{ name: 'stream', description: 'Such as `live/movie`.', schema: { type: 'string' } }],
      envelope: 'node',
      answer: z.object({}),
      example: {},
      errors: { 404: 'This stream is not being recorded.' },
      handle({ url }) {
        const isStopped = context.recordings.stop(pathOf(url.searchParams.get('stream') ?? ''));
        if (!isStopped) throw new ApiError(404, 'this stream is not being recorded');
        return {};
      },
    }),
  ];
}

/** `/recordings/ID`: the file, a part of it by `Range`, or an MP4 of what lies between the seconds `?from=` and `?to=`. */
export function serveRecordings(services: Services): void {
  services.context.http.route(['GET', 'HEAD'], /^\/recordings\/(?<id>[\w-]+)$/, async (exchange) => {
    const { recordings } = services.context;
    const id = exchange.params.id!;
    const recording = recordings.find(id);
    await admit(services, exchange, recording?.path);
    if (!recording) throw new RefusedError('not-found', 'there is no such recording');
    const { searchParams } = exchange.url;
    if (!searchParams.has('from') && !searchParams.has('to'))
      return send(exchange, recording, await recordings.content(id), true);
    const [from, to] = [seconds(searchParams, 'from', 0), seconds(searchParams, 'to', Number.POSITIVE_INFINITY)];
    await send(exchange, recording, await recordings.cut(id, from, to), false);
  });
}

/** Lets the admin in, and whoever may play the stream where the configuration says so; to others nothing tells what there is. */
async function admit({ guard, context }: Services, exchange: Exchange, path: string | undefined): Promise<void> {
  const { access, recordings } = context;
  if (recordings.access === 'admin' || path === undefined) {
    await guard.admit(exchange).catch((error: Error) => {
      throw error instanceof ApiError ? new RefusedError('forbidden', error.message) : error;
    });
    return;
  }
  if (await guard.isAdmin(exchange)) return;
  const { url, remote, request } = exchange;
  const asked = { query: new Map(url.searchParams), headers: request.headers, protocol: 'http', session: shortId() };
  await access.may({ action: 'play', path, remote, ...asked });
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

function chosenBy({ searchParams }: URL): (recording: Recording) => boolean {
  const name = searchParams.get('stream');
  const path = name === null ? undefined : pathOf(name);
  const [from, to] = [moment(searchParams, 'from', 0), moment(searchParams, 'to', Number.MAX_SAFE_INTEGER)];
  return (each) => (path === undefined || each.path === path) && each.ended >= from && each.began <= to;
}

function moment(parameters: URLSearchParams, name: string, fallback: number): number {
  const text = parameters.get(name) ?? String(fallback);
  if (!/^\d{1,16}$/.test(text)) throw new ApiError(400, `${name} must be Unix time in milliseconds`);
  return Number(text);
}

function pathOf(stream: string): string {
  try {
    return readPath(stream);
  } catch (error) {
    throw new ApiError(400, (error as Error).message);
  }
}

function describe(each: Recording): z.output<typeof recording> {
  const { vhost, app, name } = parsePath(each.path);
  return {
    id: each.id,
    file: each.file,
    stream: describePath(each.path),
    vhost: vhostId(vhost),
    app,
    name,
    format: each.format,
    finished: each.isFinished,
    from: each.began,
    to: each.ended,
    size: each.size,
    video_frames: each.video,
    audio_frames: each.audio,
    missing_frames: each.missing,
    url: `/recordings/${each.id}`,
  };
}
