import { z } from 'zod';
import { MILLISECOND } from '../base/clock.ts';
import type { Hop, Trace, TracedSession } from '../hub/passage.ts';
import { describePath } from '../hub/path.ts';
import { clientType } from './client-report.ts';
import { delayShape, describeDelay } from './delay.ts';
import { ApiError, SRS_CODE } from './error.ts';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

const session = z.object({
  id: z.string(),
  type: z.string().describe('As in the list of clients.'),
  remote: z
    .string()
    .describe(
      'The address of the peer; where the node fetches, of whom, as `host:port` or as a URL without its scheme.',
    ),
  since_ms: count.describe('When it came: Unix time in milliseconds.'),
});

const hop = z.object({
  node: z.string().describe('The id of the node; empty where it has none.'),
  host: z.string().describe('The name of its machine.'),
  address: z.string().describe('Where the node before it in this list reaches it; empty for the one that was asked.'),
  sends: session.nullable().describe('Who is sent the stream; null where a publisher was asked for.'),
  gets: session.nullable().describe('From whom it comes; null while nobody publishes it.'),
  ...delayShape,
  loss: z
    .object({ packets: count, lost: count, residual: count })
    .nullable()
    .describe(
      'Packets that were to come to this node by UDP, lost on the way, and still missing when their time came; null by TCP.',
    ),
});

const trace = z.object({
  session: z.string(),
  stream: z.string(),
  complete: z
    .boolean()
    .describe('Whether the last hop is that of the publisher, or of the server of another kind from which it comes.'),
  gap: z.string().describe('Why it is not known further; empty where it is complete.'),
  hops: z.array(hop).describe('From the node of the session to that of the publisher.'),
});

/** What the API answers. */
export type TraceAnswer = z.output<typeof trace>;

const [path, since_ms] = ['live/movie', 1_790_000_000_000];
const viewer = { id: '7x0k3m2q', type: 'flv-play', remote: '192.0.2.77', since_ms };
const fetching = { id: '5wd81hz0', type: 'relay-publish', remote: '192.0.2.4:4242', since_ms };
const sending = { id: 'u4n6t9ce', type: 'relay-play', remote: '192.0.2.9', since_ms };
const publisher = { id: '341w361a', type: 'fmle-publish', remote: '192.0.2.17', since_ms };
const far = { added_ms: 501.2, total_ms: 501.2, total_p99_ms: 503.9 };
const example: z.output<typeof trace> = {
  ...{ session: viewer.id, stream: path, complete: true, gap: '' },
  hops: [
    {
      ...{ node: '9d02e5b1c3f84a6e7720', host: 'edge-3', address: '', sends: viewer, gets: fetching, ...far },
      loss: { packets: 25_311, lost: 2530, residual: 0 },
    },
    {
      ...{ node: '5f0c1d6e9ab24c7f8e31', host: 'origin-a', address: '192.0.2.4:4242', sends: sending, gets: publisher },
      ...{ added_ms: 0, total_ms: 0, total_p99_ms: 0, loss: null },
    },
  ],
};

/** `/api/v1/trace` */
export function traces({ context, survey }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/trace/{id}',
      group: 'Clients',
      summary:
        'The way of what a client plays or publishes, node by node back to the publisher. In a cluster any node may be asked.',
      envelope: 'node',
      answer: z.object({ trace }),
      example: { trace: example },
      errors: { 404: 'No node that could be asked has such a client: code 2049.', 504: 'The way is not told in time.' },
      async handle({ params }) {
        const id = params.id!;
        const own = await survey.trace(id);
        if (own) return { trace: describeTrace(id, own) };
        if (await survey.client(id)) throw new ApiError(504, 'the way is not told in time');
        const { trace: found, unasked = 0 } = (await context.cluster?.trace(id)) ?? {};
        if (found) return { trace: describeTrace(id, found) };
        throw new ApiError(404, absent(id, unasked), SRS_CODE.noClient);
      },
    }),
  ];
}

function absent(id: string, unasked: number): string {
  const silent = unasked === 0 ? '' : `; ${unasked} of the cluster's nodes could not be asked`;
  return `no client has the id ${id}${silent}`;
}

function describeTrace(id: string, { path: traced, hops, gap }: Trace): z.output<typeof trace> {
  return {
    session: id,
    stream: describePath(traced),
    complete: gap === undefined,
    gap: gap ?? '',
    hops: hops.map(describeHop),
  };
}

function describeHop({ node, host, address, sends, gets, delay, loss }: Hop): z.output<typeof hop> {
  return {
    ...{ node, host, address },
    sends: sends ? describeSession(sends, 'play') : null,
    gets: gets ? describeSession(gets, 'publish') : null,
    ...describeDelay(delay),
    loss: loss ?? null,
  };
}

function describeSession({ id, protocol, remote, since }: TracedSession, role: 'publish' | 'play') {
  return { id, type: clientType(protocol, role), remote, since_ms: Math.floor(since / MILLISECOND) };
}
