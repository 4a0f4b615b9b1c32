import { z } from 'zod';
import { describePath } from '../hub/path.ts';
import type { RouteReport } from '../net/routes.ts';
import { type Operation, operation } from './operation.ts';
import { page, paging } from './paging.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

const route = z.object({
  from: z.string().describe('A pattern of streams of this server, or a URL; secrets are masked.'),
  to: z.string().describe('A URL, or a stream of this server.'),
  stream: z.string().describe('The stream of this server; empty for a pattern that no stream fits at present.'),
  state: z
    .enum(['waiting', 'connecting', 'running', 'retrying'])
    .describe('Waiting for a stream that fits, looking for the far end, at work, or pausing before the next attempt.'),
  client: z.string().describe('The id of the client that does the work; empty while nobody does.'),
  reconnects: count.describe('How often it was begun again.'),
  reason: z.string().describe('Why it ended the last time; empty when it never did.'),
});

const example: z.output<typeof route> = {
  from: 'live/*',
  to: 'rtmp://192.0.2.9/live/movie',
  stream: 'live/movie',
  state: 'running',
  client: '341w361a',
  reconnects: 1,
  reason: 'the peer closed the connection',
};

/** `/api/v1/routes` */
export function routes({ context, survey }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/routes',
      group: 'Streams',
      summary: 'What is pushed to other servers and fetched from them, and how that is going.',
      query: paging,
      envelope: 'node',
      answer: z.object({ total: count, routes: z.array(route) }),
      example: { total: 1, routes: [example] },
      async handle({ url }) {
        const all = [...context.routes];
        const publishers = new Map<string, string>();
        for (const { path, publisher } of await survey.streams()) if (publisher) publishers.set(path, publisher.id);
        return { total: all.length, routes: page(all, url).map((each) => describe(each, publishers)) };
      },
    }),
  ];
}

/** What ffmpeg fetches may be published to any worker. */
function describe(
  { path, session, ...report }: RouteReport,
  publishers: ReadonlyMap<string, string>,
): z.output<typeof route> {
  const publisher = report.state === 'running' ? publishers.get(path ?? '') : undefined;
  return { ...report, stream: path === undefined ? '' : describePath(path), client: session ?? publisher ?? '' };
}
