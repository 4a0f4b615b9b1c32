import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { spawnMember } from '../support/cluster.ts';
import { Crowd } from '../support/crowd.ts';
import { content, framesOf } from '../support/frames.ts';
import { longestGap } from '../support/gap.ts';
import { PacedPublisher } from '../support/paced.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import type { SpawnedServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';
import type { Viewer } from '../support/viewer.ts';

const NEEDS = needs('ffmpeg', 'redis');
const SOME = 30;
const CLIP_LENGTH = 4000;

const owner = { after };
const ready = NEEDS.skip === undefined;
const redis: TestRedis = ready ? await startRedis(owner) : (undefined as never);
const { tags } = await clip('movie');
const [first, second, edge] = ready
  ? await Promise.all([
      spawnMember(owner, redis, 'origin'),
      spawnMember(owner, redis, 'origin'),
      spawnMember(owner, redis, 'edge'),
    ])
  : [];

/** One encoder, which sends the same to several places. */
async function encode(
  t: Owner,
  name: string,
  ...to: readonly [SpawnedServer, role: 'main' | 'backup'][]
): Promise<void> {
  const clients = await Promise.all(
    to.map(async ([{ ports }, role]) => {
      const client = await RtmpClient.connect(t, { port: ports['rtmp'] });
      await client.publish(`${name}?role=${role}`);
      return client;
    }),
  );
  const send: (typeof clients)[0]['send'] = (...sent) => {
    for (const client of clients) client.send(...sent);
  };
  new PacedPublisher(t, { send } as RtmpClient, tags, CLIP_LENGTH);
}

/** Fails if any picture of the clip, which is sent over and over, is missing between the first and the last. */
function assertWhole(viewer: Viewer): void {
  const sent = framesOf(tags, 'video').map(content);
  const got = framesOf(viewer.tags, 'video').map(content);
  const start = sent.indexOf(got[0]!);
  assert.deepEqual(
    got,
    got.map((_, i) => sent[(start + i) % sent.length]!),
  );
}

test('one who waits for a stream gets it as soon as it is published anywhere', NEEDS, async (t) => {
  const crowd = await Crowd.gather(t, edge!, 'awaited', 3);
  await encode(t, 'awaited', [second!, 'main']);
  await second!.logged('publish begins', { path: '__defaultVhost__/live/awaited' });
  const began = performance.now();
  await crowd.gets(1);
  assert.ok(performance.now() - began < 2500, `${performance.now() - began} ms`);
});

describe('a stream that is published to two origins', () => {
  for (const [signal, most] of [
    ['SIGKILL', 1000],
    ['SIGSTOP', 2500],
  ] as const) {
    test(`goes on from the other when the one that is heard gets ${signal}`, NEEDS, async (t) => {
      const dying = await spawnMember(t, redis, 'origin');
      const name = `standby-${signal}`;
      await encode(t, name, [dying, 'main'], [second!, 'backup']);
      const crowd = await Crowd.gather(t, edge!, name, 3);
      await crowd.gets(SOME);
      const began = performance.now();
      dying.program.kill(signal);
      await crowd.gets(crowd.fewest + 2 * SOME);
      crowd.assertUndisturbed();
      const gaps = crowd.viewers.map((viewer) => longestGap(viewer, began));
      t.diagnostic(`longest gaps: ${gaps} ms`);
      assert.ok(Math.max(...gaps) < most, `${gaps} ms`);
      if (signal === 'SIGKILL') for (const viewer of crowd.viewers) assertWhole(viewer);
    });
  }

  test('is one stream at every node, whichever of them is asked', NEEDS, async (t) => {
    await encode(t, 'both', [first!, 'main'], [second!, 'backup']);
    for (const server of [first!, second!, edge!]) {
      const crowd = await Crowd.gather(t, server, 'both', 3);
      await crowd.gets(SOME);
      crowd.assertUndisturbed();
    }
  });
});
