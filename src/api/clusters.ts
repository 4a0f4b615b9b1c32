import { z } from 'zod';
import { isLoopback } from '../access/loopback.ts';
import { RefusedError } from '../base/errors.ts';
import { type StreamPath, streamPath } from '../hub/path.ts';
import { ApiError } from './error.ts';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';

const origin = z.object({
  ip: z.string(),
  port: z.int(),
  vhost: z.string(),
  api: z.string().describe('As the one who asks calls this API.'),
  routers: z.array(z.string()).describe('By whom the answer came.'),
});

const query = z.object({ ip: z.string(), vhost: z.string(), app: z.string(), stream: z.string() });

const text = { type: 'string' };
const HOST = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]{1,253}))(?::\d{1,5})?$/;

const example = {
  query: { ip: '192.0.2.4', vhost: '__defaultVhost__', app: 'live', stream: 'movie' },
  origin: {
    ip: '192.0.2.4',
    port: 1935,
    vhost: '__defaultVhost__',
    api: '192.0.2.4:1985',
    routers: ['192.0.2.4:1985'],
  },
};

/** `/api/v1/clusters`: where a stream is, as the origins of an SRS cluster ask each other. */
export function clusters(services: Services): Operation[] {
  const { context } = services;
  return [
    operation({
      method: 'GET',
      path: '/api/v1/clusters',
      group: 'Streams',
      summary:
        'Whether a stream is published here, and where it is played: asked by the other origins of a cluster of SRS.',
      // They have no token; nobody else asks.
      ...(context.config.cluster.coworkers.length > 0 && { open: true as const }),
      query: [
        { name: 'vhost', description: 'The virtual host of the stream.', schema: text },
        { name: 'app', description: 'Its app.', schema: text },
        { name: 'stream', description: 'Its name.', schema: text },
        { name: 'ip', description: 'The host that a player asked.', schema: text },
        { name: 'coworker', description: 'This API, as the one who asks calls it.', schema: text },
      ],
      envelope: 'code',
      answer: z.object({ data: z.object({ query, origin: origin.nullable() }) }),
      example: { data: example },
      async handle({ url }) {
        const asked = query.parse(
          Object.fromEntries(['ip', 'vhost', 'app', 'stream'].map((name) => [name, url.searchParams.get(name) ?? ''])),
        );
        const { vhost } = asked;
        const port = services.rtmpPort;
        // One that was fetched from elsewhere is not told of: two who fetch from each other would never find out that it has ended.
        const isHere = port !== undefined && (await services.survey.publishes(pathOf(asked)));
        if (!isHere) return { data: { query: asked, origin: null } };
        const api = url.searchParams.get('coworker') ?? '';
        return { data: { query: asked, origin: { ip: reachedAt(api, asked.ip), port, vhost, api, routers: [api] } } };
      },
    }),
  ];
}

function pathOf({ vhost, app, stream }: z.output<typeof query>): StreamPath {
  try {
    return streamPath(vhost, app, stream);
  } catch (error) {
    if (error instanceof RefusedError) throw new ApiError(400, error.message);
    throw error;
  }
}

/** The host at which players reach this server: that by which a coworker does, or on the same machine that by which they reach it. */
function reachedAt(coworker: string, ip: string): string {
  const [near, far] = [coworker, ip].map(hostIn);
  return near === '' || (isLoopback(near!) && far !== '') ? far! : near!;
}

function hostIn(address: string): string {
  const match = HOST.exec(address);
  return match?.[1] ?? match?.[2] ?? '';
}
