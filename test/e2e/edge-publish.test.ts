import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { Crowd } from '../support/crowd.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { assertSameFrames } from '../support/frames.ts';
import { edgeOf, spawnOrigin, startOrigin } from '../support/nodes.ts';
import { publisher, sendFromStart } from '../support/publish.ts';
import { spawnServer, startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { watch, PLAIN_OUTPUTS, watchAll } from '../support/watch.ts';

const CONNECTED = 'connected to an origin';
const TAKEN = 'an origin takes what is published here';
const GOES_ON = 'an origin goes on with a stream that is published here';
/** Clips are pushed faster than life: the window must hold what a viewer has yet to be sent. */
const QUICK = {
  window: { duration: '10m', bytes: '256MiB' },
  publish: { stopGrace: '0s' },
  play: { maxLag: '10m', wait: '30s' },
};
/** Video frames of which it is seen that a publisher is under way. */
const SOME = 15;
const { file, tags } = await clip('movie');
const owner = { after };

test('what is published at an edge plays at its origin, there, and at another edge, as it was sent', needs('ffmpeg'), async (t) => {
  const origin = await startOrigin(t, QUICK);
  const edges = [];
  for (let i = 0; i < 2; i++) edges.push(await startTestServer(t, await edgeOf(t, [origin.url], { ...QUICK, relay: { latency: '100ms' } })));
  for (const edge of edges) await edge.logged(CONNECTED);
  const viewers = [];
  for (const server of [origin.server, ...edges]) viewers.push(...(await watchAll(t, server, PLAIN_OUTPUTS, 'around')).values());
  const client = await publisher(t, edges[0]!, 'around');
  await edges[0]!.logged(TAKEN);
  await sendFromStart(client, tags, viewers);
  client.stop();
  for (const viewer of viewers) {
    await viewer.ended;
    assertSameFrames(viewer.tags, tags);
  }
});

test('a publisher at an edge does not notice that the origin is killed, and viewers go on when it is back', needs('ffmpeg'), async (t) => {
  const first = await spawnOrigin(t);
  const edge = await spawnServer(t, await edgeOf(t, [first.url], { play: { wait: '30s' } }));
  await edge.logged(CONNECTED);
  const encoder = publishFile(t, file, edge.rtmp('killed'), '-stream_loop', '-1');
  const crowd = await Crowd.gather(t, edge, 'killed', 3);
  await crowd.gets(60);
  const before = crowd.fewest;
  first.server.program.kill('SIGKILL');
  await first.server.program.ended();
  const second = await spawnOrigin(t, {}, first);
  await edge.logged(GOES_ON);
  await crowd.gets(before + 60);
  crowd.assertUndisturbed();
  for (const { tags } of crowd.viewers) console.log(tags.filter(({ type }) => type === 'video').map((tag) => tag.timestamp).map((at, i, all) => at - all[i - 1]!).filter((gap) => gap !== 40));
  console.log(edge.lines().filter(({level, msg}) => level !== 'debug').map((l) => JSON.stringify(l)).join('\n'));
  void second;
  encoder.kill('SIGKILL');
});
