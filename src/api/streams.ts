import { z } from 'zod';
import { parsePath } from '../hub/path.ts';
import { streamId, vhostId } from '../net/identity.ts';
import { streamUrl, tcUrl } from '../net/stream-url.ts';
import { delayShape, describeDelay } from './delay.ts';
import { ApiError, SRS_CODE } from './error.ts';
import { audio, video } from './media.ts';
import { type Operation, operation } from './operation.ts';
import { page, paging } from './paging.ts';
import type { Services } from './services.ts';
import { count, kbps } from './shapes.ts';
import type { StreamReport } from './stream-report.ts';

const stream = z.object({
  id: z.string(),
  name: z.string(),
  vhost: z.string().describe('The id of its virtual host.'),
  app: z.string(),
  tcUrl: z.string(),
  url: z.string(),
  live_ms: count.describe('When it began: Unix time in milliseconds.'),
  clients: count.describe('Viewers, and the publisher.'),
  frames: count,
  audio_frames: count,
  video_frames: count,
  send_bytes: count,
  recv_bytes: count,
  kbps,
  publish: z.object({
    active: z.boolean().describe('False while it waits for its publisher to return.'),
    cid: z.string(),
  }),
  video: video.nullable(),
  audio: audio.nullable(),
  delay: z.object(delayShape).describe('How late it comes to this server from the one to which it is published.'),
});

const example: z.output<typeof stream> = {
  id: 'vid-2pm2ufjbwz',
  name: 'movie',
  vhost: 'vid-qjwz9kd31x',
  app: 'live',
  tcUrl: 'rtmp://192.0.2.4/live',
  url: '/live/movie',
  live_ms: 1_790_000_000_000,
  clients: 3,
  frames: 4310,
  audio_frames: 2586,
  video_frames: 1724,
  send_bytes: 42_074_112,
  recv_bytes: 21_037_056,
  kbps: { recv_30s: 2449, send_30s: 4898 },
  publish: { active: true, cid: '341w361a' },
  video: { codec: 'H264', profile: 'High', level: '3.1', width: 1280, height: 720 },
  audio: { codec: 'AAC', sample_rate: 48_000, channel: 2, profile: 'LC' },
  delay: { added_ms: 501.2, total_ms: 501.2, total_p99_ms: 503.9 },
};

/** `/api/v1/streams` and one of them. */
export function streams({ survey }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/streams',
      group: 'Streams',
      summary: 'All streams, those included that wait for their publisher to return.',
      query: paging,
      envelope: 'node',
      answer: z.object({ total: count, streams: z.array(stream) }),
      example: { total: 1, streams: [example] },
      async handle({ url }) {
        const all = await survey.streams();
        return { total: all.length, streams: page(all, url).map(describe) };
      },
    }),
    operation({
      method: 'GET',
      path: '/api/v1/streams/{id}',
      group: 'Streams',
      summary: 'One stream.',
      envelope: 'node',
      answer: z.object({ stream }),
      example: { stream: example },
      errors: { 404: 'There is no such stream: code 2048.' },
      async handle({ params }) {
        const found = await survey.stream(params.id!);
        if (!found) throw new ApiError(404, 'there is no such stream', SRS_CODE.noStream);
        return { stream: describe(found) };
      },
    }),
  ];
}

function describe(report: StreamReport): z.output<typeof stream> {
  const { path, since, clients, bytesIn, bytesOut, videoFrames, audioFrames, publisher } = report;
  const { vhost, app, name } = parsePath(path);
  return {
    id: streamId(path),
    name,
    vhost: vhostId(vhost),
    app,
    tcUrl: publisher?.tcUrl ?? tcUrl(path, undefined),
    url: streamUrl(path),
    live_ms: Math.floor(since / 1000),
    clients,
    frames: audioFrames + videoFrames,
    audio_frames: audioFrames,
    video_frames: videoFrames,
    send_bytes: bytesOut,
    recv_bytes: bytesIn,
    kbps: report.kbps,
    publish: { active: publisher !== null, cid: publisher?.id ?? '' },
    video: report.video,
    audio: report.audio,
    delay: describeDelay(report.delay ?? undefined),
  };
}
