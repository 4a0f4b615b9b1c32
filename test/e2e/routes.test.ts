import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type ClipName, clip, splitAt } from '../support/clips.ts';
import { publishFile, temporaryFolder } from '../support/ffmpeg.ts';
import { readTags } from '../support/flv.ts';
import { assertSameFrames, content, framesOf, headersOf } from '../support/frames.ts';
import { freePort, runNginx } from '../support/nginx.ts';
import { Program } from '../support/program.ts';
import { allGet, publisher, sendFromStart } from '../support/publish.ts';
import { type RemuxedName, remuxed } from '../support/remux.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { ADMIN_TOKEN, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { watch } from '../support/watch.ts';

/** Clips are pushed faster than life: the window must hold what a viewer has yet to be sent. */
const QUICK = { window: { duration: '10m', bytes: '256MiB' }, play: { maxLag: '10m' }, publish: { stopGrace: '0s' } };

interface Route {
  readonly from: string;
  readonly to: string;
  readonly stream: string;
  readonly state: string;
  readonly client: string;
  readonly reconnects: number;
  readonly reason: string;
}

async function routesOf(server: TestServer): Promise<readonly Route[]> {
  const response = await fetch(server.http('/api/v1/routes'), { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  return ((await response.json()) as { routes: Route[] }).routes;
}

/** Resolves to the first route of a server as soon as it fits. */
function route(server: TestServer, fits: (route: Route) => boolean): Promise<Route> {
  return until('a route is as it should be', async () => (await routesOf(server)).find(fits));
}

const isRunning = ({ state }: Route) => state === 'running';

const far = await startTestServer({ after }, QUICK);
const near = await startTestServer({ after }, { ...QUICK, routes: [{ from: 'live/*', to: far.rtmp('') }] });

describe('what is pushed on by a route arrives unchanged', () => {
  for (const name of ['movie', 'videoOnly', 'audioOnly'] satisfies ClipName[]) {
    test(`the clip ${name}`, needs('ffmpeg'), async (t) => {
      const { tags } = await clip(name);
      const viewer = await watch(t, far, 'rtmp', name);
      const client = await publisher(t, near, name);
      await sendFromStart(client, tags, [viewer]);
      client.stop();
      await viewer.ended;
      assertSameFrames(viewer.tags, tags);
      assert.equal(headersOf(viewer.tags).length, headersOf(tags).length);
    });
  }
  for (const name of ['hevc', 'av1', 'opus'] satisfies RemuxedName[]) {
    test(`the clip ${name}, in enhanced RTMP`, needs('ffmpeg'), async (t) => {
      const tags = await remuxed(name);
      const viewer = await watch(t, far, 'rtmp', name);
      const client = await publisher(t, near, name);
      await sendFromStart(client, tags, [viewer]);
      client.stop();
      await viewer.ended;
      assertSameFrames(viewer.tags, tags);
    });
  }
});

describe('what is fetched by a route arrives unchanged', () => {
  for (const output of ['rtmp', 'http-flv'] as const) {
    for (const name of ['movie', 'hevc'] as const) {
      test(`the clip ${name}, by ${output}`, needs('ffmpeg'), async (t) => {
        const stream = `fetched-${name}-${output}`;
        const from = output === 'rtmp' ? far.rtmp(stream) : far.http(`/live/${stream}.flv`);
        const server = await startTestServer(t, { ...QUICK, routes: [{ from, to: `live/${stream}` }] });
        const tags = name === 'movie' ? (await clip(name)).tags : await remuxed(name);
        const [there, viewer] = [await watch(t, far, 'rtmp', stream), await watch(t, server, 'rtmp', stream)];
        const client = await publisher(t, far, stream);
        client.send(...tags.slice(0, 20));
        await allGet([there, viewer], 1);
        client.send(...tags.slice(20));
        await allGet([viewer], framesOf(tags).length);
        assertSameFrames(viewer.tags, tags);
        assert.deepEqual(
          (await routesOf(server)).map(({ state, stream }) => [state, stream]),
          [['running', `live/${stream}`]],
        );
      });
    }
  }
});

describe('nginx-rtmp at the far end', () => {
  const GOES_ON = { ...QUICK, publish: { stopGrace: '0s', grace: '30s' } };

  test('is pushed to, and again when it has been killed and is back', needs('ffmpeg', 'nginx'), async (t) => {
    const nginx = await runNginx(t, '');
    const to = `rtmp://127.0.0.1:${nginx.port}/live/`;
    const server = await startTestServer(t, { ...GOES_ON, routes: [{ from: 'live/*', to }] });
    const { tags } = await clip('movie');
    const [first, second] = splitAt(tags, 2000);
    const client = await publisher(t, server, 'pushed');
    const viewer = await (await RtmpClient.connect(t, { port: nginx.port })).play('pushed');
    await sendFromStart(client, first, [viewer]);
    await allGet([viewer], framesOf(first).length);
    assertSameFrames(viewer.tags, first, { from: 'first', tolerance: 1 });
    await nginx.program.stop();
    await route(server, ({ state }) => state === 'retrying');
    await runNginx(t, '', nginx.port);
    const again = await (await RtmpClient.connect(t, { port: nginx.port })).play('pushed');
    await route(server, isRunning);
    client.send(...second);
    await again.gets(framesOf(second).length, (tag) => framesOf([tag]).length > 0);
    const sent = framesOf(second, 'video').map(content);
    assert.deepEqual(framesOf(again.tags, 'video').map(content).slice(-sent.length), sent);
    assert.ok((await route(server, isRunning)).reconnects >= 1);
  });

  test('is fetched from, and again when it has been killed and is back', needs('ffmpeg', 'nginx'), async (t) => {
    let nginx = await runNginx(t, '');
    const from = `rtmp://127.0.0.1:${nginx.port}/live/fetched`;
    const server = await startTestServer(t, { ...GOES_ON, routes: [{ from, to: 'live/here' }] });
    const { file, tags } = await clip('movie');
    const viewer = await watch(t, server, 'rtmp', 'here');
    for (let times = 0; times < 2; times++) {
      await publishFile(t, file, from).succeeded();
      await until('the end of the clip has come', () => lastSecond(viewer.tags).join() === lastSecond(tags).join());
      await nginx.program.stop();
      await route(server, ({ state }) => state === 'retrying');
      nginx = await runNginx(t, '', nginx.port);
      await route(server, ({ state }) => state === 'connecting');
      assert.equal(viewer.reason, undefined);
      viewer.tags.length = 0;
    }
  });
});

/** The last second of the video, by content. */
function lastSecond(tags: readonly FlvTag[]): string[] {
  return framesOf(tags, 'video').slice(-25).map(content);
}

test('a chain of servers: the teacher pushes to a relay, which pushes to the origin', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const origin = await startTestServer(t, QUICK);
  const middle = await startTestServer(t, {
    ...QUICK,
    routes: [{ from: 'class/*', to: `rtmp://127.0.0.1:${origin.ports['rtmp']}/school/[stream]-live` }],
  });
  const relay = await startTestServer(t, {
    ...QUICK,
    routes: [{ from: 'live/math', to: `rtmp://127.0.0.1:${middle.ports['rtmp']}/class` }],
  });
  const player = await RtmpClient.connect(t, { port: origin.ports['rtmp']!, app: 'school' });
  const viewer = await player.play('math-live');
  const client = await publisher(t, relay, 'math');
  await sendFromStart(client, tags, [viewer]);
  client.stop();
  await viewer.ended;
  assertSameFrames(viewer.tags, tags);
  const begun = await origin.logged('publish begins', { path: '__defaultVhost__/school/math-live' });
  assert.equal(String(begun['via']).split(' ').length, 2);
});

test(
  'by RTMPS and HTTPS only servers with a valid certificate are spoken with',
  needs('ffmpeg', 'openssl'),
  async (t) => {
    const certificate = await makeCertificate(t);
    const secure = await startTestServer(t, {
      ...QUICK,
      rtmp: { listenTls: '127.0.0.1:0' },
      http: { listenTls: '127.0.0.1:0' },
      tls: { certificates: [certificate] },
    });
    const routes = [
      { from: 'live/pushed', to: `rtmps://localhost:${secure.ports['rtmps']}/live/` },
      { from: `https://localhost:${secure.ports['https']}/live/pushed.flv`, to: 'live/back' },
    ];
    const server = await startTestServer(t, { ...QUICK, routes });
    const viewer = await watch(t, server, 'rtmp', 'back');
    const { tags } = await clip('movie');
    const client = await publisher(t, server, 'pushed');
    client.send(...tags);
    await until('both are refused', async () =>
      (await routesOf(server)).every(({ reason }) => /self-signed certificate/.test(reason)),
    );
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, await readFile(certificate.cert, 'utf8')]);
    t.after(() => setDefaultCACertificates(before));
    await viewer.gets(25, (tag) => framesOf([tag]).length > 0);
  },
);

test('a circle of servers is broken where it would close', needs('ffmpeg'), async (t) => {
  const port = await freePort();
  const second = await startTestServer(t, { routes: [{ from: 'live/*', to: `rtmp://127.0.0.1:${port}/round/` }] });
  const routes = [{ from: '*/*', to: `rtmp://127.0.0.1:${second.ports['rtmp']}/live/` }];
  const first = await startTestServer(t, { rtmp: { listen: `127.0.0.1:${port}` }, routes });
  const client = await publisher(t, first, 'circle');
  client.send(...(await clip('movie')).tags);
  await route(second, ({ reason }) => /leads back to the server that asks/.test(reason));
  assert.deepEqual(
    (await routesOf(first)).map(({ stream, state }) => [stream, state]),
    [['live/circle', 'running']],
  );
});

test('a server neither pushes to itself nor fetches from itself', needs('ffmpeg'), async (t) => {
  const port = await freePort();
  const url = `rtmp://127.0.0.1:${port}`;
  const routes = [
    { from: 'live/*', to: `${url}/copy/` },
    { from: `${url}/live/self`, to: 'live/twin' },
  ];
  const server = await startTestServer(t, { rtmp: { listen: `127.0.0.1:${port}` }, routes });
  const client = await publisher(t, server, 'self');
  client.send(...(await clip('movie')).tags);
  const refused = ({ reason }: Route) => /leads back to the server that asks/.test(reason);
  await until('both say why', async () => (await routesOf(server)).every(refused));
});

test('a stream is not pushed back to where it was fetched', needs('ffmpeg'), async (t) => {
  const routes = [
    { from: far.rtmp('back'), to: 'live/back' },
    { from: 'live/back', to: far.rtmp('back') },
  ];
  const server = await startTestServer(t, { ...QUICK, routes });
  const client = await publisher(t, far, 'back');
  client.send(...(await clip('movie')).tags);
  const pushed = async () => (await routesOf(server)).find(({ from }) => from === 'live/back')!;
  await until('the route says why', async () => (await pushed()).reason === 'this is where the stream comes from');
});

test('what this server does not speak is fetched by ffmpeg, again and again', needs('ffmpeg'), async (t) => {
  const { file, tags } = await clip('videoOnly');
  const server = await startTestServer(t, {
    window: QUICK.window,
    access: { loopback: 'like-others' },
    routes: [{ from: file, to: 'live/file' }],
  });
  const viewer = await watch(t, server, 'rtmp', 'file');
  await viewer.gets(framesOf(tags).length + 1, (tag) => framesOf([tag]).length > 0);
  assertSameFrames(firstFrames(viewer.tags, framesOf(tags).length), tags, { from: 'first' });
  const { reason, client, reconnects } = await route(
    server,
    ({ state, reconnects }) => state === 'running' && reconnects > 0,
  );
  assert.match(reason, /^ffmpeg ended with 0/);
  assert.ok(client !== '' && reconnects > 0);
});

test('the last words of an ffmpeg that fails are told', needs('ffmpeg'), async (t) => {
  const server = await startTestServer(t, { routes: [{ from: '/nowhere/movie.mp4', to: 'live/file' }] });
  const { reason } = await server.logged('a route has ended; it is tried again');
  assert.match(String(reason), /ffmpeg ended with \d+: .*No such file or directory/);
});

test('ffmpeg, listening, is pushed to', needs('ffmpeg'), async (t) => {
  const port = await freePort();
  const target = join(await temporaryFolder(t), 'pushed.flv');
  const url = `rtmp://127.0.0.1:${port}/live/heard`;
  const listener = new Program(t, 'ffmpeg', [
    '-nostdin',
    '-listen',
    '1',
    '-i',
    url,
    '-c',
    'copy',
    '-copyts',
    '-y',
    target,
  ]);
  const server = await startTestServer(t, { ...QUICK, routes: [{ from: 'live/heard', to: url }] });
  const { file, tags } = await clip('movie');
  await publishFile(t, file, server.rtmp('heard')).succeeded();
  await listener.ended();
  const heard = framesOf(await readTags(target), 'video');
  const whole = framesOf(tags, 'video');
  assert.ok(heard.length > 25, `${heard.length} frames`);
  assert.deepEqual(heard.map(content), whole.slice(-heard.length).map(content));
});

test(
  'a route that is kicked comes back, and no answer or line of the log shows a secret',
  needs('ffmpeg'),
  async (t) => {
    const to = `rtmp://127.0.0.1:${far.ports['rtmp']}/live/very-secret?key=also-secret`;
    const server = await startTestServer(t, { ...QUICK, routes: [{ from: 'live/kicked', to }] });
    const client = await publisher(t, server, 'kicked');
    client.send(...(await clip('movie')).tags);
    const { client: id, to: shown } = await route(server, isRunning);
    assert.equal(shown, `rtmp://127.0.0.1:${far.ports['rtmp']}/live/***?key=***`);
    const authorization = `Bearer ${ADMIN_TOKEN}`;
    await fetch(server.http(`/api/v1/clients/${id}`), { method: 'DELETE', headers: { authorization } });
    const again = await route(server, ({ state, client }) => state === 'running' && client !== id);
    assert.deepEqual([again.reconnects, again.reason], [1, 'closed by an administrator']);
    assert.doesNotMatch(JSON.stringify(server.lines()), /-secret/);
    const metrics = await (await fetch(server.http('/metrics'), { headers: { authorization } })).text();
    assert.match(metrics, /headwater_routes\{state="running"\} 1/);
    assert.match(metrics, /headwater_route_reconnects_total 1/);
  },
);

/** The tags up to so many frames. */
function firstFrames(tags: readonly FlvTag[], count: number): FlvTag[] {
  let seen = 0;
  return tags.filter((tag) => seen < count && (framesOf([tag]).length === 0 || ++seen <= count));
}
