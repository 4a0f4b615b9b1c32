import { test } from 'node:test';
import { clip } from '../support/clips.ts';
import { Crowd } from '../support/crowd.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { edgeOf, spawnOrigin } from '../support/nodes.ts';
import { type SpawnedServer, spawnServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';

/** Video frames of which it is seen that a publisher is under way. */
const SOME = 15;

const { file } = await clip('movie');

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
