import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clip } from '../support/clips.ts';
import { assertSameFrames } from '../support/frames.ts';
import { edgeOf, startOrigin } from '../support/nodes.ts';
import { PacedPublisher } from '../support/paced.ts';
import { allGet, publisher, sendFromStart } from '../support/publish.ts';
import { ADMIN_TOKEN, PUBLISH_KEY, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';
import { PLAIN_OUTPUTS, watch, watchAll } from '../support/watch.ts';

const CONNECTED = 'connected to an origin';
const TAKEN = 'an origin takes what is published here';
/** Clips are pushed faster than life: the window must hold what a viewer has yet to be sent. */
const QUICK = {
  window: { duration: '10m', bytes: '256MiB' },
  publish: { stopGrace: '0s' },
  play: { maxLag: '10m', wait: '30s' },
};
const CLIP_LENGTH = 4000;
const { tags } = await clip('movie');

/** An edge in this process that is connected to its origin. */
async function connected(t: Owner, url: string): Promise<TestServer> {
  const edge = await startTestServer(t, await edgeOf(t, [url], QUICK));
  await edge.logged(CONNECTED);
  return edge;
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
