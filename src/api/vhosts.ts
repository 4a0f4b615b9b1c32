import { z } from 'zod';
import { DEFAULT_VHOST, parsePath } from '../hub/path.ts';
import type { Stream } from '../hub/stream.ts';
import { ApiError, SRS_CODE } from './error.ts';
import { vhostId } from './identity.ts';
import { count, kbps, type Operation, operation } from './operation.ts';
import { page, paging } from './paging.ts';
import type { Services } from './services.ts';

const vhost = z.object({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  clients: count.describe('Viewers and publishers.'),
  streams: count,
  send_bytes: count.describe('Of the streams that there are now.'),
  recv_bytes: count,
  kbps,
  hls: z.object({ enabled: z.boolean() }),
});

const example: z.output<typeof vhost> = {
  id: 'vid-qjwz9kd31x',
  name: '__defaultVhost__',
  enabled: true,
  clients: 3,
  streams: 1,
  send_bytes: 42_074_112,
  recv_bytes: 21_037_056,
  kbps: { recv_30s: 2449, send_30s: 4898 },
  hls: { enabled: false },
};

/** `/api/v1/vhosts` and one of them. */
export function vhosts(services: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/vhosts',
      group: 'Streams',
      summary: 'The virtual hosts: the default one, and all others that have streams.',
      query: paging,
      envelope: 'node',
      answer: z.object({ vhosts: z.array(vhost) }),
      example: { vhosts: [example] },
      handle: ({ url }) => ({ vhosts: page(list(services), url).map((each) => describe(services, each)) }),
    }),
    operation({
      method: 'GET',
      path: '/api/v1/vhosts/{id}',
      group: 'Streams',
      summary: 'One virtual host.',
      envelope: 'node',
      answer: z.object({ vhost }),
      example: { vhost: example },
      errors: { 404: 'There is no such virtual host: code 2014.' },
      handle: ({ params }) => ({ vhost: describe(services, find(list(services), params.id!)) }),
    }),
  ];
}

interface Vhost {
  readonly name: string;
  readonly streams: readonly Stream[];
}

function list({ context }: Services): Vhost[] {
  const byName = new Map<string, Stream[]>([[DEFAULT_VHOST, []]]);
  for (const stream of context.hub.streams) {
    const { vhost: name } = parsePath(stream.path);
    const present = byName.get(name);
    if (present) present.push(stream);
    else byName.set(name, [stream]);
  }
  return Array.from(byName, ([name, streams]) => ({ name, streams }));
}

function find(all: readonly Vhost[], id: string): Vhost {
  const found = all.find(({ name }) => vhostId(name) === id);
  if (!found) throw new ApiError(404, 'there is no such virtual host', SRS_CODE.noVhost);
  return found;
}

function describe({ rates }: Services, { name, streams }: Vhost): z.output<typeof vhost> {
  const sum = (of: (stream: Stream) => number) => streams.reduce((total, stream) => total + of(stream), 0);
  const rate = (stream: Stream) => rates.of([stream.since, stream.counters]);
  return {
    id: vhostId(name),
    name,
    enabled: true,
    clients: sum(({ readers, publisher }) => readers.size + (publisher ? 1 : 0)),
    streams: streams.length,
    send_bytes: sum(({ counters }) => counters.bytesOut),
    recv_bytes: sum(({ counters }) => counters.bytesIn),
    kbps: { recv_30s: sum((stream) => rate(stream).recv_30s), send_30s: sum((stream) => rate(stream).send_30s) },
    hls: { enabled: false },
  };
}
