import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { temporaryFolder } from '../support/ffmpeg.ts';
import { assertSameFrames, framesOf } from '../support/frames.ts';
import { openRelay, portFor, startEdge } from '../support/legacy-link.ts';
import { edgeOf, spawnOrigin, startOrigin } from '../support/nodes.ts';
import { PacedPublisher } from '../support/paced.ts';
import { allGet, publisher, sendFromStart } from '../support/publish.ts';
import { finished, listing } from '../support/recordings.ts';
import { ADMIN_TOKEN, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { PLAIN_OUTPUTS, watch, watchAll } from '../support/watch.ts';
import { askApi, gatherAudience, lengthOf, PATIENT, publishAt, spawnWorkers } from '../support/workers.ts';

const ENDING = { publish: { stopGrace: '0s' } };
const WORKERS = { cluster: { workers: 2 } };
const { tags, file } = await clip('movie');

/** An answer to a request that came by a connection of its own, which another worker may have got. */
interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly cookie: string;
}

async function get(server: TestServer, path: string, { method = 'GET', cookie = '', body = '' } = {}): Promise<Answer> {
  const asking = request(server.http(path), { agent: false, method, headers: { cookie } });
  asking.end(body);
  const [answer] = (await once(asking, 'response')) as [import('node:http').IncomingMessage];
  const [set = ''] = answer.headers['set-cookie'] ?? [];
  return { status: answer.statusCode!, body: await buffer(answer), cookie: set.split(';')[0]! };
}

describe('HLS', () => {
  test('a viewer is one, whichever workers its connections come to', needs('ffmpeg'), async (t) => {
    const server = await spawnWorkers(t, { hls: { segment: '1s' } });
    const { client } = await publishAt(t, server, 'hls', (worker) => worker === 2);
    new PacedPublisher(t, client, tags, lengthOf(tags));
    const playlist = async () => (await get(server, '/live/hls.m3u8')).body.toString();
    const master = await until('there is a master playlist', async () => {
      const text = await playlist();
      return text.startsWith('#EXTM3U') ? text : undefined;
    });
    const path = new URL(master.trimEnd().split('\n').at(-1)!, server.http('/live/hls.m3u8')).pathname;
    const files = async () => (await get(server, path)).body.toString().match(/^\d+\.m4s$/gm) ?? [];
    const names = await until('two segments are listed', async () => {
      const found = await files();
      return found.length > 1 ? found : undefined;
    });
    const segment = path.replace(/[^/]+$/, names[0]!);
    const answers = await Promise.all(Array.from({ length: 6 }, () => get(server, segment)));
    for (const { status, body } of answers) {
      assert.equal(status, 200);
      assert.deepEqual(body, answers[0]!.body);
    }
    const { clients } = await askApi(server, 'clients');
    const watching = clients.filter(({ type }: { type: string }) => type === 'hls-play');
    const mine = watching.find(({ send_bytes }: { send_bytes: number }) => send_bytes > 6 * answers[0]!.body.length);
    assert.ok(mine, 'all that it was sent is counted in one place');
    assert.equal(mine.ip, '127.0.0.1');
    assert.equal((await askApi(server, `clients/${mine.id}`, 'DELETE')).code, 0);
    for (let i = 0; i < 4; i++) assert.equal((await get(server, path)).status, 403);
  });
});

test('who logs in is known whichever worker is asked', async (t) => {
  const server = await spawnWorkers(t, { access: { loopback: 'like-others' } });
  const body = JSON.stringify({ token: ADMIN_TOKEN });
  const { status, cookie } = await get(server, '/api/v1/session', { method: 'POST', body });
  assert.equal(status, 200);
  for (let i = 0; i < 4; i++) {
    assert.equal((await get(server, '/api/v1/streams', { cookie })).status, 200);
    assert.equal((await get(server, '/api/v1/streams')).status, 401);
  }
});

test('the log, the last hour and the options are those of the node, whichever worker is asked', async (t) => {
  const server = await spawnWorkers(t, { log: { level: 'debug' } });
  await publishAt(t, server, 'known', (worker) => worker === 2);
  const { session } = await server.logged('publish begins', { worker: 2 });
  const ask = async (path: string) => {
    const answer = await get(server, `/api/v1/${path}token=${ADMIN_TOKEN}`);
    return JSON.parse(answer.body.toString()) as Record<string, any>;
  };
  const { lines } = await ask(`log?session=${String(session)}&`);
  assert.deepEqual([lines[0].message, lines[0].fields.worker], ['publish begins', 2]);
  // What the primary itself says is there, too.
  assert.equal((await ask('log?text=a+worker+starts&')).lines.length, 2);
  await until('the other worker is in the last hour', async () => {
    const [{ streams }] = (await ask('history?')).nodes as [{ streams: number[] }];
    return streams.includes(1);
  });
  const { options } = await ask('config?');
  const workers = options.find(({ name }: { name: string }) => name === 'cluster.workers');
  assert.deepEqual([workers.value, workers.is_default], ['2', false]);
});

test('so many connections of an address are let in as the node may have', async (t) => {
  const server = await spawnWorkers(t, { limits: { connectionsPerAddress: 5 } });
  const open = () => {
    const socket = connect(server.ports['rtmp']!, '127.0.0.1').on('error', () => {});
    t.after(() => void socket.destroy());
    return socket;
  };
  const closed = (sockets: ReturnType<typeof open>[]) => sockets.filter((socket) => socket.closed).length;
  const first = Array.from({ length: 5 }, open);
  await Promise.all(first.map((socket) => once(socket, 'connect')));
  // What each worker has let in the others hear a moment later.
  await until('one more is turned away by either', async () => {
    const two = [open(), open()];
    await until('they are decided upon', () => closed(two) > 0, 1000).catch(() => {});
    const both = closed(two) === 2;
    for (const socket of two) socket.destroy();
    return both;
  });
  assert.equal(closed(first), 0);
});

test(
  'a stream is recorded once, and in the same file when its publisher returns to another worker',
  needs('ffmpeg'),
  async (t) => {
    const record = { paths: ['live/recorded'], folder: await temporaryFolder(t), format: 'flv' };
    const server = await spawnWorkers(t, { record, publish: { stopGrace: '2s' } });
    const first = await publishAt(t, server, 'recorded', (worker) => worker === 2);
    const sending = new PacedPublisher(t, first.client, tags, lengthOf(tags));
    await until('it is being recorded', async () => (await listing(server)).recordings[0]?.video_frames);
    sending.stop();
    first.client.stop();
    const second = await publishAt(t, server, 'recorded', (worker) => worker === 1);
    second.client.send(...tags);
    second.client.stop();
    const [recording, ...others] = await finished(server, 'live/recorded');
    assert.deepEqual(others, []);
    assert.equal(recording!.video_frames, framesOf([...sending.sent, ...tags], 'video').length);
    for (let i = 0; i < 2; i++) {
      const { status, body } = await get(server, `${recording!.url}?token=${ADMIN_TOKEN}`);
      assert.deepEqual([status, body.length], [200, recording!.size]);
    }
  },
);

describe('a route', () => {
  test('pushes what is published to any worker, once', needs('ffmpeg'), async (t) => {
    const far = await startTestServer(t, { ...PATIENT, ...ENDING });
    const near = await spawnWorkers(t, { ...ENDING, routes: [{ from: 'live/*', to: far.rtmp('') }] });
    for (const at of [1, 2]) {
      const viewer = await watch(t, far, 'rtmp', `pushed-${at}`);
      const { client } = await publishAt(t, near, `pushed-${at}`, (worker) => worker === at);
      await sendFromStart(client, tags, [viewer]);
      client.stop();
      await viewer.ended;
      assertSameFrames(viewer.tags, tags);
    }
    const pushed = far.lines().filter(({ msg, path }) => msg === 'publish begins' && String(path).includes('pushed-'));
    assert.equal(pushed.length, 2);
  });

  test('fetches a stream once, by its own protocols and by ffmpeg', needs('ffmpeg'), async (t) => {
    const far = await startTestServer(t, PATIENT);
    const client = await publisher(t, far, 'source');
    new PacedPublisher(t, client, tags, lengthOf(tags));
    const routes = [
      { from: far.rtmp('source'), to: 'live/fetched' },
      { from: file, to: 'live/file' },
    ];
    const near = await spawnWorkers(t, { routes });
    for (const name of ['fetched', 'file']) await allGet((await gatherAudience(t, near, name)).all, 20);
    assert.equal((await askApi(near, 'routes')).total, 2);
    const running = await until('both are running', async () => {
      const { routes: all } = await askApi(near, 'routes');
      return all.every(({ state }: { state: string }) => state === 'running') ? all : undefined;
    });
    for (const { client: id } of running) assert.equal((await askApi(near, `clients/${id}`)).client.id, id);
    const plays = far.lines().filter(({ msg, protocol }) => msg === 'play begins' && protocol === 'rtmp');
    assert.equal(plays.length, 1);
  });
});

describe('between nodes', () => {
  test('an edge gets what was published to any worker of its origin', needs('ffmpeg'), async (t) => {
    const origin = await spawnOrigin(t, { ...WORKERS, ...PATIENT, ...ENDING });
    const edge = await startTestServer(t, await edgeOf(t, [origin.url], { ...PATIENT, ...ENDING }));
    await edge.logged('connected to an origin');
    for (const at of [1, 2]) {
      const viewers = await watchAll(t, edge, PLAIN_OUTPUTS, `edge-${at}`);
      const { client } = await publishAt(t, origin.server, `edge-${at}`, (worker) => worker === at);
      await sendFromStart(client, tags, viewers.values());
      client.stop();
      for (const viewer of viewers.values()) {
        await viewer.ended;
        assertSameFrames(viewer.tags, tags);
      }
    }
  });

  test('an edge of several workers fetches a stream once', needs('ffmpeg'), async (t) => {
    const origin = await startOrigin(t, { ...PATIENT, ...ENDING });
    const edge = await spawnWorkers(t, await edgeOf(t, [origin.url], ENDING));
    await edge.logged('connected to an origin');
    const audience = await gatherAudience(t, edge, 'far');
    const client = await publisher(t, origin.server, 'far');
    await sendFromStart(client, tags, audience.all);
    client.stop();
    for (const viewer of audience.all) {
      await viewer.ended;
      assertSameFrames(viewer.tags, tags);
    }
    const fetched = origin.server.lines().filter(({ msg, protocol }) => msg === 'play begins' && protocol === 'relay');
    assert.equal(fetched.length, 1);
    // Each request comes to another worker.
    for (let i = 0; i < 4; i++) {
      const { links } = await askApi(edge, 'links');
      assert.deepEqual(
        links.map(({ role }: { role: string }) => role),
        ['edge'],
      );
    }
  });

  test('an original edge is sent what was published to any worker', needs('ffmpeg'), async (t) => {
    const relay = await openRelay(t, 1);
    const cloud = { destinations: [`127.0.0.1:${relay.port}`], repairListen: '127.0.0.1:0', apiListen: '127.0.0.1:0' };
    const server = await spawnWorkers(t, { legacy: { cloud }, ...ENDING });
    const ports = { apiPort: portFor(server, 'legacy-api'), quicPort: portFor(server, 'legacy-quic') };
    const edge = await startEdge(t, { ...ports, cloudHost: '127.0.0.1', latency: '3s' });
    relay.aim(portFor(edge, 'legacy-rtp'));
    const viewer = edge.watch(t, 'legacy');
    await edge.logged('play begins');
    const { client } = await publishAt(t, server, 'legacy', (worker) => worker === 2);
    await sendFromStart(client, tags, [viewer]);
    client.stop();
    await viewer.ended;
    assertSameFrames(viewer.tags, tags);
  });
});
