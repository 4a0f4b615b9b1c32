import { z } from 'zod';
import type { StreamPath } from '../hub/path.ts';
import type { Watching } from '../hub/session.ts';
import type { Surveyed } from '../net/cluster.ts';
import { sumOfWatching } from '../net/watching.ts';
import { ApiError, SRS_CODE } from './error.ts';
import { type Operation, operation } from './operation.ts';
import type { Outlook } from './outlook.ts';
import type { Services } from './services.ts';
import { count } from './shapes.ts';

const track = z.object({
  kind: z.enum(['video', 'audio']),
  codec: z.string(),
  profile: z.string(),
  form: z.string().describe('Size of the picture, or sampling rate and channels.'),
  frames_per_second: z.number().nonnegative(),
  kbps: count,
});

const detail = z.object({
  tracks: z.array(track).readonly().describe('As the frames in memory show them.'),
  gop_ms: count.describe('Between the last two key frames.'),
  silent_ms: count.nullable().describe('Since the last frame.'),
  window_ms: count.describe('What of it is in memory.'),
  window_bytes: count,
  publishes: count.describe('How often a publisher has begun on it.'),
  backups: count.describe('Publishers that stand by.'),
  jumps: count.describe('Jumps of the timestamps that were mended.'),
  undecodable: count.describe('Frames dropped because they came before the key frame that they need.'),
  skipped: count.describe('Frames that slow viewers missed.'),
  publisher: z.object({ client: z.string(), ip: z.string(), protocol: z.string(), encoder: z.string() }).nullable(),
});

const viewers = z.object({
  node: z.string().describe('The id of the node; empty for a node that is in no cluster.'),
  name: z.string().describe('What it is called in the list of lines; empty where it has no name.'),
  self: z.boolean(),
  protocol: z.string().describe('Empty where the node does not tell.'),
  viewers: count,
});

const example: z.output<typeof detail> = {
  tracks: [
    { kind: 'video', codec: 'H264', profile: 'High', form: '1280×720', frames_per_second: 30, kbps: 2320 },
    { kind: 'audio', codec: 'AAC', profile: 'LC', form: '48 kHz × 2', frames_per_second: 46.88, kbps: 128 },
  ],
  gop_ms: 2000,
  silent_ms: 8,
  window_ms: 2900,
  window_bytes: 901_120,
  publishes: 1,
  backups: 0,
  jumps: 0,
  undecodable: 0,
  skipped: 0,
  publisher: { client: '341w361a', ip: '192.0.2.17', protocol: 'rtmp', encoder: 'Lavf60.16.100' },
};

/** `/api/v1/streams/{id}/details` */
export function details({ survey, outlooks, context }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/streams/{id}/details',
      group: 'Streams',
      summary: 'What is measured of one stream, and its viewers by node and protocol.',
      envelope: 'node',
      answer: z.object({ detail: detail.nullable(), viewers: z.array(viewers) }),
      example: { detail: example, viewers: [{ node: '', name: '', self: true, protocol: 'http-flv', viewers: 12 }] },
      errors: { 404: 'There is no such stream: code 2048.' },
      async handle({ params }) {
        const path = (await survey.stream(params.id!))?.path;
        if (path === undefined) throw new ApiError(404, 'there is no such stream', SRS_CODE.noStream);
        const [detail, outlook] = await Promise.all([survey.detail(path), outlooks.ask({ watching: path })]);
        return { detail: detail ?? null, viewers: viewersIn(outlook, path, context.cluster?.nodeId ?? '') };
      },
    }),
  ];
}

/** Who watches at which node by which protocol; this node first. */
function viewersIn({ own, nodes }: Outlook, path: StreamPath, self: string): z.output<typeof viewers>[] {
  const names = new Map(nodes.map(({ node: { id, front } }) => [id, front?.name ?? '']));
  const others = nodes.filter(({ node }) => node.id !== self);
  const told = others.flatMap(({ node: { id }, answer }) => answer?.watching ?? [wholeOf(answer, path, id)]);
  const rows = sumOfWatching([...(own.watching ?? []), ...told]);
  return rows
    .map(({ node, ...row }) => ({ node, name: names.get(node) ?? '', self: node === self, ...row }))
    .sort((a, b) => Number(b.self) - Number(a.self));
}

/** A node of an older version tells how many watch each of its streams. */
function wholeOf(answer: Surveyed | undefined, path: StreamPath, node: string): Watching {
  return { node, protocol: '', viewers: answer?.streams.find((each) => each.path === path)?.viewers ?? 0 };
}
