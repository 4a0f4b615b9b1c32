import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { spawnMember } from '../support/cluster.ts';
import { assertMonotonic, content, framesOf } from '../support/frames.ts';
import { PacedPublisher } from '../support/paced.ts';
import { allGet } from '../support/publish.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import type { SpawnedServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';
import type { Viewer } from '../support/viewer.ts';
import { askApi, gatherAudience, lengthOf, type Placed, pidOf, publishAt } from '../support/workers.ts';

const NEEDS = needs('ffmpeg', 'redis');
/** Frames of which it is seen that a stream plays. */
const SOME = 30;
/** Requests in turn come to both workers. */
const BOTH = 2;

const owner = { after };
const ready = NEEDS.skip === undefined;
const redis: TestRedis = ready ? await startRedis(owner) : (undefined as never);
const { tags } = await clip('movie');
const LENGTH = lengthOf(tags) + 40;

function spawnNode(): Promise<SpawnedServer> {
  return spawnMember(owner, redis, 'origin', { cluster: { workers: 2 }, publish: { staleAfter: '1s' } });
}

const [one, two] = ready ? await Promise.all([spawnNode(), spawnNode()]) : [];

function assertUndisturbed(viewers: readonly Viewer[]): void {
  for (const viewer of viewers) {
    assert.equal(viewer.reason, undefined);
    assertMonotonic(viewer.tags);
  }
}

/** Publishes as an encoder does that comes again as long as it is refused: what its predecessor sent may still be under way. */
async function publishSoon(owner: Owner, server: SpawnedServer, name: string, place?: number): Promise<Placed> {
  for (;;) {
    const placed = await publishAt(owner, server, name, (worker) => worker === (place ?? worker)).catch(String);
    if (typeof placed !== 'string') return placed;
    assert.match(placed, /NetStream\.Publish\.BadName/);
  }
}

/** So many more frames than anybody has. */
function more(viewers: readonly Viewer[]): number {
  return Math.max(...viewers.map((viewer) => framesOf(viewer.tags).length)) + SOME;
}

describe('two nodes of two workers', () => {
  for (const worker of [1, 2])
    test(`have at every worker what is published to worker ${worker} of one, and tell of it`, NEEDS, async (t) => {
      const name = `everywhere-${worker}`;
      const { client } = await publishAt(t, one!, name, (came) => came === worker);
      const publisher = new PacedPublisher(t, client, tags, LENGTH);
      const audiences = [await gatherAudience(t, one!, name), await gatherAudience(t, two!, name)];
      const viewers = audiences.flatMap(({ all }) => all);
      await allGet(viewers, SOME);
      assertUndisturbed(viewers);
      const sent = framesOf(publisher.sent, 'video').map(content);
      for (const viewer of viewers) {
        const got = framesOf(viewer.tags, 'video').map(content);
        const start = sent.indexOf(got[0]!);
        assert.deepEqual(got.slice(0, 10), sent.slice(start, start + 10));
      }
      for (const server of [one!, two!].flatMap((each) => Array.from({ length: BOTH }, () => each))) {
        const self = (await askApi(one!, 'cluster'))['nodes'].find((node: { self: boolean }) => node.self);
        // What is told may be a second old.
        const told = await until('all viewers are told of', async () => {
          const { nodes, streams } = await askApi(server, 'cluster');
          const stream = streams.find((each: { stream: string }) => each.stream === `live/${name}`);
          return stream?.viewers === viewers.length ? { nodes, stream } : undefined;
        });
        assert.deepEqual(
          told.nodes.map(({ reached }: { reached: boolean }) => reached),
          [true, true],
        );
        assert.deepEqual([told.stream.owner, told.stream.nodes.length], [self.id, 2]);
      }
    });

  test('say how busy all their workers are together', NEEDS, async (t) => {
    const { client } = await publishAt(t, two!, 'busy');
    new PacedPublisher(t, client, tags, LENGTH);
    const { all } = await gatherAudience(t, two!, 'busy');
    await allGet(all, SOME);
    await until('it is told', async () => {
      const { nodes, streams } = await askApi(one!, 'cluster');
      const { id, ...load } = nodes.find(({ self }: { self: boolean }) => !self);
      const there = streams.filter((stream: { nodes: string[] }) => stream.nodes.includes(id));
      return load.viewers === all.length && load.streams === there.length && load.kbps > 0 && load.cpu > 0;
    });
  });

  test('go on with a stream whose publisher returns to another worker of another node', NEEDS, async (t) => {
    let at = await publishAt(t, one!, 'returns', (worker) => worker === 2);
    let sending = new PacedPublisher(t, at.client, tags, LENGTH);
    const audiences = [await gatherAudience(t, one!, 'returns'), await gatherAudience(t, two!, 'returns')];
    const viewers = audiences.flatMap(({ all }) => all);
    await allGet(viewers, SOME);
    for (const [server, place] of [
      [two!, 2],
      [one!, 1],
    ] as const) {
      sending.stop();
      at.client.close();
      at = await publishSoon(t, server, 'returns', place);
      sending = new PacedPublisher(t, at.client, tags, LENGTH);
      await allGet(viewers, more(viewers));
    }
    assertUndisturbed(viewers);
  });

  test('refuse a second publisher at any worker, and have it take over when the first has hung', NEEDS, async (t) => {
    const first = await publishAt(t, one!, 'rivals', (worker) => worker === 2);
    const sending = new PacedPublisher(t, first.client, tags, LENGTH);
    const { all } = await gatherAudience(t, two!, 'rivals');
    await allGet(all, SOME);
    await assert.rejects(publishAt(t, two!, 'rivals'), /NetStream\.Publish\.BadName/);
    sending.stop();
    const second = await publishSoon(t, two!, 'rivals');
    new PacedPublisher(t, second.client, tags, LENGTH);
    await allGet(all, more(all));
    assertUndisturbed(all);
    assert.match(await first.client.viewer.ended, /another publisher took live\/rivals over/);
  });

  test('have a backup stand by at any worker, which goes on when the main publisher is gone', NEEDS, async (t) => {
    for (const [server, place] of [
      [one!, 1],
      [two!, 2],
    ] as const) {
      const name = `stands-by-${server === one ? 1 : 2}-${place}`;
      const main = await publishAt(t, one!, name, (worker) => worker === 2);
      const sending = new PacedPublisher(t, main.client, tags, LENGTH);
      const { all } = await gatherAudience(t, two!, name);
      await allGet(all, SOME);
      const backup = await publishAt(t, server, `${name}?role=backup`, (worker) => worker === place);
      new PacedPublisher(t, backup.client, tags, LENGTH);
      await allGet(all, more(all));
      sending.stop();
      main.client.close();
      await allGet(all, more(all));
      assertUndisturbed(all);
    }
  });

  for (const worker of [1, 2])
    test(
      `lose with worker ${worker} no streams but its own, which go on when their publisher returns`,
      NEEDS,
      async (t) => {
        const [mine, others] = [`crash-${worker}`, `stays-${worker}`];
        const at = await publishAt(t, one!, mine, (came) => came === worker);
        const sending = new PacedPublisher(t, at.client, tags, LENGTH);
        const other = await publishAt(t, one!, others, (came) => came !== worker);
        new PacedPublisher(t, other.client, tags, LENGTH);
        const [ours, theirs] = [await gatherAudience(t, two!, mine), await gatherAudience(t, two!, others)];
        await allGet([...ours.all, ...theirs.all], SOME);
        const lines = one!.lines().length;
        process.kill(pidOf(one!, worker), 'SIGKILL');
        sending.stop();
        const isBack = () =>
          one!
            .lines()
            .slice(lines)
            .some(({ msg }) => msg === 'a worker is there again');
        await until('the worker is back', isBack);
        await allGet(theirs.all, more(theirs.all));
        assert.equal(other.client.viewer.reason, undefined);
        const again = await publishAt(t, one!, mine, (came) => came !== worker);
        new PacedPublisher(t, again.client, tags, LENGTH);
        await allGet(ours.all, more(ours.all));
        assertUndisturbed([...ours.all, ...theirs.all]);
      },
    );
});
