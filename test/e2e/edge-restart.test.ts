import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { Crowd } from '../support/crowd.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { edgeOf, spawnOrigin } from '../support/nodes.ts';
import { type SpawnedServer, spawnServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';

const CONNECTED = 'connected to an origin';
/** Video frames of which it is seen that a publisher is under way. */
const SOME = 15;

const owner = { after };
const { file } = await clip('movie');
const first = await spawnOrigin(owner);
const options = await edgeOf(owner, [first.url], { play: { wait: '30s' } });
const edge = await spawnServer(owner, options);
await edge.logged(CONNECTED);

test(
  'viewers of an edge stay when its origin is killed, and play goes on when it and the publisher return',
  needs('ffmpeg'),
  async (t) => {
    let origin = first;
    const crowd = await Crowd.gather(t, edge, 'killed', 9);
    let publisher = publishFile(t, file, origin.server.rtmp('killed'));
    await crowd.gets(SOME);
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const before = crowd.fewest;
      origin.server.program.kill(signal);
      await origin.server.program.ended();
      publisher.kill('SIGKILL');
      origin = await spawnOrigin(t, {}, origin);
      publisher = publishFile(t, file, origin.server.rtmp('killed'));
      await origin.server.logged('publish begins');
      const began = performance.now();
      await crowd.gets(before + SOME);
      // What is counted comes at the speed of life.
      const late = performance.now() - began - SOME * 40;
      assert.ok(late < 3000, `play goes on after ${late} ms`);
    }
    publisher.kill('SIGKILL');
    crowd.assertUndisturbed();
  },
);

test('an edge that was killed is let in again without a token, and plays on', needs('ffmpeg'), async (t) => {
  const origin = await spawnOrigin(t);
  const publisher = publishFile(t, file, origin.server.rtmp('edge'), '-stream_loop', '-1');
  const relay = { ...((await edgeOf(t, [origin.url]))['relay'] as object) };
  const one = await spawnServer(t, { relay, play: { wait: '30s' } });
  await plays(one);
  one.program.kill('SIGKILL');
  await one.program.ended();
  await plays(await spawnServer(t, { relay: { ...relay, origins: [origin.address] }, play: { wait: '30s' } }));
  publisher.kill('SIGKILL');

  async function plays(server: SpawnedServer) {
    const crowd = await Crowd.gather(t, server, 'edge', 3);
    await crowd.gets(SOME);
    crowd.assertUndisturbed();
  }
});

test('an origin that hangs is taken for lost, and found again when it goes on', needs('ffmpeg'), async (t) => {
  const origin = await spawnOrigin(t);
  const own = await spawnServer(t, await edgeOf(t, [origin.url], { play: { wait: '30s' } }));
  const crowd = await Crowd.gather(t, own, 'hung', 3);
  const publisher = publishFile(t, file, origin.server.rtmp('hung'), '-stream_loop', '-1');
  await crowd.gets(SOME);
  origin.server.program.kill('SIGSTOP');
  await own.logged('an origin is lost', { reason: 'the other node has fallen silent' });
  const before = crowd.fewest;
  origin.server.program.kill('SIGCONT');
  await crowd.gets(before + SOME);
  crowd.assertUndisturbed();
  publisher.kill('SIGKILL');
});
