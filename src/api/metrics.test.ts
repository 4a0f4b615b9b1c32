import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ApiServer, PUBLISHED_BYTES, startApi, TOKEN } from '../../test/support/api-server.ts';
import { api } from './index.ts';

const path = (name: string) => `__defaultVhost__/live/${name}`;

/** The samples of a text in Prometheus' format: by name with labels. */
function parse(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

async function scrape(server: ApiServer): Promise<Map<string, number>> {
  const response = await server.fetch('/metrics', { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/);
  return parse(await response.text());
}

const start = (t: TestContext, streams = 100, access: 'admin' | 'open' = 'admin') =>
  startApi(t, [api({ access, streams })]);

test('the node has its numbers, and those of its process', async (t) => {
  const server = await start(t);
  await server.publish(path('movie'));
  server.play(path('movie'));
  server.play(path('movie'), 'ws-flv');
  Object.assign(server.context.pacer.counters, { bursts: 7, intervals: 3_500_000, spent: 250_000 });
  server.context.admission.refused = 4;
  const samples = await scrape(server);
  const expected: [name: string, value: number][] = [
    ['headwater_streams', 1],
    ['headwater_connections_refused_total', 4],
    ['headwater_received_bytes_total', PUBLISHED_BYTES],
    ['headwater_sent_bytes_total', 0],
    ['headwater_sessions{protocol="rtmp",role="publish"}', 1],
    ['headwater_sessions{protocol="http-flv",role="play"}', 1],
    ['headwater_sessions{protocol="ws-flv",role="play"}', 1],
    ['headwater_fanout_burst_seconds_sum', 3.5],
    ['headwater_fanout_burst_seconds_count', 7],
    ['headwater_fanout_busy_seconds_total', 0.25],
  ];
  for (const [name, value] of expected) assert.equal(samples.get(name), value, name);
  assert.ok(samples.get('headwater_connections')! >= 1);
  assert.ok(samples.get('headwater_process_resident_memory_bytes')! > 1e7);
  assert.ok(samples.has('headwater_process_cpu_seconds_total'));
  assert.ok(samples.has('headwater_nodejs_eventloop_lag_p99_seconds'));
});

test('where a number cannot be had, the answer is an error', async (t) => {
  const server = await start(t);
  t.mock.getter(server.context.admission, 'total', () => {
    throw new Error('nobody counts');
  });
  const response = await server.fetch('/metrics', { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(response.status, 500);
});

test('a stream has its numbers, and they go with it', async (t) => {
  const server = await start(t);
  const publisher = await server.publish(path('movie'));
  const stream = server.context.hub.find(path('movie'))!;
  stream.counters.keyframeInterval = 2_000_000;
  stream.counters.bytesOut = 5000;
  const slow = server.play(path('movie'));
  slow.session.skipped = 30;
  server.play(path('movie')).session.skipped = 2;
  slow.leave();
  const label = `stream="${path('movie')}"`;
  const samples = await scrape(server);
  const expected: [name: string, value: number][] = [
    [`headwater_stream_received_bytes_total{${label}}`, PUBLISHED_BYTES],
    [`headwater_stream_sent_bytes_total{${label}}`, 5000],
    [`headwater_stream_frames_total{${label},kind="video"}`, 1],
    [`headwater_stream_frames_total{${label},kind="audio"}`, 2],
    [`headwater_stream_skipped_frames_total{${label}}`, 32],
    [`headwater_stream_keyframe_interval_seconds{${label}}`, 2],
    [`headwater_stream_viewers{${label},protocol="http-flv"}`, 1],
    [`headwater_stream_delay_seconds{${label},quantile="0.5"}`, 0],
  ];
  for (const [name, value] of expected) assert.equal(samples.get(name), value, name);
  publisher.close(true);
  server.context.hub.close();
  const later = await scrape(server);
  assert.deepEqual(
    [...later.keys()].filter((name) => name.includes(path('movie'))),
    [],
  );
  assert.equal(later.get('headwater_received_bytes_total'), PUBLISHED_BYTES);
  assert.equal(later.get('headwater_sent_bytes_total'), 5000);
  assert.equal(later.get('headwater_streams'), 0);
});

test('only the streams with most viewers are shown one by one', async (t) => {
  const server = await start(t, 2);
  for (let i = 0; i < 5; i++) {
    await server.publish(path(`room${i}`));
    for (let viewers = 0; viewers < i; viewers++) server.play(path(`room${i}`));
  }
  const samples = await scrape(server);
  const shown = [...samples.keys()].filter((name) => name.startsWith('headwater_stream_received'));
  assert.deepEqual(
    shown,
    [path('room4'), path('room3'), 'other'].map(
      (stream) => `headwater_stream_received_bytes_total{stream="${stream}"}`,
    ),
  );
  assert.equal(samples.get('headwater_stream_received_bytes_total{stream="other"}'), 3 * PUBLISHED_BYTES);
  assert.equal(samples.get('headwater_stream_viewers{stream="other",protocol="http-flv"}'), 3);
});

test('the sum of the others never decreases when streams rise and fall, and counts nothing twice', async (t) => {
  const server = await start(t, 1);
  for (const name of ['a', 'b']) await server.publish(path(name));
  const other = async () => (await scrape(server)).get('headwater_stream_received_bytes_total{stream="other"}');
  const [a, b] = ['a', 'b'].map((name) => server.context.hub.find(path(name))!.counters);
  const first = server.play(path('a'));
  assert.equal(await other(), PUBLISHED_BYTES);
  server.play(path('b'));
  server.play(path('b'));
  b!.bytesIn += 100;
  assert.equal(await other(), PUBLISHED_BYTES, 'a falls with nothing new');
  a!.bytesIn += 10;
  b!.bytesIn += 1000;
  assert.equal(await other(), PUBLISHED_BYTES + 10, 'a is among the others');
  first.leave();
  server.context.hub.find(path('a'))!.publisher!.close(true);
  server.context.hub.close();
  assert.equal(await other(), PUBLISHED_BYTES + 10, 'all have ended');
});

test('metrics are open to all where that is configured', async (t) => {
  const server = await start(t, 0, 'open');
  const response = await server.fetch('/metrics');
  assert.equal(response.status, 200);
  assert.ok(parse(await response.text()).has('headwater_streams'));
});

test('how late a stream comes here is told where it is known', async (t) => {
  const server = await start(t);
  await server.publish(path('movie'));
  const stream = server.context.hub.find(path('movie'))!;
  stream.mirrored = { token: 1, next: 0, floor: 0, needsKeyframe: false, isInner: false };
  const names = (samples: Map<string, number>) => [...samples].filter(([name]) => name.includes('_delay_seconds{'));
  assert.deepEqual(names(await scrape(server)), []);
  const delay = { total: { p50: 700_000, p99: 710_000 }, added: 500_000 };
  const follow = () => Promise.reject(new Error('not here'));
  stream.publisher!.session.passage = { ahead: 0, delay, loss: undefined, isInner: false, follow };
  const label = `stream="${path('movie')}"`;
  assert.deepEqual(names(await scrape(server)), [
    [`headwater_stream_delay_seconds{${label},quantile="0.5"}`, 0.7],
    [`headwater_stream_delay_seconds{${label},quantile="0.99"}`, 0.71],
    [`headwater_stream_added_delay_seconds{${label}}`, 0.5],
  ]);
  const [{ delay: told }] = (await server.get('/api/v1/streams')).streams;
  assert.deepEqual(told, { added_ms: 500, total_ms: 700, total_p99_ms: 710 });
});
