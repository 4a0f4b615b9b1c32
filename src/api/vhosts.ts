import { z } from 'zod';
import { DEFAULT_VHOST, parsePath } from '../hub/path.ts';
import { vhostId } from '../net/identity.ts';
import { ApiError, SRS_CODE } from './error.ts';
import { type Operation, operation } from './operation.ts';
import { page, paging } from './paging.ts';
import type { Services } from './services.ts';
import { count, kbps } from './shapes.ts';
import { type StreamReport, sumOfRates } from './stream-report.ts';

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
export function vhosts({ survey }: Services): Operation[] {
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
      handle: async ({ url }) => ({ vhosts: page(list(await survey.streams()), url).map(describe) }),
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
      handle: async ({ params }) => ({ vhost: describe(find(list(await survey.streams()), params.id!)) }),
    }),
  ];
}

interface Vhost {
  readonly name: string;
  readonly streams: readonly StreamReport[];
}

function list(streams: readonly StreamReport[]): Vhost[] {
  const byName = new Map<string, StreamReport[]>([[DEFAULT_VHOST, []]]);
  for (const stream of streams) {
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

function describe({ name, streams }: Vhost): z.output<typeof vhost> {
  const sum = (of: (stream: StreamReport) => number) => streams.reduce((total, stream) => total + of(stream), 0);
  return {
    id: vhostId(name),
    name,
    enabled: true,
    clients: sum(({ clients }) => clients),
    streams: streams.length,
    send_bytes: sum(({ bytesOut }) => bytesOut),
    recv_bytes: sum(({ bytesIn }) => bytesIn),
    kbps: sumOfRates(streams.map((stream) => stream.kbps)),
    hls: { enabled: false },
  };
}
