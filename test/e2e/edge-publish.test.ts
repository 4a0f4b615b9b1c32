import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clip } from '../support/clips.ts';
import { memberOf, spawnMember } from '../support/cluster.ts';
import { Crowd } from '../support/crowd.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { assertSameFrames, framesOf } from '../support/frames.ts';
import { runNginx } from '../support/nginx.ts';
import { edgeOf, spawnOrigin, startOrigin } from '../support/nodes.ts';
import { PacedPublisher } from '../support/paced.ts';
import { allGet, publisher, sendFromStart } from '../support/publish.ts';
import { startRedis } from '../support/redis.ts';
import { ADMIN_TOKEN, PUBLISH_KEY, spawnServer, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';
import { PLAIN_OUTPUTS, watch, watchAll } from '../support/watch.ts';

const CONNECTED = 'connected to an origin';
const TAKEN = 'an origin takes what is published here';
const GOES_ON = 'an origin goes on with what is published here';
/** Clips are pushed faster than life: the window must hold what a viewer has yet to be sent. */
const QUICK = {
  window: { duration: '10m', bytes: '256MiB' },
  publish: { stopGrace: '0s' },
  play: { maxLag: '10m', wait: '30s' },
};
const WAITING = { play: { wait: '30s' } };
const ENDLESS = ['-stream_loop', '-1'];
/** Video frames of which it is seen that a stream plays; enough that a window has moved on. */
const SOME = 50;
/** Where the clip begins anew the step is longer than elsewhere; one lost frame would make it longer still. */
const LONGEST_STEP = 79;
const CLIP_LENGTH = 4000;
const { file, tags } = await clip('movie');

/** An edge in this process that is connected to its origin. */
async function connected(t: Owner, url: string): Promise<TestServer> {
  const edge = await startTestServer(t, await edgeOf(t, [url], QUICK));
  await edge.logged(CONNECTED);
  return edge;
}

/** Fails if anybody lacks a frame between those that he has. */
function assertWhole({ viewers }: Crowd): void {
  for (const { tags } of viewers) {
    const times = framesOf(tags, 'video').map(({ timestamp }) => timestamp);
    const longest = Math.max(...times.slice(1).map((time, i) => time - times[i]!));
    assert.ok(longest <= LONGEST_STEP, `a step of ${longest} ms`);
  }
}

async function routesOf({ http }: TestServer): Promise<{ stream: string; to: string; state: string }[]> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const response = await fetch(http('/api/v1/routes'), { headers });
  return ((await response.json()) as { routes: { stream: string; to: string; state: string }[] }).routes;
}

test(
  'what is published at an edge plays at its origin, there, and at another edge, as it was sent',
  needs('ffmpeg'),
  async (t) => {
    const origin = await startOrigin(t, QUICK);
    const edges = [await connected(t, origin.url), await connected(t, origin.url)] as const;
    const viewers = [];
    for (const server of [origin.server, ...edges])
      viewers.push(...(await watchAll(t, server, PLAIN_OUTPUTS, 'around')).values());
    const client = await publisher(t, edges[0], 'around');
    await edges[0].logged(TAKEN);
    const to = `127.0.0.1:${origin.server.ports['headwater']}`;
    assert.partialDeepStrictEqual(await routesOf(edges[0]), [{ stream: 'live/around', to, state: 'running' }]);
    await sendFromStart(client, tags, viewers);
    client.stop();
    for (const viewer of viewers) {
      await viewer.ended;
      assertSameFrames(viewer.tags, tags);
    }
    assert.deepEqual(await routesOf(edges[0]), []);
  },
);

test('the origin decides who may publish, and by its own key', needs('ffmpeg'), async (t) => {
  const access = { publishKey: 'of-the-origin', loopback: 'like-others' };
  const origin = await startOrigin(t, { ...QUICK, access });
  const edge = await connected(t, origin.url);
  for (const [name, reason] of [
    ['closed', /a publish key is needed/],
    [`closed?key=${PUBLISH_KEY}`, /the publish key is wrong/],
  ] as const) {
    await assert.rejects(publisher(t, edge, name), reason);
  }
  const client = await publisher(t, edge, 'closed?key=of-the-origin');
  new PacedPublisher(t, client, tags, CLIP_LENGTH);
  await allGet([await watch(t, origin.server, 'http-flv', 'closed')], 1);
  await assert.rejects(publisher(t, edge, 'closed?key=of-the-origin'), /NetStream.Publish.BadName/);
});

test(
  'a publisher at an edge does not notice that the origin is killed, and no viewer lacks a frame when it is back',
  needs('ffmpeg'),
  async (t) => {
    const first = await spawnOrigin(t);
    const edge = await spawnServer(t, await edgeOf(t, [first.url], WAITING));
    await edge.logged(CONNECTED);
    publishFile(t, file, edge.rtmp('killed'), ...ENDLESS);
    const crowd = await Crowd.gather(t, edge, 'killed', 3);
    await crowd.gets(SOME);
    const before = crowd.fewest;
    first.server.program.kill('SIGKILL');
    await first.server.program.ended();
    await spawnOrigin(t, {}, first);
    await edge.logged(GOES_ON);
    await crowd.gets(before + SOME);
    crowd.assertUndisturbed();
    assertWhole(crowd);
    assert.equal(edge.lines().filter(({ msg, protocol }) => msg === 'publish ends' && protocol === 'rtmp').length, 0);
  },
);

test(
  'of two origins that know nothing of each other the second goes on where the first was killed',
  needs('ffmpeg'),
  async (t) => {
    const [one, two] = [await spawnOrigin(t), await spawnOrigin(t)];
    const edge = await spawnServer(t, await edgeOf(t, [one.url, two.url], WAITING));
    for (const { address } of [one, two])
      await edge.logged(CONNECTED, { origin: address.slice('headwater://'.length) });
    publishFile(t, file, edge.rtmp('moved'), ...ENDLESS);
    const crowd = await Crowd.gather(t, edge, 'moved', 3);
    await crowd.gets(SOME);
    const before = crowd.fewest;
    one.server.program.kill('SIGKILL');
    await edge.logged(GOES_ON, { origin: two.address.slice('headwater://'.length) });
    await crowd.gets(before + SOME);
    crowd.assertUndisturbed();
    assertWhole(crowd);
  },
);

test(
  'in a cluster what is published at an edge goes to an origin, and to another one when that is killed',
  needs('ffmpeg', 'redis'),
  async (t) => {
    const redis = await startRedis(t);
    const origins = [await spawnMember(t, redis, 'origin'), await spawnMember(t, redis, 'origin')];
    const edges = [
      await spawnMember(t, redis, 'edge'),
      await startTestServer(t, await memberOf(t, redis, 'edge')),
    ] as const;
    publishFile(t, file, edges[0].rtmp('moved'), ...ENDLESS);
    const { origin } = await edges[0].logged(TAKEN);
    const owner = origins.find(({ ports }) => String(origin).endsWith(`:${ports['headwater']}`))!;
    const crowds = [];
    for (const server of edges) crowds.push(await Crowd.gather(t, server, 'moved', 3));
    for (const crowd of crowds) await crowd.gets(SOME);
    const seen = crowds.map(({ fewest }) => fewest);
    owner.program.kill('SIGKILL');
    await edges[0].logged(GOES_ON);
    for (const [i, crowd] of crowds.entries()) {
      await crowd.gets(seen[i]! + SOME);
      crowd.assertUndisturbed();
      assertWhole(crowd);
    }
  },
);

test(
  'an edge of nginx-rtmp passes on what is published there, also when that is killed and returns',
  needs('ffmpeg', 'nginx'),
  async (t) => {
    const first = await runNginx(t, '');
    const edge = await spawnServer(t, await edgeOf(t, [`rtmp://127.0.0.1:${first.port}`], WAITING));
    publishFile(t, file, edge.rtmp('foreign'), ...ENDLESS);
    const crowd = await Crowd.gather(t, edge, 'foreign', 3);
    await crowd.gets(SOME);
    first.program.kill('SIGKILL');
    await first.program.ended();
    await runNginx(t, '', first.port);
    await edge.logged(GOES_ON);
    const before = crowd.fewest;
    await crowd.gets(before + SOME);
    crowd.assertUndisturbed();
  },
);
