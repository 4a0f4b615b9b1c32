import type { Client, LiveStream, Recording } from '../src/api.ts';
import type { Explanation, Finding } from '../src/explain.ts';

/** A stream `live/{name}` as the API tells of it, with `change` made to it. */
export function liveStream(name: string, change: Partial<LiveStream> = {}): LiveStream {
  return {
    id: `id-${name}`,
    name,
    vhost: '__defaultVhost__',
    app: 'live',
    tcUrl: 'rtmp://127.0.0.1/live',
    live_ms: Date.now() - 754_000,
    clients: 3,
    kbps: { recv_30s: 2449, send_30s: 4898 },
    publish: { active: true, cid: 'c1' },
    video: { codec: 'H264', profile: 'High', level: '3.1', width: 1280, height: 720 },
    audio: { codec: 'AAC', profile: 'LC', sample_rate: 48_000, channel: 2 },
    ...change,
  };
}

/** A viewer of `live/{stream}` as the API tells of it, with `change` made to it. */
export function client(id: string, stream: string, change: Partial<Client> = {}): Client {
  return {
    id,
    stream: `id-${stream}`,
    ip: '192.0.2.17',
    type: 'flv-play',
    publish: false,
    alive: 91,
    send_bytes: 31_400_000,
    recv_bytes: 412,
    kbps: { recv_30s: 0, send_30s: 2449 },
    name: stream,
    url: `/live/${stream}`,
    pageUrl: '',
    ...change,
  };
}

/** A recording of `live/movie` as the API tells of it, with `change` made to it. */
export function recording(id: string, change: Partial<Recording> = {}): Recording {
  const from = Date.UTC(2027, 0, 15, 8);
  return {
    id,
    stream: 'live/movie',
    app: 'live',
    name: 'movie',
    format: 'fmp4',
    finished: true,
    from,
    to: from + 3_725_000,
    size: 1_802_240_000,
    missing_frames: 0,
    url: `/recordings/${id}`,
    playlist: `/recordings/${id}/index.m3u8`,
    ...change,
  };
}

/** What the API tells of `live/movie` when this is wrong with it. */
export function explanation(...findings: readonly Finding[]): Explanation {
  return {
    stream: 'live/movie',
    source: { type: 'publisher', client: 'c1', remote: '192.0.2.17' },
    measures: { seconds: 60, kbps: 2449, fps: 30, gop_s: 8.3, late_ms: 41, skew_ms: 12, drift_ms: 1, viewers: 2 },
    findings,
  };
}
