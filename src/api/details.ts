import { z } from 'zod';
import type { StreamPath } from '../hub/path.ts';
import { ApiError, SRS_CODE } from './error.ts';
import { type Operation, operation } from './operation.ts';
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
export function details({ survey, context }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/streams/{id}/details',
      group: 'Streams',
      summary: 'What is measured of one stream, and its viewers by node and protocol.',
      envelope: 'node',
      answer: z.object({ detail: detail.nullable(), viewers: z.array(viewers) }),
      example: { detail: example, viewers: [{ node: '', self: true, protocol: 'http-flv', viewers: 12 }] },
      errors: { 404: 'There is no such stream: code 2048.' },
      async handle({ params }) {
        const path = (await survey.stream(params.id!))?.path;
        if (path === undefined) throw new ApiError(404, 'there is no such stream', SRS_CODE.noStream);
        const [detail, own, others] = await Promise.all([survey.detail(path), survey.viewers(path), elsewhere(path)]);
        const node = context.cluster?.nodeId ?? '';
        const here = Object.entries(own).map(([protocol, viewers]) => ({ node, self: true, protocol, viewers }));
        return { detail: detail ?? null, viewers: [...here, ...others] };
      },
    }),
  ];

  /** Other nodes do not tell by which protocol. */
  async function elsewhere(path: StreamPath): Promise<z.output<typeof viewers>[]> {
    const { cluster } = context;
    const reports = (await cluster?.survey([])) ?? [];
    return reports.flatMap(({ node: { id }, streams = [] }) => {
      const viewers = streams.find((each) => each.path === path)?.viewers ?? 0;
      return id === cluster?.nodeId || viewers === 0 ? [] : [{ node: id, self: false, protocol: '', viewers }];
    });
  }
}
