import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startApi, TOKEN } from '../../test/support/api-server.ts';
import { until } from '../../test/support/until.ts';
import type { Cluster, Surveyed } from '../net/cluster.ts';
import { loggerTo } from '../ops/log.ts';
import { api } from './index.ts';

const MOVIE = '__defaultVhost__/live/movie';
const OPTIONS = [{ name: 'play.maxLag', value: '5s', fallback: '10s', isDefault: false, comment: 'How far.' }];

const server = await startApi({ after }, [api({ access: 'admin', streams: 100 }, () => OPTIONS)]);
const log = loggerTo({ write() {} });
Object.assign(server.context, { log });
const publisher = await server.publish(MOVIE, { tcUrl: 'rtmp://192.0.2.4/live', encoder: 'Lavf' });
await server.publish('__defaultVhost__/live/concert');
const [first] = ['http-flv', 'http-flv', 'rtmp', 'relay'].map((protocol) => server.play(MOVIE, protocol));
const { streams } = await server.get('/api/v1/streams');
const id: string = streams.find(({ name }: { name: string }) => name === 'movie').id;

test('what runs here is for the admin alone', async () => {
  for (const path of ['history', 'log', 'config', `streams/${id}/details`]) {
    const { status } = await server.fetch(`/api/v1/${path}`);
    assert.equal(status, 401, path);
  }
});

test('the configuration says what is no default', async () => {
  const { options } = await server.get('/api/v1/config');
  const { fallback, isDefault, ...rest } = OPTIONS[0]!;
  assert.deepEqual(options, [{ ...rest, default: fallback, is_default: isDefault }]);
});

test('the log is read on from where it was left, by session and by level', async () => {
  log.info({ url: '/live/movie?token=hidden' }, 'play begins');
  const { next, lines, level } = await server.get('/api/v1/log');
  assert.deepEqual([level, lines.length, lines[0].message, lines[0].session], ['info', 1, 'play begins', '']);
  assert.equal(lines[0].fields.url, '/live/movie?token=***');
  const session = log.child({ session: 'hczs2cdc' });
  session.info({ seconds: 3 }, 'play ends');
  log.warn('something else');
  const later = await server.get(`/api/v1/log?after=${next}`);
  assert.deepEqual(
    later.lines.map(({ message }: { message: string }) => message),
    ['play ends', 'something else'],
  );
  const own = await server.get(`/api/v1/log?after=${next}&session=hczs2cdc&level=`);
  assert.deepEqual(
    own.lines.map(({ fields }: { fields: object }) => fields),
    [{ seconds: 3 }],
  );
  assert.equal((await server.get('/api/v1/log?level=warn&count=5')).lines.length, 1);
  assert.equal((await server.get('/api/v1/log?text=SOMETHING')).lines.length, 1);
});

test('a question to the log that makes no sense is refused', async () => {
  for (const query of ['after=-1', 'after=x', 'count=0', 'count=100000', 'level=loud', `text=${'x'.repeat(201)}`]) {
    const answer = await server.get(`/api/v1/log?${query}`);
    assert.deepEqual([answer.code, answer.error], [400, `${query.split('=')[0]} is not as described`]);
  }
});

test('a stream is measured by the frames that are there', async () => {
  const track = server.context.hub.find(MOVIE)!.tracks.get('video')!;
  for (let i = 1; i <= 20; i++)
    publisher.write({ track, dts: i * 50_000, pts: i * 50_000, keyframe: i === 20, data: new Uint8Array(1000) });
  const { detail } = await server.get(`/api/v1/streams/${id}/details`);
  const [video, audio] = detail.tracks;
  assert.deepEqual([video.codec, video.form, video.frames_per_second, video.kbps], ['H264', '1280×720', 20, 160]);
  assert.deepEqual([audio.codec, audio.form, audio.frames_per_second], ['AAC', '48 kHz × 2', 50]);
  assert.deepEqual([detail.gop_ms, detail.publishes, detail.jumps], [1000, 1, 0]);
  assert.deepEqual(detail.publisher, {
    client: server.context.hub.find(MOVIE)!.publisher!.session.id,
    ip: '192.0.2.17',
    protocol: 'rtmp',
    encoder: 'Lavf',
  });
  assert.ok(detail.silent_ms >= 0 && detail.window_bytes > 20_000);
});

test('its viewers are told by node and protocol; other nodes are no viewers', async () => {
  const here = (node: string) => [
    { node, name: '', self: true, protocol: 'http-flv', viewers: 2 },
    { node, name: '', self: true, protocol: 'rtmp', viewers: 1 },
  ];
  const asked = async () => (await server.get(`/api/v1/streams/${id}/details`)).viewers;
  assert.deepEqual(await asked(), here(''));
  // An edge that nobody can ask tells where it fetches, and of those behind it too.
  const behind = [
    { node: '', protocol: 'hls', viewers: 5 },
    { node: 'far', protocol: 'rtmp', viewers: 2 },
  ];
  const [fetching] = [...server.context.sessions].filter(({ protocol }) => protocol === 'relay');
  Object.assign(fetching!, { audience: 8, watching: behind }).detail['node'] = 'unasked';
  const edge = [{ node: 'edge', protocol: 'ws-flv', viewers: 40 }];
  const survey = async (own: Surveyed) => [
    { node: { id: 'self' }, answer: own },
    { node: { id: 'edge', front: { name: 'North' } }, answer: { streams: [], watching: edge } },
    { node: { id: 'old' }, answer: { streams: [{ path: MOVIE, viewers: 7 }] } },
    { node: { id: 'silent' }, answer: undefined },
  ];
  const nodes = async () => [];
  Object.assign(server.context, { cluster: { nodeId: 'self', survey, nodes } as unknown as Cluster });
  const viewers = await until('what was answered before is old', async () => {
    const told = await asked();
    return told[0].node === 'self' ? told : undefined;
  });
  Object.assign(server.context, { cluster: undefined });
  const other = (node: string, protocol: string, count: number, name = '') => {
    return { node, name, self: false, protocol, viewers: count };
  };
  assert.deepEqual(viewers, [
    ...here('self'),
    other('edge', 'ws-flv', 40, 'North'),
    other('old', '', 7),
    other('unasked', 'hls', 5),
    other('far', 'rtmp', 2),
    other('unasked', '', 1),
  ]);
});

test('there are no details of a stream that is not there', async () => {
  assert.equal((await server.get('/api/v1/streams/vid-0/details')).code, 2048);
});

test('clients are found by stream, by what they do and by what stands in them', async () => {
  const found = async (query: string) => {
    const { total, clients } = await server.get(`/api/v1/clients?${query}`);
    assert.equal(total, clients.length, query);
    return total;
  };
  assert.equal(await found(''), 6);
  assert.equal(await found(`stream=${id}`), 5);
  assert.equal(await found(`stream=${id}&role=play`), 4);
  assert.equal(await found('role=publish'), 2);
  assert.equal(await found('text=HTTP-flv'), 2);
  assert.equal(await found('text=/live/concert'), 1);
  assert.equal(await found(`text=${first!.session.id}&role=`), 1);
  const page = await server.get('/api/v1/clients?role=play&start=1&count=2');
  assert.deepEqual([page.total, page.clients.length], [4, 2]);
  assert.equal((await server.get('/api/v1/clients?role=watch')).code, 400);
  assert.equal((await server.fetch(`/api/v1/clients?token=${TOKEN}&text=${'x'.repeat(201)}`)).status, 400);
});

test('of the last hour that is told which was later', async () => {
  const { step_ms: step, nodes } = await server.get('/api/v1/history?after=0');
  assert.equal(step, 5000);
  assert.deepEqual([nodes.length, nodes[0].self, nodes[0].time_ms.length], [1, true, nodes[0].viewers.length]);
  assert.equal((await server.get('/api/v1/history?after=-1')).code, 400);
});
