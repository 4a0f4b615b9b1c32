import { z } from 'zod';
import type { Action } from '../access/gate.ts';
import { RefusedError } from '../base/errors.ts';
import type { LinesWish } from '../net/dispatch.ts';
import type { Exchange } from '../net/http.ts';
import { refusalOf } from '../net/http-refusal.ts';
import { askedHost, shownBy } from '../net/http-shown.ts';
import { readJson } from './body.ts';
import { ApiError } from './error.ts';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';
import { readStream } from './urls.ts';

const [MOST, LONGEST] = [32, 256];
const name = z.string().max(LONGEST);
const names = z.array(name).max(MOST);

const wish = z.object({
  stream: name.describe('Such as `live/movie`.'),
  viewer: name.default('').describe('Who asks: whoever asks again is counted once.'),
  protocols: names.default([]).describe('Those that can be used, the dearest first; all where it is absent.'),
  exclude: names.default([]).describe('Ids of nodes that are not wanted unless there is no other.'),
  region: name.default('').describe('Where the viewer is.'),
  probes: z
    .record(name, z.number().min(0).max(60_000))
    .default({})
    .describe('How far away nodes were found to be, by id: milliseconds there and back.'),
  reserve: z.boolean().default(true).describe('Whether a place is kept at the first one, for ten seconds.'),
});

const line = z.object({
  id: z.string().describe('Node and protocol.'),
  node: z.string(),
  name: z.string(),
  region: z.string(),
  protocol: z.string().describe('http-flv, ws-flv, ll-hls, hls or rtmp.'),
  url: z.string().describe('Relative to this server where it is at this server.'),
  delay_ms: z.number().nonnegative().describe('How late what comes by it is expected to be.'),
  load: z.number().nonnegative().describe('1 is all that the node can do.'),
  has_stream: z.boolean().describe('Whether the node has the stream already.'),
});

const node = '9d02e5b1c3f84a6e7720';
const common = { node, name: 'edge-1.example.com', region: 'east' };
const example: z.output<typeof line> = {
  ...{ id: `${node}/http-flv`, ...common, protocol: 'http-flv' },
  url: 'https://edge-1.example.com/live/movie.flv?line=7jD2mR4t9cQ8xZ1k',
  ...{ delay_ms: 500, load: 0.34, has_stream: true },
};
const events = '/api/v1/lines/events?stream=live%2Fmovie&line=7jD2mR4t9cQ8xZ1k';
const ingestExample = {
  ...{ ...example, id: `${node}/rtmp`, protocol: 'rtmp', delay_ms: 0, has_stream: false },
  url: 'rtmp://origin-1.example.com:1935/live/movie?key=…&line=7jD2mR4t9cQ8xZ1k',
};

const group = 'Lines';
const errors = {
  400: 'The body is not as described.',
  403: 'Who asks may not play the stream.',
  413: 'The body is larger than 1 MiB.',
  503: 'No node has a place.',
};
const text = { type: 'string' };
/** What of a query is the API's own: all else goes along with the URLs. */
const OWN = ['stream', 'viewer', 'protocols', 'exclude', 'region', 'reserve'];

/** `/api/v1/lines` and `/api/v1/ingest-lines`: which way to watch or publish a stream. */
export function lines(services: Services): Operation[] {
  const { dispatch } = services.context;
  const like = '{"stream": "live/movie"}';
  const watching = async (asked: LinesWish) => {
    const { lines: found, events: where } = await refusable(() => dispatch.lines(asked));
    return { lines: [...found], events: where };
  };
  return [
    operation({
      ...{ method: 'POST', path: '/api/v1/lines', group, open: 'decides' },
      summary: 'The ways to watch a stream, best first; what stands in the query goes along with their URLs.',
      body: wish,
      ...{ envelope: 'code', answer: z.object({ lines: z.array(line), events: eventsShape() }) },
      example: { lines: [example], events },
      errors,
      handle: async (exchange) => {
        const asked = await admitted(services, exchange, 'play', await readJson(exchange.request, wish, like));
        return watching(asked);
      },
    }),
    operation({
      ...{ method: 'GET', path: '/api/v1/lines', group, open: 'decides' },
      summary: 'The same, for simple callers; all else in the query goes along with the URLs.',
      query: [
        { name: 'stream', description: 'Such as `live/movie`.', schema: text },
        { name: 'viewer', description: 'Who asks.', schema: text },
        { name: 'protocols', description: 'Those that can be used, with commas between them.', schema: text },
        { name: 'exclude', description: 'Ids of nodes that are not wanted.', schema: text },
        { name: 'region', description: 'Where the viewer is.', schema: text },
        { name: 'reserve', description: 'false where no place is to be kept.', schema: { type: 'boolean' } },
      ],
      ...{ envelope: 'code', answer: z.object({ lines: z.array(line), events: eventsShape() }) },
      example: { lines: [example], events },
      errors,
      handle: async (exchange) => {
        const asked = await admitted(services, exchange, 'play', readQuery(exchange.url.searchParams));
        return watching(asked);
      },
    }),
    operation({
      ...{ method: 'POST', path: '/api/v1/ingest-lines', group, open: 'decides' },
      summary:
        'The ways to publish a stream, best first; what stands in the query (`key=…`) goes along with their URLs.',
      body: wish,
      ...{ envelope: 'code', answer: z.object({ lines: z.array(line) }) },
      example: { lines: [ingestExample] },
      errors: { ...errors, 403: 'Who asks may not publish the stream.' },
      handle: async (exchange) => {
        const asked = await admitted(services, exchange, 'publish', await readJson(exchange.request, wish, like));
        return refusable(async () => ({ lines: [...(await dispatch.ingestLines(asked))] }));
      },
    }),
  ];
}

function eventsShape(): z.ZodString {
  return z.string().describe('Server-sent events `move` and `lines`, relative to this server; see docs/lines.md.');
}

/** What is asked, once it is clear that who asks may do that. Any page may ask. */
async function admitted(
  { context }: Services,
  exchange: Exchange,
  action: Action,
  { stream, ...asked }: z.output<typeof wish>,
): Promise<LinesWish> {
  const { url, request, response } = exchange;
  response.setHeader('access-control-allow-origin', '*');
  const path = readStream(stream);
  await refusable(() => context.access.may({ action, path, isEnquiry: true, ...shownBy(exchange) }));
  return { ...asked, path, query: withoutOwn(url), host: askedHost(request) };
}

function withoutOwn({ search, searchParams }: URL): string {
  if (search === '') return '';
  for (const name of OWN) searchParams.delete(name);
  return searchParams.toString();
}

function readQuery(query: URLSearchParams): z.output<typeof wish> {
  const list = (name: string) => (query.get(name) ?? '').split(',').filter((each) => each !== '');
  const given = Object.fromEntries(['stream', 'viewer', 'region'].map((name) => [name, query.get(name) ?? '']));
  const lists = { protocols: list('protocols'), exclude: list('exclude') };
  const { success, data } = wish.safeParse({ ...given, ...lists, reserve: query.get('reserve') !== 'false' });
  if (!success) throw new ApiError(400, 'a parameter is too long');
  return data;
}

/** What is refused is told in the API's own form. */
export async function refusable<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw new ApiError(refusalOf(error).status, error.message);
  }
}
