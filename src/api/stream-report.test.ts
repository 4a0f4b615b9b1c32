import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeStreams, type StreamReport } from './stream-report.ts';

const report = (path: string, more: Partial<StreamReport> = {}): StreamReport => ({
  path,
  since: 10,
  clients: 0,
  bytesIn: 0,
  bytesOut: 0,
  videoFrames: 0,
  audioFrames: 0,
  kbps: { recv_30s: 0, send_30s: 0 },
  publisher: null,
  delay: null,
  video: null,
  audio: null,
  ...more,
});

test('what several workers know of a stream is one: numbers add up, and the publisher is where it is', () => {
  const publisher = { id: 'x', tcUrl: 'rtmp://host/live' };
  const audio = { codec: 'AAC', sample_rate: 48_000, channel: 2, profile: 'LC' };
  const merged = mergeStreams([
    report('v/a/1', { since: 20, clients: 3, bytesOut: 7, kbps: { recv_30s: 0, send_30s: 5 } }),
    report('v/a/2', { clients: 1 }),
    report('v/a/1', {
      since: 10,
      clients: 2,
      bytesIn: 4,
      bytesOut: 1,
      videoFrames: 2,
      audioFrames: 3,
      publisher,
      audio,
    }),
    report('v/a/1', { since: 30, kbps: { recv_30s: 2, send_30s: 1 } }),
  ]);
  assert.deepEqual(merged, [
    report('v/a/1', {
      ...{ clients: 5, bytesIn: 4, bytesOut: 8, videoFrames: 2, audioFrames: 3, publisher, audio },
      kbps: { recv_30s: 2, send_30s: 6 },
    }),
    report('v/a/2', { clients: 1 }),
  ]);
});
