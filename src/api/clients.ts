import { z } from 'zod';
import { RefusedError } from '../base/errors.ts';
import { parsePath } from '../hub/path.ts';
import type { Session } from '../hub/session.ts';
import { ApiError, SRS_CODE } from './error.ts';
import { streamId, vhostId } from './identity.ts';
import { count, kbps, type Operation, operation } from './operation.ts';
import { page, paging } from './paging.ts';
import type { Services } from './services.ts';
import { streamUrl, tcUrl } from './urls.ts';

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

/** What SRS calls them; others are called by their protocol. */
const TYPES: Readonly<Record<string, string>> = {
  'rtmp publish': 'fmle-publish',
  'http-flv play': 'flv-play',
};

const absent = { 404: 'There is no such client: code 2049.' };

/** `/api/v1/clients`, one of them, and its end. */
export function clients(services: Services): Operation[] {
  const { sessions } = services.context;
  const [path, group] = ['/api/v1/clients/{id}', 'Clients'];
  return [
    operation({
      method: 'GET',
      path: '/api/v1/clients',
      group,
      summary: 'All who publish or play.',
      query: paging,
      envelope: 'node',
      answer: z.object({ total: count, clients: z.array(client) }),
      example: { total: 1, clients: [example] },
      handle({ url }) {
        const all = [...sessions].filter(isClient);
        return { total: all.length, clients: page(all, url).map((each) => describe(services, each)) };
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
      handle: ({ params }) => ({ client: describe(services, find(services, params.id!)) }),
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
      handle({ params }) {
        find(services, params.id!).close(new RefusedError('kicked', 'closed by an administrator'));
        return {};
      },
    }),
  ];
}

/** A session that has said what it wants. */
type Client = Session & { readonly path: string; readonly role: 'publish' | 'play' };

function isClient(session: Session): session is Client {
  return session.path !== undefined && session.role !== undefined;
}

function find({ context }: Services, id: string): Client {
  const session = context.sessions.find(id);
  if (!session || !isClient(session)) throw new ApiError(404, 'there is no such client', SRS_CODE.noClient);
  return session;
}

function describe({ rates, context }: Services, session: Client): z.output<typeof client> {
  const { id, path, role, protocol, remote, since, detail, bytesIn, bytesOut } = session;
  const { vhost, name } = parsePath(path);
  return {
    id,
    vhost: vhostId(vhost),
    stream: streamId(path),
    ip: remote,
    pageUrl: detail.pageUrl ?? '',
    swfUrl: detail.swfUrl ?? '',
    tcUrl: tcUrl(path, session),
    url: streamUrl(path),
    name,
    type: TYPES[`${protocol} ${role}`] ?? `${protocol}-${role}`,
    publish: role === 'publish',
    alive: Math.round((context.clock.wall() - since) / 1000) / 1000,
    send_bytes: bytesOut,
    recv_bytes: bytesIn,
    kbps: rates.of([since, session]),
  };
}
