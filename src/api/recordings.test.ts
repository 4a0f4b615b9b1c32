import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { startApi, TOKEN } from '../../test/support/api-server.ts';
import { RefusedError } from '../base/errors.ts';
import { checkPlaylist } from '../container/hls/check.ts';
import type { Outline, Recording, RecordingContent, Recordings } from '../hub/recordings.ts';
import { api } from './index.ts';

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => i);
const SECTION = { at: 100, size: 300, time: 1_800_000_000_000_000, duration: 4_000_000, isAfterBreak: false };
const OUTLINE: Outline = {
  opening: 100,
  sections: [SECTION, { ...SECTION, at: 400, size: 600, time: 1_800_000_010_000_000, isAfterBreak: true }],
  isFinished: true,
};
const authorization = `Bearer ${TOKEN}`;
const PATH = '__defaultVhost__/live/movie';

const recording = (id: string, path: string, began: number): Recording => ({
  id,
  file: `live/${id}.flv`,
  path,
  format: 'flv',
  isFinished: true,
  began,
  ended: began + 1000,
  size: BYTES.length,
  video: 25,
  audio: 50,
  missing: 0,
});
const all = [
  recording('one', PATH, 1000),
  recording('two', 'a.example/live/movie', 3000),
  recording('three', PATH, 5000),
];

class FakeRecordings implements Recordings {
  access: Recordings['access'] = 'admin';
  readonly counters = { bytes: 7, finished: 3, recovered: 0, removed: 0, missed: 2, troubles: 1 };
  readonly running = new Map([
    [PATH, { trouble: 'ENOSPC' }],
    ['a.example/live/x', { trouble: undefined }],
  ]);
  readonly asked: string[] = [];

  list = () => all;
  find = (id: string) => all.find((each) => each.id === id);
  start = (path: string) => void this.asked.push(`start ${path}`);
  stop = (path: string) => this.asked.push(`stop ${path}`) > 0 && path === PATH;
  outlined = OUTLINE;
  outline = async () => this.outlined;
  content = async () => contentOf(BYTES);
  cut = async (id: string, from: number, to: number) => {
    this.asked.push(`cut ${id} ${from} ${to}`);
    if (from > 100) throw new RefusedError('not-found', 'nothing is there');
    return contentOf(BYTES.subarray(0, 10));
  };
}

function contentOf(bytes: Uint8Array): RecordingContent {
  return {
    size: bytes.length,
    type: 'video/x-flv',
    async *read(from, to) {
      for (let at = from; at < to; at += 300) yield bytes.subarray(at, Math.min(to, at + 300));
    },
  };
}

const server = await startApi({ after }, [api({ access: 'admin', streams: 10 })], { listenHost: '0.0.0.0' });
const real = server.context.recordings;
let fake = new FakeRecordings();
beforeEach(() => {
  fake = new FakeRecordings();
  Object.assign(server.context, { recordings: fake });
});

type Asked = { readonly method?: string; readonly body?: string; readonly headers?: Readonly<Record<string, string>> };
const ask = (path: string, init: Asked = {}) =>
  server.fetch(path, { ...init, headers: { authorization, ...init.headers } });
const ids = async (query: string) =>
  (await server.get(`/api/v1/recordings${query}`)).recordings.map(({ id }: { id: string }) => id).join();

const queries: [query: string, ids: string][] = [
  ['', 'one,two,three'],
  ['?stream=live/movie', 'one,three'],
  ['?stream=a.example/live/movie', 'two'],
  ['?from=2500', 'two,three'],
  ['?to=2500', 'one'],
  ['?from=2000&to=2000', 'one'],
  ['?start=1&count=1', 'two'],
  ['?order=newest&count=2', 'three,two'],
];
for (const [query, expected] of queries)
  test(`GET /api/v1/recordings${query} lists ${expected}`, async () => assert.equal(await ids(query), expected));

test('what is being recorded is listed with its trouble', async () => {
  assert.deepEqual((await server.get('/api/v1/recordings')).running, [
    { stream: 'live/movie', trouble: 'ENOSPC' },
    { stream: 'a.example/live/x', trouble: '' },
  ]);
});

test('recording is begun and ended by the path of a stream', async () => {
  const body = JSON.stringify({ stream: 'live/movie' });
  assert.equal((await ask('/api/v1/recordings', { method: 'POST', body })).status, 200);
  assert.equal((await ask('/api/v1/recordings?stream=live/movie', { method: 'DELETE' })).status, 200);
  assert.equal((await ask('/api/v1/recordings?stream=live/other', { method: 'DELETE' })).status, 404);
  assert.deepEqual(fake.asked, [`start ${PATH}`, `stop ${PATH}`, 'stop __defaultVhost__/live/other']);
});

for (const body of ['', '{}', '{"stream":"movie"}', '{"stream":"../a/b"}', '{"stream":"live/movie","more":1}'])
  test(`a body like ${body || 'nothing'} begins nothing`, async () => {
    assert.equal((await ask('/api/v1/recordings', { method: 'POST', body })).status, 400);
    assert.deepEqual(fake.asked, []);
  });

for (const query of ['?from=x', '?to=-1', '?stream=movie', '?start=x', '?order=best'])
  test(`${query} is refused`, async () => assert.equal((await ask(`/api/v1/recordings${query}`)).status, 400));

const parts: [range: string | undefined, status: number, from: number, to: number][] = [
  [undefined, 200, 0, 1000],
  ['bytes=0-0', 206, 0, 1],
  ['bytes=500-', 206, 500, 1000],
  ['bytes=-1', 206, 999, 1000],
  ['bytes=1000-', 416, 0, 0],
];
for (const [range, status, from, to] of parts)
  test(`${range ?? 'no range'} of a recording is answered with ${status}`, async () => {
    const answer = await ask('/recordings/one', range === undefined ? {} : { headers: { range } });
    assert.equal(answer.status, status);
    assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), BYTES.slice(from, to));
    assert.equal(answer.headers.get('content-range') !== null, status !== 200);
    if (status !== 416) assert.match(answer.headers.get('content-disposition')!, /filename="live_one\.flv"$/);
  });

test('HEAD tells the size and nothing else', async () => {
  const answer = await ask('/recordings/one', { method: 'HEAD' });
  assert.equal(answer.headers.get('content-length'), '1000');
  assert.equal((await answer.arrayBuffer()).byteLength, 0);
});

test('a part between two moments is cut out', async () => {
  const answer = await ask('/recordings/one?from=1.5&to=20');
  assert.equal((await answer.arrayBuffer()).byteLength, 10);
  await (await ask('/recordings/one?to=20', { headers: { range: 'bytes=0-1' } })).arrayBuffer();
  await (await ask('/recordings/one?from=5')).arrayBuffer();
  assert.deepEqual(fake.asked, ['cut one 1.5 20', 'cut one 0 20', 'cut one 5 Infinity']);
  assert.equal((await ask('/recordings/one?from=101')).status, 404);
  assert.equal((await ask('/recordings/one?from=soon')).status, 415);
});

test('strangers get no recording, and are not told which there are', async () => {
  for (const id of ['one', 'nothing']) assert.equal((await server.fetch(`/recordings/${id}`)).status, 403, id);
  fake.access = 'play';
  assert.equal((await server.fetch('/recordings/one')).status, 200);
  assert.equal((await server.fetch('/recordings/nothing')).status, 403);
  assert.equal((await ask('/recordings/nothing')).status, 404);
});

test('a playlist names ranges of the file, and what it was asked with', async () => {
  const playlist = async (query = '') => (await ask(`/recordings/one/index.m3u8${query}`)).text();
  const text = await playlist('?ticket=1');
  assert.deepEqual(checkPlaylist(text), [], text);
  assert.deepEqual(text.split('\n').slice(4), [
    '#EXT-X-TARGETDURATION:4',
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-DISCONTINUITY-SEQUENCE:0',
    '#EXT-X-MAP:URI="media.mp4?ticket=1",BYTERANGE="100@0"',
    '#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z',
    '#EXTINF:4,',
    '#EXT-X-BYTERANGE:300@100',
    'media.mp4?ticket=1',
    '#EXT-X-DISCONTINUITY',
    '#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:10.000Z',
    '#EXTINF:4,',
    '#EXT-X-BYTERANGE:600@400',
    'media.mp4?ticket=1',
    '#EXT-X-ENDLIST',
    '',
  ]);
  assert.match(text, /#EXT-X-PLAYLIST-TYPE:VOD\n/);
  fake.outlined = { ...OUTLINE, isFinished: false };
  const growing = await playlist();
  assert.deepEqual(checkPlaylist(growing), [], growing);
  assert.match(growing, /#EXT-X-PLAYLIST-TYPE:EVENT\n/);
  assert.doesNotMatch(growing, /ENDLIST/);
  const part = await ask('/recordings/one/media.mp4', { headers: { range: 'bytes=100-399' } });
  assert.deepEqual(new Uint8Array(await part.arrayBuffer()), BYTES.slice(100, 400));
});

test('strangers are told of no recording, but with access by play of those of a stream that they may play', async () => {
  const status = async (path: string) => (await server.fetch(`/api/v1/recordings${path}`)).status;
  const paths = ['', '?stream=live/movie', '/one', '/nothing'];
  assert.deepEqual(await Promise.all(paths.map(status)), [401, 401, 401, 401]);
  fake.access = 'play';
  assert.deepEqual(await Promise.all(paths.map(status)), [401, 200, 200, 401]);
  const told = await (await server.fetch('/api/v1/recordings?stream=live/movie')).json();
  const { total, running } = told as { total: number; running: unknown[] };
  assert.deepEqual([total, running], [2, []]);
  const { recording } = await server.get('/api/v1/recordings/one');
  assert.deepEqual([recording.id, recording.playlist], ['one', '']);
  assert.equal((await ask('/api/v1/recordings/nothing')).status, 404);
});

test('how far back a stream goes is told to whoever may play it', async () => {
  const { context } = server;
  const publisher = await server.publish(PATH);
  const none = await server.get('/api/v1/shift?stream=live/movie');
  assert.equal(none.from, none.to);
  const since = context.clock.wall() - 90_000_000;
  context.pasts.since = async ({ path }) => (path === PATH ? since : undefined);
  const answer = await server.fetch('/api/v1/shift?stream=live/movie');
  const { from, to } = (await answer.json()) as { from: number; to: number };
  assert.ok(Math.abs(to - from - 90_000) < 1000, `${to - from}`);
  assert.equal((await server.fetch('/api/v1/shift?stream=live/other')).status, 404);
  assert.equal((await server.fetch('/api/v1/shift')).status, 400);
  publisher.close(true);
});

test('what is recorded is counted', async () => {
  Object.assign(real, { running: fake.running });
  Object.assign(real.counters, fake.counters);
  const text = await (await ask('/metrics')).text();
  for (const line of [
    'recordings 2',
    'recordings_failing 1',
    'recorded_bytes_total 7',
    'recording_missing_frames_total 2',
  ])
    assert.match(text, new RegExp(`^headwater_${line}$`, 'm'));
});
