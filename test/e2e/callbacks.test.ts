import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { streamId } from '../../src/net/identity.ts';
import { type Call, CallbackServer } from '../support/callback-server.ts';
import { clip } from '../support/clips.ts';
import { publishFile, temporaryFolder } from '../support/ffmpeg.ts';
import { httpFlvViewer } from '../support/flv-client.ts';
import { isThere, mediaAt, variantOf } from '../support/hls.ts';
import { edgeOf, startOrigin } from '../support/nodes.ts';
import { Program } from '../support/program.ts';
import { allGet, publisher } from '../support/publish.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { ADMIN_TOKEN, type Overrides, PUBLISH_KEY, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';
import { publishAt, spawnWorkers } from '../support/workers.ts';

const EVENTS = ['on_connect', 'on_close', 'on_publish', 'on_unpublish', 'on_play', 'on_stop', 'on_dvr', 'on_hls'];
const { file, tags } = await clip('movie');

/** A rule that has all events told to a server. */
const all = (server: CallbackServer, events = EVENTS): Overrides =>
  Object.fromEntries(events.map((event) => [event, [server.url(`/${event}`)]]));

/** A server whose callbacks decide who may publish. */
function startAsking(owner: Owner, hooks: CallbackServer, options: Overrides = {}): Promise<TestServer> {
  const access = { publishers: 'callbacks', loopback: 'like-others', publishKey: PUBLISH_KEY, adminToken: ADMIN_TOKEN };
  const callbacks = { rules: [all(hooks)], timeout: '1s' };
  return startTestServer(owner, { access, callbacks, publish: { stopGrace: '0s', grace: '0s' }, ...options });
}

/** What a viewer is told that is not let in. */
async function refusalOf(server: TestServer, path: string): Promise<string> {
  const answer = await fetch(server.http(path));
  return `${answer.status} ${await answer.text()}`;
}

test('what becomes of a stream and its viewers is asked and told in order', needs('ffmpeg'), async (t) => {
  const hooks = await CallbackServer.start(t);
  const folder = await temporaryFolder(t);
  const server = await startAsking(t, hooks, {
    record: { paths: ['live/*'], folder: join(folder, 'recordings'), format: 'flv' },
    hls: { segment: '1s', disk: { folder: join(folder, 'segments') } },
  });
  const encoder = publishFile(t, file, server.rtmp('movie?token=a+b%20c'));
  await isThere(server, 'movie');
  const page = { headers: { referer: 'http://pages.example.com/watch' } };
  const leaving = new AbortController();
  const watching = await fetch(server.http('/live/movie.flv?ticket=7'), { ...page, signal: leaving.signal });
  await watching.body!.getReader().read();
  const variant = await variantOf(server, '/live/movie.m3u8?ticket=8');
  const { segments } = await mediaAt(variant);
  for (let i = 0; i < 3; i++) await mediaAt(variant);
  await (await fetch(segments[0]!)).arrayBuffer();
  leaving.abort();
  const hasLeft = ({ action, body }: Call) => action === 'on_stop' && body['param'] === '?ticket=7';
  await until('he has left', () => hooks.calls.some(hasLeft));
  await encoder.succeeded();
  await hooks.called('on_dvr');
  await hooks.called('on_close');
  // The one by HLS is gone with the server, which waits until that is told.
  await server.stop();

  assert.deepEqual(
    hooks.calls.filter(({ method, path, action }) => method !== 'POST' || path !== `/${action}`),
    [],
  );
  const ofPublisher = hooks.actions('on_connect', 'on_publish', 'on_unpublish', 'on_close');
  assert.deepEqual(ofPublisher, ['on_connect', 'on_publish', 'on_unpublish', 'on_close']);
  const { body: published } = await hooks.called('on_publish');
  const tcUrl = `rtmp://127.0.0.1:${server.ports['rtmp']}/live`;
  const { server_id, service_id, client_id, ...fields } = published;
  assert.match(`${String(server_id)} ${String(service_id)}`, /^vid-\w+ \w+$/);
  assert.deepEqual(fields, {
    action: 'on_publish',
    ip: '127.0.0.1',
    vhost: '__defaultVhost__',
    app: 'live',
    tcUrl,
    stream: 'movie',
    param: '?token=a+b%20c',
    stream_url: '/live/movie',
    stream_id: streamId('__defaultVhost__/live/movie'),
  });
  const [connected, unpublished, closed] = await Promise.all(
    ['on_connect', 'on_unpublish', 'on_close'].map(async (event) => (await hooks.called(event)).body),
  );
  assert.deepEqual(unpublished, { ...published, action: 'on_unpublish' });
  assert.deepEqual([connected!['client_id'], closed!['client_id']], [client_id, client_id]);
  assert.deepEqual([connected!['tcUrl'], connected!['app'], connected!['stream']], [tcUrl, 'live', '']);
  assert.ok(Number(closed!['recv_bytes']) > 10_000, `${String(closed!['recv_bytes'])} bytes came`);

  // A look at the head by HTTP is a viewer, too; each by HLS is one, however often it asks.
  const plays = hooks.calls.filter(({ action }) => action === 'on_play').map(({ body }) => body);
  const stops = hooks.calls.filter(({ action }) => action === 'on_stop').map(({ body }) => body['client_id']);
  assert.equal(stops.length, plays.length);
  assert.deepEqual(new Set(stops), new Set(plays.map((body) => body['client_id'])));
  const withTicket = plays.filter(({ param }) => param !== '');
  assert.deepEqual(
    withTicket.map(({ param, pageUrl, stream }) => [param, pageUrl, stream]),
    [
      ['?ticket=7', 'http://pages.example.com/watch', 'movie'],
      ['?ticket=8', '', 'movie'],
    ],
  );
  assert.equal(withTicket[0]!['tcUrl'], server.http('/live'));

  const { body: recorded } = await hooks.called('on_dvr');
  assert.deepEqual(
    [recorded['client_id'], recorded['param'], recorded['cwd']],
    [client_id, published['param'], process.cwd()],
  );
  assert.ok(existsSync(String(recorded['file'])), String(recorded['file']));
  const made = hooks.calls.filter(({ action }) => action === 'on_hls').map(({ body }) => body);
  assert.ok(made.length >= 3, `${made.length} segments`);
  const numbers = made.map(({ seq_no }) => Number(seq_no));
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => numbers[0]! + i),
  );
  for (const { seq_no, duration, file: segment, url, m3u8, m3u8_url } of made) {
    assert.deepEqual([url, m3u8_url], [`live/movie/${String(seq_no)}.m4s`, 'live/movie/media.m3u8']);
    assert.ok(existsSync(String(m3u8)) && String(segment).endsWith(String(url)));
    assert.ok(Number(duration) > 0.3 && Number(duration) < 5, `${String(duration)} s`);
  }
});

describe('who is refused', () => {
  test('is told so in the words of his protocol, and nothing follows', needs('ffmpeg'), async (t) => {
    const hooks = await CallbackServer.start(t);
    const server = await startAsking(t, hooks);
    const isBad = ({ body }: { body: Readonly<Record<string, unknown>> }) => String(body['param']).includes('bad');
    hooks.answer = (call) => (isBad(call) ? '{"code":1}' : '{"code":0}');
    await assert.rejects(
      publisher(t, server, 'movie?bad'),
      /NetStream\.Publish\.Rejected: on_publish does not allow it/,
    );
    const client = await publisher(t, server, 'movie?good');
    client.send(...tags);
    await isThere(server, 'movie');
    for (const path of ['/live/movie.flv', '/live/movie.m3u8'])
      assert.match(await refusalOf(server, `${path}?bad`), /^403 .*on_play does not allow it/);
    const port = server.ports['rtmp']!;
    const player = await RtmpClient.connect(t, { port });
    await assert.rejects(player.play('movie?bad'), /NetStream\.Play\.Failed: on_play does not allow it/);
    await assert.rejects(RtmpClient.connect(t, { port, app: 'live?bad' }), /on_connect does not allow it/);
    await hooks.called('on_close', 2);
    const refused = hooks.calls.filter(isBad).map(({ action }) => action);
    assert.deepEqual(refused, ['on_publish', 'on_play', 'on_play', 'on_play', 'on_connect']);
  });

  test('is not asked about where the key was wrong, and with the key only if nobody objects', async (t) => {
    const hooks = await CallbackServer.start(t);
    const access = { loopback: 'like-others', publishKey: PUBLISH_KEY, adminToken: ADMIN_TOKEN };
    const server = await startAsking(t, hooks, { access });
    await assert.rejects(publisher(t, server, 'movie?key=wrong'), /the publish key is wrong/);
    assert.deepEqual(hooks.actions('on_publish'), []);
    await publisher(t, server, `movie?key=${PUBLISH_KEY}`);
    hooks.answer = ({ action }) => (action === 'on_publish' ? '1' : '0');
    await assert.rejects(publisher(t, server, `other?key=${PUBLISH_KEY}`), /on_publish does not allow it/);
  });

  test('is everybody of whom no callback is asked where they alone decide', async (t) => {
    const hooks = await CallbackServer.start(t);
    const callbacks = { rules: [{ streams: ['live/*'], on_publish: [hooks.url()] }] };
    const server = await startAsking(t, hooks, { callbacks });
    const client = await RtmpClient.connect(t, { port: server.ports['rtmp']!, app: 'other' });
    await assert.rejects(client.publish(`movie?key=${PUBLISH_KEY}`), /nothing allows to publish/);
    await publisher(t, server, 'movie');
  });
});

test('one connection may publish and play several times, and each time is told', async (t) => {
  const hooks = await CallbackServer.start(t);
  const server = await startAsking(t, hooks, { play: { wait: '30s' } });
  const client = await publisher(t, server, 'movie');
  client.stop();
  await hooks.called('on_unpublish');
  await client.play('other');
  client.stop();
  await hooks.called('on_stop');
  await client.publish('movie');
  client.close();
  await hooks.called('on_close');
  const ended = ['on_publish', 'on_unpublish'];
  assert.deepEqual(hooks.actions(), ['on_connect', ...ended, 'on_play', 'on_stop', ...ended, 'on_close']);
});

test('while the server is away nobody new comes in; when it is back it is told what it has missed', async (t) => {
  const hooks = await CallbackServer.start(t);
  const server = await startAsking(t, hooks);
  const client = await publisher(t, server, 'movie');
  client.send(...tags);
  const viewer = httpFlvViewer(t, server.http('/live/movie.flv'));
  await allGet([viewer], 1);
  hooks.close();
  viewer.close();
  await server.logged('callbacks cannot be told: they are tried again');
  assert.match(await refusalOf(server, '/live/movie.flv'), /^403 .*on_play could not be asked/);
  client.close();
  await server.logged('publish ends');
  await hooks.open();
  // He is asked about only after it is told that the one before has gone.
  await publisher(t, server, 'movie');
  await hooks.called('on_stop');
  const ofStream = hooks.actions('on_publish', 'on_unpublish');
  assert.deepEqual(ofStream, ['on_publish', 'on_unpublish', 'on_publish']);
});

test('an answer that is late, endless or leads elsewhere lets nobody in', async (t) => {
  const hooks = await CallbackServer.start(t);
  const server = await startAsking(t, hooks, { callbacks: { rules: [all(hooks)], timeout: '300ms' } });
  hooks.answer = ({ action, body }, response) => {
    if (action !== 'on_publish') return '0';
    const kind = String(body['stream']);
    if (kind === 'silent') return undefined;
    if (kind === 'slow') return void response.write('0');
    if (kind === 'huge') return `0${' '.repeat(100_000)}`;
    if (kind === 'elsewhere') return void response.writeHead(307, { location: hooks.url('/yes') }).end('0');
    if (kind === 'broken') return void response.destroy();
    return '0';
  };
  for (const kind of ['silent', 'slow', 'huge', 'broken']) {
    const began = performance.now();
    await assert.rejects(publisher(t, server, kind), /on_publish could not be asked/, kind);
    assert.ok(performance.now() - began < 3000, `${kind}: it does not hang`);
  }
  await assert.rejects(publisher(t, server, 'elsewhere'), /on_publish does not allow it/);
  assert.deepEqual(
    hooks.calls.filter(({ path }) => path === '/yes'),
    [],
  );
  const refused = server.lines().filter(({ msg }) => msg === 'a callback does not let somebody in');
  assert.equal(refused.length, 5);
});

test('of several URLs all are asked, one after the other, until one refuses', async (t) => {
  const hooks = await CallbackServer.start(t);
  const rules = [{ on_publish: [hooks.url('/1'), hooks.url('/2')] }, { on_publish: [hooks.url('/3')] }];
  const server = await startAsking(t, hooks, { callbacks: { rules } });
  const paths = () => hooks.calls.splice(0).map(({ path }) => path);
  await publisher(t, server, 'movie');
  assert.deepEqual(paths(), ['/1', '/2', '/3']);
  hooks.answer = ({ path }) => (path === '/2' ? '1' : '0');
  await assert.rejects(publisher(t, server, 'other'), /on_publish does not allow it/);
  assert.deepEqual(paths(), ['/1', '/2']);
});

test('on_hls_notify is a GET of the segment where its variables say', needs('ffmpeg'), async (t) => {
  const hooks = await CallbackServer.start(t);
  const folder = await temporaryFolder(t);
  const rules = [
    { on_publish: [hooks.url()], on_hls_notify: [hooks.url('/cdn/[server_id]/[app]/[stream]/[ts_url][param]')] },
  ];
  const hls = { segment: '1s', disk: { folder } };
  const server = await startAsking(t, hooks, { callbacks: { rules }, hls });
  // As a CDN does: the whole segment, and not what a callback answers.
  hooks.answer = ({ method }) => (method === 'GET' ? 'x'.repeat(200_000) : '0');
  await publishFile(t, file, server.rtmp('movie?token=7')).succeeded();
  const { path } = await until('a segment is told', () => hooks.calls.find(({ method }) => method === 'GET'));
  assert.match(path, /^\/cdn\/vid-\w+\/live\/movie\/live\/movie\/\d+\.m4s\?token=7$/);
  const counted = /headwater_callbacks_total\{event="on_hls_notify",result="ok"\} [1-9]/;
  await until('it is counted', async () => counted.test(await metricsOf(server)));
});

test('a heartbeat tells that the server lives, and what it uses', async (t) => {
  const hooks = await CallbackServer.start(t);
  const heartbeat = { url: hooks.url('/beat'), interval: '100ms', device: 'rack-7', summaries: true, ports: true };
  const server = await startTestServer(t, { heartbeat });
  const { body, path } = await until('it beats again', () => hooks.calls[2]);
  assert.equal(path, '/beat');
  const { device_id, ip, rtmp, http, api, summaries, service } = body as Record<string, any>;
  const { rtmp: rtmpPort, http: httpPort } = server.ports;
  assert.deepEqual([device_id, rtmp, http, api], ['rack-7', [`${rtmpPort}`], [`${httpPort}`], [`${httpPort}`]]);
  assert.match(ip, /^\d+\.\d+\.\d+\.\d+$/);
  assert.equal(summaries.data.self.cwd, process.cwd());
  const versions = await fetch(server.http(`/api/v1/versions?token=${ADMIN_TOKEN}`));
  assert.equal(((await versions.json()) as { service: string }).service, service);
  hooks.close();
  await server.logged('the heartbeat is not taken');
  await hooks.open();
  await server.logged('the heartbeat is taken again');
});

test('of several workers the one that has the session tells, and none besides', async (t) => {
  const hooks = await CallbackServer.start(t);
  const folder = await temporaryFolder(t);
  const server = await spawnWorkers(t, {
    callbacks: { rules: [all(hooks)] },
    record: { paths: ['live/*'], folder },
    publish: { stopGrace: '0s', grace: '0s' },
    heartbeat: { url: hooks.url('/beat'), interval: '1h' },
  });
  const { client, worker } = await publishAt(t, server, 'movie?who=me', (number) => number === 2);
  client.send(...tags);
  const viewers = Array.from({ length: 6 }, () => httpFlvViewer(t, server.http('/live/movie.flv')));
  await allGet(viewers, 1);
  const { client_id } = hooks.calls.findLast(({ action }) => action === 'on_publish')!.body;
  for (const viewer of viewers) viewer.close();
  client.close();
  // It is recorded by the first one, which has not the publisher.
  const { body: recorded } = await hooks.called('on_dvr');
  assert.deepEqual([worker, recorded['client_id'], recorded['param']], [2, client_id, '?who=me']);
  await hooks.called('on_stop', 6);
  await hooks.called('on_close', hooks.actions('on_connect').length);
  const count = (action: string) => hooks.actions(action).length;
  assert.deepEqual([count('on_play'), count('on_stop'), count('on_dvr')], [6, 6, 1]);
  assert.equal(count('on_unpublish'), count('on_publish'));
  assert.equal(hooks.calls.filter(({ path }) => path === '/beat').length, 1);
});

test('of what is published and played at an edge each node tells its own', async (t) => {
  const atOrigin = await CallbackServer.start(t);
  const atEdge = await CallbackServer.start(t);
  const callbacks = (hooks: CallbackServer) => ({
    rules: [all(hooks, ['on_publish', 'on_unpublish', 'on_play', 'on_stop'])],
  });
  const access = { publishers: 'callbacks', loopback: 'like-others', publishKey: PUBLISH_KEY, adminToken: ADMIN_TOKEN };
  const quick = { publish: { stopGrace: '0s', grace: '0s' }, play: { wait: '5s' } };
  const origin = await startOrigin(t, { ...quick, access, callbacks: callbacks(atOrigin) });
  const edge = await startTestServer(t, await edgeOf(t, [origin.url], { ...quick, callbacks: callbacks(atEdge) }));
  await edge.logged('connected to an origin');
  const client = await publisher(t, edge, 'movie?token=7');
  client.send(...tags);
  const viewer = httpFlvViewer(t, edge.http('/live/movie.flv?viewer=1'));
  await allGet([viewer], 1);
  viewer.close();
  await atEdge.called('on_stop');
  client.close();
  await atOrigin.called('on_unpublish');
  assert.deepEqual(atEdge.actions(), ['on_play', 'on_stop']);
  assert.deepEqual(atOrigin.actions(), ['on_publish', 'on_unpublish']);
  assert.equal((await atOrigin.called('on_publish')).body['param'], '?token=7');
  // The origin decides, who has the last word.
  atOrigin.answer = () => '1';
  await assert.rejects(publisher(t, edge, 'other'), /on_publish does not allow it/);
});

test('an edge that has the origin decide has it ask about viewers, too', async (t) => {
  const hooks = await CallbackServer.start(t);
  hooks.answer = ({ body }) => (String(body['param']).includes('good') ? '0' : '1');
  const origin = await startOrigin(t, { callbacks: { rules: [{ on_play: [hooks.url()] }] } });
  const edge = await startTestServer(t, await edgeOf(t, [origin.url], { relay: { traverse: true } }));
  await edge.logged('connected to an origin');
  const client = await publisher(t, origin.server, `movie?key=${PUBLISH_KEY}`);
  client.send(...tags);
  assert.match(await refusalOf(edge, '/live/movie.flv?bad'), /^403 .*on_play does not allow it/);
  const viewer = httpFlvViewer(t, edge.http('/live/movie.flv?good'));
  await allGet([viewer], 1);
  // What one may another one may not.
  assert.match(await refusalOf(edge, '/live/movie.flv?bad'), /^403 .*on_play does not allow it/);
});

test('who asks for the way to a stream is asked about where he arrives, and for a recording here', async (t) => {
  const hooks = await CallbackServer.start(t);
  const folder = await temporaryFolder(t);
  const record = { paths: ['live/*'], folder, access: 'play' };
  const server = await startAsking(t, hooks, { record });
  const client = await publisher(t, server, 'movie');
  client.send(...tags);
  await (await fetch(server.http('/api/v1/lines?stream=live/movie'))).text();
  await (await fetch(server.http('/go/live/movie.flv'), { redirect: 'manual' })).text();
  assert.deepEqual(hooks.actions('on_play'), []);
  client.close();
  await hooks.called('on_dvr');
  hooks.answer = ({ action }) => (action === 'on_play' ? '1' : '0');
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = (await (await fetch(server.http('/api/v1/recordings'), { headers })).json()) as {
    recordings: { id: string }[];
  };
  assert.match(await refusalOf(server, `/recordings/${answer.recordings[0]!.id}`), /on_play does not allow it/);
});

test('the program of docs/callbacks.md runs, and decides', async (t) => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/callbacks.md'), 'utf8');
  const [, example] = /^```js\n([^]*?)^```$/m.exec(page)!;
  const name = join(await temporaryFolder(t), 'callbacks.mjs');
  writeFileSync(name, example!);
  const program = new Program(t, process.execPath, [name], { PORT: '0' });
  const port = await until('it listens', () => /listening at (\d+)/.exec(program.stdout)?.[1]);
  const urls = [`http://127.0.0.1:${port}/`];
  const rules = [{ on_publish: urls, on_unpublish: urls, on_play: urls, on_stop: urls }];
  const server = await startAsking(t, await CallbackServer.start(t), { callbacks: { rules } });
  await assert.rejects(publisher(t, server, 'movie?token=yours'), /on_publish does not allow it/);
  const client = await publisher(t, server, 'movie?token=mine');
  client.close();
  await until('it is told', () => program.stdout.includes('on_unpublish /live/movie from 127.0.0.1 yes'));
  assert.match(program.stdout, /on_publish \/live\/movie from 127\.0\.0\.1 no\n.*on_publish .* yes/s);
});

async function metricsOf(server: TestServer): Promise<string> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  return (await fetch(server.http('/metrics'), { headers })).text();
}
