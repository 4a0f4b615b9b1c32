import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PUBLISHED_BYTES, startApi, TOKEN } from '../../test/support/api-server.ts';
import { HttpRouter } from '../net/http.ts';
import { packageVersion } from '../ops/version.ts';
import { api } from './index.ts';
import { describeApi } from './openapi.ts';
import { wholeAnswer } from './operation.ts';
import { resources } from './resources.ts';
import { createServices, stopServices } from './services.ts';

const METRICS = { access: 'admin', streams: 100 } as const;
const MOVIE = '__defaultVhost__/live/movie';
const CONCERT = 'music.example/stage/a/concert';

/** The fields of SRS 7, in its order, and ours behind them. */
const FIELDS = {
  stream:
    'id name vhost app tcUrl url live_ms clients frames audio_frames video_frames send_bytes recv_bytes kbps publish video audio delay',
  vhost: 'id name enabled clients streams send_bytes recv_bytes kbps hls',
  client: 'id vhost stream ip pageUrl swfUrl tcUrl url name type publish alive send_bytes recv_bytes kbps',
  self: 'version pid ppid argv cwd mem_kbyte mem_percent cpu_percent srs_uptime cores',
  system:
    'cpu_percent disk_read_KBps disk_write_KBps disk_busy_percent mem_ram_kbyte mem_ram_percent mem_swap_kbyte mem_swap_percent ' +
    'cpus cpus_online uptime ilde_time load_1m load_5m load_15m net_sample_time net_recv_bytes net_send_bytes net_recvi_bytes ' +
    'net_sendi_bytes srs_sample_time srs_recv_bytes srs_send_bytes conn_sys conn_sys_et conn_sys_tw conn_sys_udp conn_srs',
};

function assertFields(value: object, fields: string): void {
  assert.deepEqual(Object.keys(value).sort(), fields.split(' ').sort());
}

const server = await startApi({ after }, [api(METRICS)]);
await server.publish(MOVIE);
await server.publish(CONCERT, { tcUrl: 'rtmp://192.0.2.4/stage/a?key=***' });
const viewer = server.play(MOVIE);
server.play(MOVIE, 'ws-flv');

test('every answer says who gives it', async () => {
  const answer = await server.get('/api/v1/versions');
  assert.deepEqual(Object.keys(answer), ['code', 'server', 'service', 'pid', 'data']);
  assert.equal(answer.code, 0);
  assert.match(answer.server, /^vid-[0-9a-z]{7,11}$/);
  assert.match(answer.service, /^[0-9a-z]{8}$/);
  assert.equal(answer.pid, String(process.pid));
  assert.equal(answer.data.version, packageVersion());
  assert.equal(answer.data.version, `${answer.data.major}.${answer.data.minor}.${answer.data.revision}`);
});

test('a stream is described in the fields of SRS', async () => {
  const { total, streams } = await server.get('/api/v1/streams');
  assert.equal(total, 2);
  const [movie, concert] = streams;
  assertFields(movie, FIELDS.stream);
  const { id, vhost, live_ms, kbps, publish, ...rest } = movie;
  assert.match(id, /^vid-/);
  assert.match(vhost, /^vid-/);
  assert.ok(Math.abs(live_ms - Date.now()) < 60_000);
  assert.deepEqual(Object.keys(kbps), ['recv_30s', 'send_30s']);
  assert.ok(kbps.recv_30s <= Math.round((PUBLISHED_BYTES * 8) / 1000) && kbps.send_30s === 0);
  assert.deepEqual(publish, { active: true, cid: server.context.hub.find(MOVIE)!.publisher!.session.id });
  assert.deepEqual(rest, {
    name: 'movie',
    app: 'live',
    tcUrl: 'rtmp://192.0.2.4:1936/live',
    url: '/live/movie',
    clients: 3,
    frames: 3,
    audio_frames: 2,
    video_frames: 1,
    send_bytes: 0,
    recv_bytes: PUBLISHED_BYTES,
    video: { codec: 'H264', profile: 'High', level: '3.1', width: 1280, height: 720 },
    audio: { codec: 'AAC', sample_rate: 48_000, channel: 2, profile: 'LC' },
    delay: { added_ms: 0, total_ms: 0, total_p99_ms: 0 },
  });
  assert.equal(concert.tcUrl, 'rtmp://192.0.2.4/stage/a?vhost=music.example');
  assert.equal(concert.url, 'music.example/stage/a/concert');
});

test('one stream, virtual host or client is found by the id that the list tells', async () => {
  for (const [list, one] of [
    ['streams', 'stream'],
    ['vhosts', 'vhost'],
    ['clients', 'client'],
  ]) {
    const all = (await server.get(`/api/v1/${list}`))[list!];
    assert.ok(all.length >= 2);
    for (const each of all) {
      const { [one!]: found } = await server.get(`/api/v1/${list}/${each.id}`);
      assert.equal(found.id, each.id);
      assert.equal(found.name, each.name);
      assertFields(found, FIELDS[one as 'stream']);
    }
  }
});

test('ids are the same at every look and lead from clients to streams to virtual hosts', async () => {
  const { streams } = await server.get('/api/v1/streams/');
  const { vhosts } = await server.get('/api/v1/vhosts');
  const { clients } = await server.get('/api/v1/clients');
  assert.deepEqual(
    vhosts.map(({ id }: { id: string }) => id),
    streams.map(({ vhost }: { vhost: string }) => vhost),
  );
  assert.deepEqual(
    new Set(clients.map(({ stream }: { stream: string }) => stream)),
    new Set(streams.map(({ id }: { id: string }) => id)),
  );
});

test('a virtual host sums up its streams', async () => {
  const { vhosts } = await server.get('/api/v1/vhosts');
  const { id: _, kbps: __, ...first } = vhosts[0];
  const hls = { enabled: false };
  assert.deepEqual(first, {
    name: '__defaultVhost__',
    enabled: true,
    clients: 3,
    streams: 1,
    send_bytes: 0,
    recv_bytes: PUBLISHED_BYTES,
    hls,
  });
  assert.equal(vhosts[1].name, 'music.example');
});

test('clients have the types of SRS, and names like them where SRS has none', async () => {
  const { clients, total } = await server.get('/api/v1/clients');
  assert.equal(total, 4);
  assert.deepEqual(
    clients.map(({ type }: { type: string }) => type),
    ['fmle-publish', 'fmle-publish', 'flv-play', 'ws-flv-play'],
  );
  assert.deepEqual(
    clients.map(({ publish }: { publish: boolean }) => publish),
    [true, true, false, false],
  );
  assert.equal(clients[2].ip, '192.0.2.17');
});

test('a peer that has not said what it wants is no client', async () => {
  const session = server.context.sessions.open({ protocol: 'rtmp', remote: '192.0.2.9', close: () => {} });
  assert.equal((await server.get('/api/v1/clients')).total, 4);
  assert.equal((await server.get(`/api/v1/clients/${session.id}`)).code, 2049);
  server.context.sessions.remove(session);
});

test('a client is sent away by its id', async () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = await server.fetch(`/api/v1/clients/${viewer.session.id}`, { method: 'DELETE', headers });
  assert.equal(((await answer.json()) as { code: number }).code, 0);
  assert.deepEqual(server.closed, [{ session: viewer.session.id, code: 'kicked' }]);
});

test('what is not there has the code of SRS', async () => {
  const cases = { 'streams/vid-no': 2048, 'clients/no': 2049, 'vhosts/vid-no': 2014, nothing: 404, 'streams/a/b': 404 };
  for (const [path, code] of Object.entries(cases)) {
    const response = await server.fetch(`/api/v1/${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const answer = (await response.json()) as { code: number; error: string };
    assert.equal(response.status, 404);
    assert.equal(answer.code, code);
    assert.match(answer.error, /^there is no such/);
  }
});

test('a wrong method is told which are right', async () => {
  const response = await server.fetch('/api/v1/clients/x', { method: 'PUT' });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'GET, DELETE');
});

test('lists are cut as asked, and whole when not', async () => {
  const cases: [query: string, names: string[]][] = [
    ['', ['movie', 'concert']],
    ['?start=0&count=1', ['movie']],
    ['?start=1', ['concert']],
    ['?start=1&count=500', ['concert']],
    ['?start=7', []],
  ];
  for (const [query, names] of cases) {
    const { streams, total } = await server.get(`/api/v1/streams${query}`);
    assert.deepEqual(
      streams.map(({ name }: { name: string }) => name),
      names,
    );
    assert.equal(total, 2);
  }
});

test('a part that cannot be is refused', async () => {
  for (const query of [
    'start=-1',
    'start=x',
    'count=0',
    'count=',
    'count=1e3',
    'count=99999999999999999',
    'start=1.5',
  ]) {
    for (const list of ['streams', 'clients', 'vhosts']) {
      const answer = await server.get(`/api/v1/${list}?${query}`);
      assert.equal(answer.code, 400, query);
      assert.match(answer.error, /must be a whole number/);
    }
  }
});

test('the summary has the fields of SRS and its cores, and plausible numbers', async () => {
  const { data } = await server.get('/api/v1/summaries');
  assertFields(data, 'ok now_ms self system');
  assertFields(data.self, FIELDS.self);
  assertFields(data.system, FIELDS.system);
  assert.deepEqual([data.self.pid, data.self.cores], [process.pid, 1]);
  assert.ok(data.self.mem_kbyte > 10_000 && data.self.mem_percent > 0 && data.self.mem_percent < 1);
  assert.ok(data.system.cpu_percent >= 0 && data.system.cpu_percent <= 1);
  assert.equal(data.system.srs_recv_bytes, 2 * PUBLISHED_BYTES);
  assert.ok(data.system.conn_srs >= 1);
});

test('the document describes every route, and every route is described', async (t) => {
  const added: string[] = [];
  const router = new HttpRouter(server.context.log, server.context.config);
  const route = t.mock.method(router, 'route', (methods: readonly string[], pattern: RegExp) =>
    added.push(`${methods} ${pattern.source}`),
  );
  const module = api(METRICS);
  await module.start({ ...server.context, http: router });
  await module.stop();
  assert.ok(route.mock.callCount() > 10);
  const { paths } = await server.get('/api/v1/openapi.json');
  const pattern = (path: string) =>
    new RegExp(`^${path.replace('.', '\\.').replace('{id}', '(?<id>[^/]+)')}/?$`).source;
  const described = Object.entries<object>(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${pattern(path)}`),
  );
  const beside = ['\\/metrics$', '\\/api\\/?$', '\\/api(?:', '^\\/recordings\\/'];
  assert.deepEqual(added.filter((each) => !beside.some((part) => each.includes(part))).sort(), described.sort());
});

test('answers and examples are as the document says', async () => {
  const services = createServices(server.context);
  stopServices(services);
  const operations = resources(services, () => describeApi([], ''));
  const ids: Record<string, string> = { nodes: 'self' };
  for (const list of ['streams', 'vhosts', 'clients']) ids[list] = (await server.get(`/api/v1/${list}`))[list][0].id;
  ids.trace = ids.clients!;
  ids.move = await server.context.dispatch.move({ node: 'self' });
  const queries: Record<string, string> = {
    '/api/v1/shift': '?stream=live/movie',
    '/api/v1/lines': '?stream=live/movie',
  };
  for (const each of operations) {
    assert.deepEqual(each.answer.parse(each.example), each.example, `${each.path}: the example`);
    // Nothing is recorded here.
    if (each.method !== 'GET' || each.path === '/api/v1/recordings/{id}') continue;
    const path = each.path.replace('{id}', ids[each.path.split('/')[3]!]!) + (queries[each.path] ?? '');
    const answer = await server.get(path);
    assert.deepEqual(wholeAnswer(each).parse(answer), answer, `${each.path}: the answer`);
  }
});

test('the document is OpenAPI 3.1 with an example for every answer', async () => {
  const document = await server.get('/api/v1/openapi.json');
  assert.match(document.openapi, /^3\.1\./);
  assert.equal(document.info.version, packageVersion());
  for (const methods of Object.values<Record<string, any>>(document.paths)) {
    for (const { responses, parameters, summary } of Object.values(methods)) {
      assert.ok(responses['200'].content['application/json'].example);
      assert.equal(responses['200'].content['application/json'].schema.type, 'object');
      for (const parameter of parameters)
        assert.ok(parameter.name && parameter.in && parameter.schema && parameter.description);
      assert.match(summary, /^[A-Z].+\.$/);
    }
  }
  assert.deepEqual(document.paths['/api/v1/session'].get.security, []);
  assert.equal(document.paths['/api/v1/streams'].get.security.length, 3);
});

test('a stream that waits for its publisher says so', async () => {
  const { hub } = server.context;
  hub.find(CONCERT)!.publisher!.close(false);
  const { streams } = await server.get('/api/v1/streams?start=1');
  assert.deepEqual(streams[0].publish, { active: false, cid: '' });
  assert.equal(streams[0].clients, 0);
  assert.equal(streams[0].video.codec, 'H264');
});
