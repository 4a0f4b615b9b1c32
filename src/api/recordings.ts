import { z } from 'zod';
import { describePath, parsePath } from '../hub/path.ts';
import type { Recording } from '../hub/recordings.ts';
import { vhostId } from '../net/identity.ts';
import { readJson } from './body.ts';
import { ApiError } from './error.ts';
import { type Operation, operation } from './operation.ts';
import { page, paging } from './paging.ts';
import { admit } from './recording-access.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';
import { readStream } from './urls.ts';

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
  playlist: z.string().describe('Where HLS plays it from; empty where the format cannot be played by parts.'),
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
  playlist: '/recordings/Wm5I_G4u6walEdkU/index.m3u8',
};

const stream = z.string().min(1).max(1024).describe('Such as `live/movie`, or `vhost/app/name`.');
const body = z.strictObject({ stream });
const [path, group] = ['/api/v1/recordings', 'Recordings'];
const time = { type: 'integer', minimum: 0 };
const ORDERS = ['oldest', 'newest'];

/** `/api/v1/recordings`: what was recorded, and recording on demand. */
export function recordings(services: Services): Operation[] {
  const { context } = services;
  return [
    operation({
      method: 'GET',
      path,
      group,
      open: 'decides',
      summary:
        'All recordings, and the streams that are being recorded. With `record.access: play` those of one stream are told to whoever may play it.',
      query: [
        { name: 'stream', description: 'Only those of this stream, such as `live/movie`.', schema: { type: 'string' } },
        { name: 'from', description: 'Only those that end after this: Unix time in milliseconds.', schema: time },
        { name: 'to', description: 'Only those that begin before this: Unix time in milliseconds.', schema: time },
        {
          name: 'order',
          description: 'Which come first.',
          schema: { type: 'string', enum: ORDERS, default: 'oldest' },
        },
        ...paging,
      ],
      envelope: 'node',
      answer: z.object({ total: count, recordings: z.array(recording), running: z.array(running) }),
      example: { total: 1, recordings: [example], running: [{ stream: 'live/concert', trouble: '' }] },
      async handle(exchange) {
        const { url } = exchange;
        const name = url.searchParams.get('stream');
        const isAdmin = await admit(services, exchange, name === null ? undefined : readStream(name));
        const all = context.recordings.list().filter(chosenBy(url));
        return {
          total: all.length,
          recordings: page(isNewestFirst(url) ? all.toReversed() : all, url).map(describe),
          running: isAdmin ? Array.from(context.recordings.running, describeRunning) : [],
        };
      },
    }),
    operation({
      method: 'GET',
      path: `${path}/{id}`,
      group,
      open: 'decides',
      summary: 'One recording; with `record.access: play` for whoever may play the stream.',
      envelope: 'node',
      answer: z.object({ recording }),
      example: { recording: example },
      errors: { 404: 'There is no such recording.' },
      async handle(exchange) {
        const found = context.recordings.find(exchange.params.id!);
        await admit(services, exchange, found?.path);
        if (!found) throw new ApiError(404, 'there is no such recording');
        return { recording: describe(found) };
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
        context.recordings.start(readStream(stream));
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
        const isStopped = context.recordings.stop(readStream(url.searchParams.get('stream') ?? ''));
        if (!isStopped) throw new ApiError(404, 'this stream is not being recorded');
        return {};
      },
    }),
  ];
}

function chosenBy({ searchParams }: URL): (recording: Recording) => boolean {
  const name = searchParams.get('stream');
  const path = name === null ? undefined : readStream(name);
  const [from, to] = [moment(searchParams, 'from', 0), moment(searchParams, 'to', Number.MAX_SAFE_INTEGER)];
  return (each) => (path === undefined || each.path === path) && each.ended >= from && each.began <= to;
}

function isNewestFirst({ searchParams }: URL): boolean {
  const order = searchParams.get('order') ?? 'oldest';
  if (!ORDERS.includes(order)) throw new ApiError(400, 'order must be oldest or newest');
  return order === 'newest';
}

function moment(parameters: URLSearchParams, name: string, fallback: number): number {
  const text = parameters.get(name) ?? String(fallback);
  if (!/^\d{1,16}$/.test(text)) throw new ApiError(400, `${name} must be Unix time in milliseconds`);
  return Number(text);
}

function describeRunning([path, { trouble = '' }]: [string, { readonly trouble: string | undefined }]) {
  return { stream: describePath(path), trouble };
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
    playlist: each.format === 'fmp4' ? `/recordings/${each.id}/index.m3u8` : '',
  };
}
