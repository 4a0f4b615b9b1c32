import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Identity } from '../../src/cluster/identity.ts';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { type ClipName, clip, splitAt } from '../support/clips.ts';
import { Crowd } from '../support/crowd.ts';
import { temporaryFolder } from '../support/ffmpeg.ts';
import { assertSameFrames, framesOf, headersOf } from '../support/frames.ts';
import { edgeOf, startOrigin } from '../support/nodes.ts';
import { allGet, publisher, sendFromStart } from '../support/publish.ts';
import { type RemuxedName, remuxed } from '../support/remux.ts';
import { ADMIN_TOKEN, startTestServer, type TestServer } from '../support/server.ts';
import { openTcpPath } from '../support/tcp-path.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';
import { PLAIN_OUTPUTS, watch, watchAll } from '../support/watch.ts';

const CONNECTED = 'connected to an origin';
/** Clips are pushed faster than life: the window must hold what a viewer has yet to be sent. */
const WINDOW = { duration: '10m', bytes: '256MiB' };
const QUICK = { window: WINDOW, publish: { stopGrace: '0s' }, play: { maxLag: '10m' } };
const WAITING = { ...QUICK, play: { ...QUICK.play, wait: '30s' } };
const clips: readonly ClipName[] = ['movie', 'videoOnly', 'audioOnly', 'variableRate'];
const remuxes: readonly RemuxedName[] = ['hevc', 'av1', 'opus'];

const owner = { after };
const origin = await startOrigin(owner, QUICK);
const edge = await startTestServer(owner, await edgeOf(owner, [origin.url], { ...WAITING, relay: { idle: '300ms' } }));
assert.equal((await edge.logged(CONNECTED))['transport'], 'quic');

/** The sessions that a server's API lists, by type. */
async function clients(server: TestServer, type: string): Promise<{ name: string; id: string }[]> {
  const response = await fetch(server.http('/api/v1/clients'), { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  const { clients } = (await response.json()) as { clients: { name: string; type: string; id: string }[] };
  return clients.filter((client) => client.type === type);
}

describe('the frames that viewers of an edge get are those that were sent to its origin, in bytes and times', () => {
  for (const name of clips) {
    test(`of the clip ${name}`, needs('ffmpeg'), async (t) => arrive(t, name, (await clip(name)).tags));
  }
  for (const name of remuxes) {
    test(`of the clip ${name}, in enhanced RTMP`, needs('ffmpeg'), async (t) => arrive(t, name, await remuxed(name)));
  }

  async function arrive(t: Owner, name: string, tags: readonly FlvTag[]) {
    const viewers = await watchAll(t, edge, PLAIN_OUTPUTS, name);
    const client = await publisher(t, origin.server, name);
    await sendFromStart(client, tags, viewers.values());
    client.stop();
    for (const [output, viewer] of viewers) {
      await viewer.ended;
      assertSameFrames(viewer.tags, tags);
      assert.equal(headersOf(viewer.tags).length, headersOf(tags).length, `the sequence headers by ${output}`);
    }
  }
});

test('however many watch, a stream is fetched once, and no longer when nobody watches', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const client = await publisher(t, origin.server, 'once');
  client.send(...tags);
  const crowd = await Crowd.gather(t, edge, 'once', 9);
  await crowd.gets(1);
  const fetched = async () => (await clients(origin.server, 'relay-play')).filter(({ name }) => name === 'once').length;
  assert.equal(await fetched(), 1);
  for (const viewer of crowd.viewers) viewer.close();
  await until('the origin is left', async () => (await fetched()) === 0);
  const again = await watch(t, edge, 'http-flv', 'once');
  await allGet([again], 1);
  assert.equal(await fetched(), 1);
});

test('an edge without a token, or with a wrong one, is not let in', async (t) => {
  const stranger = await startOrigin(t);
  const wrong = new URL(stranger.url).searchParams.get('join');
  const cases: [url: string, reason: RegExp][] = [
    [origin.address, /has to be joined/],
    [`${origin.address}?join=${wrong}`, /is not the node that made this join token/],
    [`${origin.address}?join=hwj1.nonsense`, /is no join token/],
  ];
  for (const [url, reason] of cases) {
    const refused = await startTestServer(t, await edgeOf(t, [url]));
    const line = await refused.logged('an origin cannot be reached; it is tried again');
    assert.match(String(line['reason']), reason);
    assert.match(await (await watch(t, refused, 'http-flv', 'movie')).ended, /^404/);
  }
});

test('an administrator of the origin can close an edge, which comes back', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const [beginning, rest] = splitAt(tags, 2000);
  const viewers = await watchAll(t, edge, PLAIN_OUTPUTS, 'kicked');
  const client = await publisher(t, origin.server, 'kicked');
  await sendFromStart(client, beginning, viewers.values());
  await allGet(viewers.values(), framesOf(beginning).length);
  const fetching = async () => (await clients(origin.server, 'relay-play')).find(({ name }) => name === 'kicked')?.id;
  const first = await fetching();
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  await fetch(origin.server.http(`/api/v1/clients/${first}`), { method: 'DELETE', headers });
  await origin.server.logged('play ends', { session: first, code: 'kicked' });
  await until('the edge is back', async () => ![first, undefined].includes(await fetching()));
  client.send(...rest);
  client.stop();
  for (const viewer of viewers.values()) {
    await viewer.ended;
    assertSameFrames(viewer.tags, tags);
  }
});

test('viewers are told why when codecs change', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const viewers = await watchAll(t, edge, ['ws-flv'], 'changes');
  const client = await publisher(t, origin.server, 'changes');
  await sendFromStart(client, splitAt(tags, 1000)[0], viewers.values());
  client.send(...(await remuxed('hevc')));
  assert.match(await viewers.get('ws-flv')!.ended, /codecs changed from h264\+aa/);
});

test('an edge of an edge serves as well', needs('ffmpeg'), async (t) => {
  const middle = await startOrigin(t, { ...QUICK, relay: { origins: [origin.url] } });
  const far = await startTestServer(t, await edgeOf(t, [middle.url], WAITING));
  await far.logged(CONNECTED);
  const { tags } = await clip('movie');
  const viewers = await watchAll(t, far, PLAIN_OUTPUTS, 'far');
  const client = await publisher(t, origin.server, 'far');
  await sendFromStart(client, tags, viewers.values());
  client.stop();
  for (const viewer of viewers.values()) {
    await viewer.ended;
    assertSameFrames(viewer.tags, tags);
  }
});

test(
  'nodes that fetch from each other play the streams of both, and none that neither has',
  needs('ffmpeg'),
  async (t) => {
    const { tags } = await clip('movie');
    const alone = await startOrigin(t, QUICK);
    const two = await startOrigin(t, { ...QUICK, relay: { origins: [alone.url] } });
    await two.server.logged(CONNECTED);
    await alone.server.stop();
    const one = await startOrigin(t, { ...QUICK, relay: { origins: [two.url] } }, alone);
    await one.server.logged(CONNECTED);
    await until('both are connected', () => two.server.lines().filter(({ msg }) => msg === CONNECTED).length === 2);
    for (const [name, at, from] of [
      ['here', one, two],
      ['there', two, one],
    ] as const) {
      assert.match(await (await watch(t, at.server, 'http-flv', 'nobody')).ended, /^404/);
      const client = await publisher(t, from.server, name);
      client.send(...tags);
      await allGet([await watch(t, at.server, 'http-flv', name)], 1);
    }
  },
);

test('where QUIC does not come through, streams come by TLS', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const { port } = await openTcpPath(t, origin.server.ports['headwater']!);
  const url = origin.url.replace(/:\d+/, `:${port}`);
  const behind = await startTestServer(t, await edgeOf(t, [url], WAITING));
  assert.equal((await behind.logged(CONNECTED))['transport'], 'tls');
  const viewers = await watchAll(t, behind, PLAIN_OUTPUTS, 'by-tls');
  const client = await publisher(t, origin.server, 'by-tls');
  await sendFromStart(client, tags, viewers.values());
  client.stop();
  for (const viewer of viewers.values()) {
    await viewer.ended;
    assertSameFrames(viewer.tags, tags);
  }
});

test('a node that was revoked is not let in any more, and is told so', async (t) => {
  const before = await startOrigin(t);
  const state = join(await temporaryFolder(t), 'state');
  const revoked = await startTestServer(t, { relay: { origins: [before.url], state } });
  await revoked.logged(CONNECTED);
  await before.server.stop();
  Identity.open(before.state).revoke(Identity.open(state).nodeId);
  const { server } = await startOrigin(t, {}, before);
  const reason = `node ${Identity.open(state).nodeId} was revoked`;
  await revoked.logged('an origin cannot be reached; it is tried again', { reason });
  await server.logged('a node was not let in', { reason });
});
