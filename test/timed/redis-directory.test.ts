import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { DirectoryEvent } from '../../src/cluster/directory/directory.ts';
import { RedisDirectory } from '../../src/cluster/directory/redis.ts';
import { silentLogger } from '../../src/ops/log.ts';
import { directorySuite, nodeRecord } from '../support/directory-suite.ts';
import { startRedis, type TestRedis, tellRedis } from '../support/redis.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';

const NEEDS = needs('redis');
const PATH = '__defaultVhost__/live/movie';
const shared = NEEDS.skip === undefined ? await startRedis({ after }) : undefined;
let clusters = 0;

async function open(owner: Owner, { url }: TestRedis, name: string): Promise<RedisDirectory> {
  const directory = await RedisDirectory.open(url, name, silentLogger);
  owner.after(() => directory.close());
  return directory;
}

directorySuite('Redis', NEEDS, async (t) => {
  const redis = shared!;
  const name = `cluster[${clusters++}]`;
  const expire = async (id: string) => void (await tellRedis(redis.port, 'ZADD', `${name}:beats`, '1', id));
  return { directory: await open(t, redis, name), other: await open(t, redis, name), expire };
});

test('two clusters in one Redis know nothing of each other', NEEDS, async (t) => {
  const redis = await startRedis(t);
  const [one, two] = [await open(t, redis, 'one'), await open(t, redis, 'two')];
  await one.claim(PATH, { node: 'a', seen: 0, mark: 7 });
  await one.beat(nodeRecord('a'), []);
  assert.equal(await two.find(PATH), undefined);
  assert.deepEqual([await two.nodes(), await two.streams()], [[], []]);
});

test('what cannot reach Redis is told at once, and goes on when Redis is back', NEEDS, async (t) => {
  const redis = await startRedis(t);
  const directory = await open(t, redis, 'back');
  const events: DirectoryEvent[] = [];
  directory.watch((event) => events.push(event));
  await directory.beat(nodeRecord('a'), []);
  await redis.program.stop();
  await until('Redis is missed', () =>
    directory.find(PATH).then(
      () => false,
      () => true,
    ),
  );
  const began = performance.now();
  await assert.rejects(directory.claim(PATH, { node: 'a', seen: 0, mark: 7 }));
  assert.ok(performance.now() - began < 300);
  await startRedis(t, [], redis);
  const answer = await until('Redis is back', () => directory.beat(nodeRecord('a'), []).catch(() => undefined));
  assert.equal(answer.isNew, true);
  await until('it is told that changes may have been missed', () => events.some(({ type }) => type === 'missed'));
  const claimed = await directory.claim(PATH, { node: 'a', seen: 0, mark: 7 });
  assert.ok('granted' in claimed && !claimed.wasKnown);
});

test('a Redis that hangs is waited for half a second', NEEDS, async (t) => {
  const redis = await startRedis(t);
  const directory = await open(t, redis, 'hung');
  redis.program.kill('SIGSTOP');
  const began = performance.now();
  await assert.rejects(directory.find(PATH), /timed out/);
  const waited = performance.now() - began;
  assert.ok(waited > 400 && waited < 1000, `${waited} ms`);
  redis.program.kill('SIGCONT');
  await until('it answers again', () =>
    directory.find(PATH).then(
      () => true,
      () => false,
    ),
  );
});
