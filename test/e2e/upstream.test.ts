import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { type ClipName, clip } from '../support/clips.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { assertSameFrames, framesOf } from '../support/frames.ts';
import { freePort, runNginx } from '../support/nginx.ts';
import { allGet, isFrame, publisher, sendFromStart } from '../support/publish.ts';
import { type RemuxedName, remuxed } from '../support/remux.ts';
import { ADMIN_TOKEN, type Overrides, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';
import { watch, watchAll } from '../support/watch.ts';

/** Clips are pushed faster than life: the window must hold what a viewer has yet to be sent. */
const WINDOW = { duration: '10m', bytes: '256MiB' };
const QUICK = { window: WINDOW, publish: { stopGrace: '0s' }, play: { maxLag: '10m' } };
const WAITING = { ...QUICK, play: { ...QUICK.play, wait: '30s' } };

const origin = await startTestServer({ after }, QUICK);
const rtmpUrl = ({ ports }: TestServer) => `rtmp://127.0.0.1:${ports['rtmp']}`;
const httpUrl = ({ ports }: TestServer) => `http://127.0.0.1:${ports['http']}`;

function edgeOf(owner: Owner, origins: readonly string[], overrides: Overrides = WAITING): Promise<TestServer> {
  return startTestServer(owner, { ...overrides, relay: { origins, ...(overrides['relay'] as object | undefined) } });
}

/** The names of the streams that a server plays by a protocol. */
async function played(server: TestServer, type: string): Promise<string[]> {
  const response = await fetch(server.http('/api/v1/clients'), { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  const { clients } = (await response.json()) as { clients: { name: string; type: string }[] };
  return clients.filter((client) => client.type === type).map(({ name }) => name);
}

describe('what viewers of an edge get is what was sent to a server of another kind', () => {
  for (const [scheme, url] of [
    ['RTMP', rtmpUrl(origin)],
    ['HTTP-FLV', httpUrl(origin)],
    ['RTMP, by a pattern', `${rtmpUrl(origin)}/[app]/[stream]?a=b`],
  ] as const) {
    for (const name of ['movie', 'videoOnly', 'hevc'] satisfies (ClipName | RemuxedName)[]) {
      test(`the clip ${name}, by ${scheme}`, needs('ffmpeg'), async (t) => {
        const edge = await edgeOf(t, [url]);
        const stream = `${name}-${scheme.length}`;
        const tags = name === 'hevc' ? await remuxed(name) : (await clip(name)).tags;
        const client = await publisher(t, origin, stream);
        // The origin must have it before the edge is asked: one that does not have it says so.
        const begin = tags.slice(0, 20);
        client.send(...begin);
        await allGet([await watch(t, origin, 'rtmp', stream)], 1);
        const viewers = await watchAll(t, edge, ['rtmp', 'http-flv', 'ws-flv'], stream);
        await allGet(viewers.values(), 1);
        client.send(...tags.slice(20));
        for (const viewer of viewers.values()) {
          await viewer.gets(framesOf(tags).length, isFrame);
          assertSameFrames(viewer.tags, tags);
        }
        assert.equal((await fetch(edge.http(`/live/${stream}.m3u8`))).status, 200);
      });
    }
  }
});

test('streams of virtual hosts are asked for as such', needs('ffmpeg'), async (t) => {
  const edge = await edgeOf(t, [rtmpUrl(origin)]);
  const client = await publisher(t, origin, 'hosted?vhost=a.example');
  client.send(...(await clip('movie')).tags);
  await allGet([await watch(t, edge, 'http-flv', 'hosted', '?vhost=a.example')], 1);
});

describe('a stream that nobody has is told to be absent', () => {
  test('and looked for again as long as somebody waits', needs('ffmpeg'), async (t) => {
    const edge = await edgeOf(t, [rtmpUrl(origin)]);
    const viewer = await watch(t, edge, 'http-flv', 'later');
    const client = await publisher(t, origin, 'later');
    client.send(...(await clip('movie')).tags);
    await allGet([viewer], 1);
  });

  test('where two servers are origins of each other, and no question goes round for ever', async (t) => {
    const port = await freePort();
    const second = await edgeOf(t, [`rtmp://127.0.0.1:${port}`], QUICK);
    const listen = `127.0.0.1:${port}`;
    const first = await edgeOf(t, [rtmpUrl(second)], { ...QUICK, rtmp: { listen } });
    const viewers = await Promise.all([first, second].map((server) => watch(t, server, 'http-flv', 'nobody')));
    for (const viewer of viewers) assert.match(await viewer.ended, /^404/);
    await until(
      'nobody asks any more',
      async () => (await Promise.all([first, second].map((server) => played(server, 'rtmp-play')))).flat().length === 0,
    );
  });
});

test('an origin that cannot be reached is told once', needs('ffmpeg'), async (t) => {
  const dead = `127.0.0.1:${await freePort()}`;
  const edge = await edgeOf(t, [`rtmp://${dead}`, rtmpUrl(origin)]);
  const client = await publisher(t, origin, 'told');
  client.send(...(await clip('movie')).tags);
  await allGet([await watch(t, edge, 'http-flv', 'told')], 1);
  await watch(t, edge, 'rtmp', 'nobody');
  const told = () => edge.lines().filter(({ msg }) => msg === 'nothing can be fetched from an origin');
  await until('it was tried several times', () => edge.lines().filter(({ msg }) => msg === 'session ends').length > 4);
  assert.deepEqual(
    told().map((line) => [line['origin'], line.level]),
    [[dead, 'warn']],
  );
});

test('nginx-rtmp as origin, by RTMP', needs('ffmpeg', 'nginx'), async (t) => {
  const nginx = await runNginx(t, '');
  const url = `rtmp://127.0.0.1:${nginx.port}`;
  const edge = await edgeOf(t, [url]);
  const { file, tags } = await clip('movie');
  const viewer = await watch(t, edge, 'rtmp', 'fetched');
  publishFile(t, file, `${url}/live/fetched`);
  await viewer.gets(25, isFrame);
  const last = framesOf(tags, 'video').at(-1)!;
  await until('the end of the clip has come', () => {
    const frame = framesOf(viewer.tags, 'video').at(-1);
    return frame && Buffer.from(frame.data).equals(last.data);
  });
});

test(
  'a publisher who comes to the edge itself takes the place of what is looked for elsewhere',
  needs('ffmpeg'),
  async (t) => {
    const edge = await edgeOf(t, [rtmpUrl(origin)]);
    const viewer = await watch(t, edge, 'rtmp', 'own');
    const client = await publisher(t, edge, 'own');
    const { tags } = await clip('movie');
    await sendFromStart(client, tags, [viewer]);
    await viewer.gets(framesOf(tags).length, isFrame);
    assertSameFrames(viewer.tags, tags);
  },
);
