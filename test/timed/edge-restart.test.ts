import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { Crowd } from '../support/crowd.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { edgeOf, spawnOrigin } from '../support/nodes.ts';
import { spawnServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';

/** Video frames of which it is seen that a publisher is under way. */
const SOME = 15;

const owner = { after };
const { file } = await clip('movie');
const first = await spawnOrigin(owner);
const options = await edgeOf(owner, [first.url], { play: { wait: '30s' } });
const edge = await spawnServer(owner, options);
await edge.logged('connected to an origin');

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
