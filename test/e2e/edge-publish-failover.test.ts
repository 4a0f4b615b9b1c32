import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { memberOf, spawnMember } from '../support/cluster.ts';
import { Crowd } from '../support/crowd.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { framesOf } from '../support/frames.ts';
import { runNginx } from '../support/nginx.ts';
import { edgeOf, spawnOrigin } from '../support/nodes.ts';
import { startRedis } from '../support/redis.ts';
import { spawnServer, startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';

const CONNECTED = 'connected to an origin';
const TAKEN = 'an origin takes what is published here';
const GOES_ON = 'an origin goes on with what is published here';
const WAITING = { play: { wait: '30s' } };
const ENDLESS = ['-stream_loop', '-1'];
/** Video frames of which it is seen that a stream plays; enough that a window has moved on. */
const SOME = 50;
/** Where the clip begins anew the step is longer than elsewhere; one lost frame would make it longer still. */
const LONGEST_STEP = 79;
const { file } = await clip('movie');

/** Fails if anybody lacks a frame between those that he has. */
function assertWhole({ viewers }: Crowd): void {
  for (const { tags } of viewers) {
    const times = framesOf(tags, 'video').map(({ timestamp }) => timestamp);
    const longest = Math.max(...times.slice(1).map((time, i) => time - times[i]!));
    assert.ok(longest <= LONGEST_STEP, `a step of ${longest} ms`);
  }
}

describe('a publisher at an edge', { concurrency: 3 }, () => {
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

  for (const [what, signal] of [
    ['was killed', 'SIGKILL'],
    ['hangs', 'SIGSTOP'],
  ] as const) {
    test(
      `of two origins that know nothing of each other the second goes on where the first ${what}`,
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
        one.server.program.kill(signal);
        await edge.logged(GOES_ON, { origin: two.address.slice('headwater://'.length) });
        await crowd.gets(before + SOME);
        crowd.assertUndisturbed();
        assertWhole(crowd);
      },
    );
  }

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
});
