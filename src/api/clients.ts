import { z } from 'zod';
import type { ClientFilter } from './client-filter.ts';
import { ApiError, SRS_CODE } from './error.ts';
import { type Operation, operation, type Parameter } from './operation.ts';
import { lastOfPage, page, paging } from './paging.ts';
import type { Services } from './services.ts';
import { count, kbps } from './shapes.ts';

const client = z.object({
  id: z.string(),
  vhost: z.string().describe('The id of its virtual host.'),
  stream: z.string().describe('The id of its stream.'),
  ip: z.string(),
  pageUrl: z.string(),
  swfUrl: z.string(),
  tcUrl: z.string(),
  url: z.string(),
  name: z.string(),
  type: z.string().describe('Such as `fmle-publish`, `rtmp-play`, `flv-play`, `ws-flv-play`.'),
  publish: z.boolean(),
  alive: z.number().describe('Seconds since it came.'),
  send_bytes: count,
  recv_bytes: count,
  kbps,
});

const example: z.output<typeof client> = {
  id: '341w361a',
  vhost: 'vid-qjwz9kd31x',
  stream: 'vid-2pm2ufjbwz',
  ip: '192.0.2.17',
  pageUrl: '',
  swfUrl: '',
  tcUrl: 'rtmp://192.0.2.4/live',
  url: '/live/movie',
  name: 'movie',
  type: 'rtmp-play',
  publish: false,
  alive: 91.2,
  send_bytes: 31_400_000,
  recv_bytes: 0,
  kbps: { recv_30s: 0, send_30s: 2449 },
};

const LONGEST = 200;

const filtering: readonly Parameter[] = [
  { name: 'stream', description: 'Those of one stream: its id.', schema: { type: 'string' } },
  {
    name: 'role',
    description: 'Those who publish, or those who play.',
    schema: { type: 'string', enum: ['publish', 'play'] },
  },
  {
    name: 'text',
    description: 'Those in whose id, address, protocol or stream this stands, in capitals or not.',
    schema: { type: 'string', maxLength: LONGEST },
  },
];

const absent = { 404: 'There is no such client: code 2049.' };

/** `/api/v1/clients`, one of them, and its end. */
export function clients({ survey }: Services): Operation[] {
  const [path, group] = ['/api/v1/clients/{id}', 'Clients'];
  return [
    operation({
      method: 'GET',
      path: '/api/v1/clients',
      group,
      summary: 'All who publish or play.',
      query: [...paging, ...filtering],
      envelope: 'node',
      answer: z.object({ total: count.describe('Of those that fit.'), clients: z.array(client) }),
      example: { total: 1, clients: [example] },
      async handle({ url }) {
        const { total, clients } = await survey.clients(lastOfPage(url), readFilter(url));
        return { total, clients: [...page(clients, url)] };
      },
    }),
    operation({
      method: 'GET',
      path,
      group,
      summary: 'One who publishes or plays.',
      envelope: 'node',
      answer: z.object({ client }),
      example: { client: example },
      errors: absent,
      async handle({ params }) {
        const client = await survey.client(params.id!);
        if (!client) throw absentClient();
        return { client };
      },
    }),
    operation({
      method: 'DELETE',
      path,
      group,
      summary: 'Closes a connection. A publisher may come back.',
      envelope: 'node',
      answer: z.object({}),
      example: {},
      errors: absent,
      async handle({ params }) {
        if (!(await survey.kick(params.id!))) throw absentClient();
        return {};
      },
    }),
  ];
}

function absentClient(): ApiError {
  return new ApiError(404, 'there is no such client', SRS_CODE.noClient);
}

/** An empty parameter is none. */
function readFilter({ searchParams }: URL): ClientFilter {
  const [stream, role, text] = ['stream', 'role', 'text'].map((name) => searchParams.get(name) ?? '') as [
    string,
    string,
    string,
  ];
  if (role !== '' && role !== 'publish' && role !== 'play') throw new ApiError(400, 'role must be publish or play');
  if (text.length > LONGEST) throw new ApiError(400, `text must have at most ${LONGEST} characters`);
  return {
    ...(stream !== '' && { stream }),
    ...(role !== '' && { role }),
    ...(text !== '' && { text: text.toLowerCase() }),
  };
}
