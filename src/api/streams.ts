import { z } from 'zod';
import { parsePath } from '../hub/path.ts';
import type { Stream } from '../hub/stream.ts';
import type { AudioTrack, VideoTrack } from '../media/track.ts';
import { ApiError, SRS_CODE } from './error.ts';
import { streamId, vhostId } from './identity.ts';
import { audio, describeAudio, describeVideo, video } from './media.ts';
import { count, kbps, type Operation, operation } from './operation.ts';
import { page, paging } from './paging.ts';
import type { Services } from './services.ts';
import { streamUrl, tcUrl } from './urls.ts';

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
};

/** `/api/v1/streams` and one of them. */
export function streams(services: Services): Operation[] {
  const { hub } = services.context;
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
      handle({ url }) {
        const all = [...hub.streams];
        return { total: all.length, streams: page(all, url).map((each) => describe(services, each)) };
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
      handle: ({ params }) => ({ stream: describe(services, find(hub.streams, params.id!)) }),
    }),
  ];
}

function find(all: Iterable<Stream>, id: string): Stream {
  for (const each of all) if (streamId(each.path) === id) return each;
  throw new ApiError(404, 'there is no such stream', SRS_CODE.noStream);
}

function describe(
  { rates }: Services,
  { path, since, counters, publisher, readers, tracks }: Stream,
): z.output<typeof stream> {
  const { vhost, app, name } = parsePath(path);
  const [videoTrack, audioTrack] = [
    tracks.get('video') as VideoTrack | undefined,
    tracks.get('audio') as AudioTrack | undefined,
  ];
  return {
    id: streamId(path),
    name,
    vhost: vhostId(vhost),
    app,
    tcUrl: tcUrl(path, publisher?.session),
    url: streamUrl(path),
    live_ms: Math.floor(since / 1000),
    clients: readers.size + (publisher ? 1 : 0),
    frames: counters.audioFrames + counters.videoFrames,
    audio_frames: counters.audioFrames,
    video_frames: counters.videoFrames,
    send_bytes: counters.bytesOut,
    recv_bytes: counters.bytesIn,
    kbps: rates.of([since, counters]),
    publish: { active: publisher !== undefined, cid: publisher?.session.id ?? '' },
    video: videoTrack ? describeVideo(videoTrack) : null,
    audio: audioTrack ? describeAudio(audioTrack) : null,
  };
}
