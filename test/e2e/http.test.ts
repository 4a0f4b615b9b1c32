import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, describe, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { httpFlvViewer } from '../support/flv-client.ts';
import { framesOf } from '../support/frames.ts';
import { allGet, publisher } from '../support/publish.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { PUBLISH_KEY, startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { until, within } from '../support/until.ts';

const { tags, file } = await clip('movie');
const server = await startTestServer({ after }, { rtmp: { listen: ':0' } });

describe('the answers of HTTP-FLV', () => {
  const url = server.http('/live/answers.flv');

  test('to HEAD are those to GET, without a body', needs('ffmpeg'), async (t) => {
    assert.equal((await fetch(url, { method: 'HEAD' })).status, 404);
    const client = await publisher(t, server, 'answers');
    client.send(...tags);
    await allGet([await plays(t, url)], 1);
    const head = await fetch(url, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-type')], [200, 'video/x-flv']);
    assert.equal((await head.arrayBuffer()).byteLength, 0);
  });

  test('let the pages of any origin play', async () => {
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: { origin: 'https://example.com', 'access-control-request-method': 'GET' },
    });
    assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [204, '*']);
    assert.match(preflight.headers.get('access-control-allow-methods')!, /GET/);
  });

  test('name what is wrong with a path', async () => {
    const refused = await fetch(server.http('/live/a%2f..%2fb.flv'));
    assert.equal(refused.status, 403);
    assert.equal(((await refused.json()) as { code: string }).code, 'forbidden');
  });
});

test('streams of different virtual hosts do not meet', needs('ffmpeg'), async (t) => {
  const client = await publisher(t, server, 'hosted?vhost=school.example');
  client.send(...tags);
  const viewer = await plays(t, server.http('/live/hosted.flv?vhost=school.example'), 'school.example/live/hosted');
  await allGet([viewer], 1);
  assert.match(await httpFlvViewer(t, server.http('/live/hosted.flv')).ended, /^404/);
});

test('a host that is a virtual host keeps its streams apart', needs('ffmpeg'), async (t) => {
  const server = await startTestServer(t, { vhosts: ['LocalHost'] });
  const { http, rtmp } = server.ports;
  const client = await RtmpClient.connect(t, { port: rtmp!, host: 'localhost' });
  await client.publish('hosted');
  client.send(...tags);
  const path = 'localhost/live/hosted';
  await server.logged('publish begins', { path });
  const viewer = httpFlvViewer(t, `http://localhost:${http}/live/hosted.flv`);
  await allGet([viewer], 1);
  await server.logged('play begins', { path });
  assert.equal((await fetch(`http://localhost:${http}/live/hosted.m3u8`)).status, 200);
  assert.match(await httpFlvViewer(t, server.http('/live/hosted.flv')).ended, /^404/);
});

test('an address for the API alone has neither streams nor pages, and one for all trusts nobody', async (t) => {
  const server = await startTestServer(t, { http: { listenApi: ':0' } });
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${server.ports['api']}${path}`)).status;
  assert.deepEqual(await Promise.all(['/healthz', '/api/v1/versions', '/metrics'].map(status)), [200, 401, 401]);
  assert.deepEqual(await Promise.all(['/', '/live/a.flv', '/live/a.m3u8', '/apis'].map(status)), [404, 404, 404, 404]);
  assert.equal((await fetch(server.http('/api/v1/versions'))).status, 401);
});

describe('a publisher from elsewhere', () => {
  const elsewhere = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  const local = { access: { loopback: 'like-others' } };

  for (const [key, outcome] of [
    ['', 'a publish key is needed'],
    ['?key=guessed', 'the publish key is wrong'],
  ] as const) {
    test(`is refused with ${key || 'no key'}`, async (t) => {
      const { client } = await comes(t);
      await assert.rejects(client.publish(`guarded${key}`), new RegExp(outcome));
      assert.match(await client.viewer.ended, new RegExp(outcome));
    });
  }

  test('is let in with the key, which the log does not show', needs('ffmpeg'), async (t) => {
    const { client, at } = await comes(t);
    await client.publish(`guarded?key=${PUBLISH_KEY}`);
    client.send(...tags);
    await at.logged('publish begins', { path: '__defaultVhost__/live/guarded', param: '?key=***' });
    assert.ok(!JSON.stringify(at.lines()).includes(PUBLISH_KEY));
  });

  test('may be ffmpeg, with the key in its URL', needs('ffmpeg'), async (t) => {
    const { client, at, host } = await comes(t);
    client.close();
    publishFile(t, file, `rtmp://${host}:${at.ports['rtmp']}/live/keyed?key=${PUBLISH_KEY}`);
    const viewer = await RtmpClient.connect(t, { port: at.ports['rtmp'], host });
    await allGet([await viewer.play('keyed')], framesOf(tags).length / 4);
  });

  /** By an address of this machine that is not loopback, or as if it were one. */
  async function comes(t: Parameters<typeof publisher>[0]) {
    const host = elsewhere?.address ?? '127.0.0.1';
    const at = elsewhere ? server : await startTestServer(t, local);
    return { at, host, client: await RtmpClient.connect(t, { port: at.ports['rtmp'], host }) };
  }
});

test('one who connects and says nothing is no event, and one who is too long about it is closed', async (t) => {
  const own = await startTestServer(t, { limits: { handshake: '200ms' } });
  for (const port of [own.ports['rtmp'], own.ports['http']]) {
    const probe = connect({ port, host: '127.0.0.1' });
    await once(probe, 'connect');
    probe.end();
    probe.resume();
    await once(probe, 'close');
  }
  const silent = connect({ port: own.ports['rtmp'], host: '127.0.0.1' });
  silent.resume();
  await within('the silent one is closed', once(silent, 'close'));
  assert.deepEqual(
    own.lines().filter(({ level }) => level !== 'debug' && level !== 'info'),
    [],
  );
  assert.deepEqual(
    own.lines().filter(({ msg, level }) => msg === 'session ends' && level !== 'debug'),
    [],
  );
});

async function plays(t: Parameters<typeof publisher>[0], url: string, path = '__defaultVhost__/live/answers') {
  await server.logged('publish begins', { path });
  await until('the stream is there', async () => (await fetch(url, { method: 'HEAD' })).ok);
  return httpFlvViewer(t, url);
}
