import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { memberOf, spawnMember } from '../support/cluster.ts';
import { Crowd } from '../support/crowd.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { startRedis, type TestRedis, tellRedis } from '../support/redis.ts';
import { ADMIN_TOKEN, spawnServer, type TestServer } from '../support/server.ts';
import { openTcpPath } from '../support/tcp-path.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { askApi } from '../support/workers.ts';

const NEEDS = needs('ffmpeg', 'redis');
/** Video frames of which it is seen that a stream plays. */
const SOME = 10;
/** Of the clip. */
const FPS = 25;
/** A node lives so long by its last word, and within so long more it is looked who has left. */
const SECONDS_UNTIL_DEAD = 4 + 5 + 1;
const ENDLESS = ['-stream_loop', '-1'];

/** What is told of a node. */
interface Told {
  readonly id: string;
  readonly role: string;
  readonly health: string;
  readonly self: boolean;
  readonly reached: boolean;
}

const owner = { after };
const ready = NEEDS.skip === undefined;
const redis: TestRedis = ready ? await startRedis(owner) : (undefined as never);
const file = ready ? (await clip('movie')).file : '';
const [one, two, edge] = ready
  ? await Promise.all([
      spawnMember(owner, redis, 'origin'),
      spawnMember(owner, redis, 'origin'),
      spawnMember(owner, redis, 'edge'),
    ])
  : [];

test('a stream plays at every node, wherever it is published, and also where a node joins later', NEEDS, async (t) => {
  publishFile(t, file, one!.rtmp('everywhere'), ...ENDLESS);
  publishFile(t, file, two!.rtmp('elsewhere'), ...ENDLESS);
  const late = await spawnMember(t, redis, 'origin');
  publishFile(t, file, late.rtmp('late'), ...ENDLESS);
  for (const name of ['everywhere', 'elsewhere', 'late']) {
    for (const server of [one!, two!, late, edge!]) {
      const crowd = await Crowd.gather(t, server, name, 3);
      await crowd.gets(SOME);
      crowd.assertUndisturbed();
    }
  }
});

test('every node tells of all nodes, and of all streams with the viewers of all together', NEEDS, async (t) => {
  publishFile(t, file, one!.rtmp('counted'), ...ENDLESS);
  const crowds = await Promise.all([one!, two!, edge!].map((server) => Crowd.gather(t, server, 'counted', 3)));
  for (const crowd of crowds) await crowd.gets(SOME);
  const tell = async ({ http }: TestServer) => {
    const response = await fetch(http('/api/v1/cluster'), { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    return (await response.json()) as {
      nodes: Told[];
      streams: { stream: string; owner: string; nodes: string[]; viewers: number }[];
    };
  };
  const all = async (server: TestServer) => {
    const told = await tell(server);
    return told.streams.find(({ stream }) => stream === 'live/counted')?.viewers === 9 ? told : undefined;
  };
  for (const server of [one!, two!]) {
    const { nodes, streams } = await until('all viewers are counted', () => all(server));
    const counted = streams.find(({ stream }) => stream === 'live/counted')!;
    // An edge that nobody can ask tells where it fetches.
    assert.ok(nodes.length >= 3);
    assert.equal(nodes.filter(({ self }) => self).length, 1);
    // One that was killed a moment ago is still on the list.
    assert.equal(nodes.filter(({ reached }) => reached).length, 2);
    assert.equal(counted.owner, (await tell(one!)).nodes.find(({ self }) => self)!.id);
    assert.equal(counted.viewers, 9);
    assert.equal(nodes.find(({ role }) => role === 'edge')!.health, 'unknown');
    assert.ok(nodes.some(({ self, health }) => self && health !== 'silent' && health !== 'unknown'));
  }
});

test('any node tells what flows between others, and who watches there by which protocol', NEEDS, async (t) => {
  publishFile(t, file, one!.rtmp('shared'), ...ENDLESS);
  const crowds = await Promise.all([two!, edge!].map((server) => Crowd.gather(t, server, 'shared', 3)));
  for (const crowd of crowds) await crowd.gets(SOME);
  // This one has nothing to do with it.
  const third = await spawnMember(t, redis, 'origin');
  const { nodes } = await until('all are known', async () => {
    const told = await askApi(third, 'cluster');
    return told['nodes'].filter(({ reached }: Told) => reached).length === 3 ? told : undefined;
  });
  const self = async (server: TestServer): Promise<string> => {
    const told = await askApi(server, 'cluster');
    return told['nodes'].find((node: Told) => node.self).id;
  };
  const [from, to] = [await self(one!), [await self(two!), await self(edge!)]];
  assert.ok((nodes as Told[]).every(({ id, self: isSelf }) => !isSelf || ![from, ...to].includes(id)));
  let before: Record<string, any>[] = [];
  await until('both flows go on', async () => {
    const { flows } = await askApi(third, 'flows');
    const found = to.map((id) => flows.find((flow: Record<string, any>) => flow.from === from && flow.to === id));
    if (!found.every((flow) => flow?.packets > 0)) return false;
    const isMore =
      before.length > 0 &&
      found.every((flow, i) => {
        const last = before[i]!;
        return flow.by === last['by'] && flow.at_ms > last['at_ms'] && flow.bytes > last['bytes'];
      });
    if (before.length === 0) before = found;
    // One that cannot be asked is told of by the other end.
    if (isMore) assert.deepEqual([found.map(({ by }) => by), found[0].media], [[to[0], from], 'udp']);
    return isMore;
  });
  const viewer = await Crowd.gather(t, third, 'shared', 1);
  await viewer.gets(SOME);
  const { streams } = await askApi(third, 'streams');
  const { id } = streams.find(({ name }: { name: string }) => name === 'shared');
  const rows = await until('all are counted', async () => {
    const { viewers } = await askApi(third, `streams/${id}/details`);
    return viewers.length === 7 ? (viewers as Record<string, any>[]) : undefined;
  });
  const told = rows.map(({ node, self: isSelf, protocol, viewers }) => [node, isSelf, protocol, viewers].join(' '));
  const protocols = ['http-flv', 'rtmp', 'ws-flv'];
  const all = to.flatMap((node) => protocols.map((protocol) => `${node} false ${protocol} 1`));
  assert.deepEqual(told.slice(1).sort(), all.sort());
  assert.equal(rows[0]!['self'], true);
});

test('any node leads from a viewer at another one to the publisher', NEEDS, async (t) => {
  publishFile(t, file, one!.rtmp('traced'), ...ENDLESS);
  const crowd = await Crowd.gather(t, two!, 'traced', 1);
  await crowd.gets(SOME);
  const { clients } = await askApi(two!, 'clients');
  const { id } = clients.find(
    ({ name, type }: { name: string; type: string }) => name === 'traced' && type === 'rtmp-play',
  );
  const [here, elsewhere] = await Promise.all([two!, one!].map((server) => askApi(server, `trace/${id}`)));
  const ids = ({ trace }: Record<string, any>) =>
    trace.hops.map(({ node, sends, gets }: Record<string, any>) => [node, sends.id, gets.id, gets.type]);
  assert.equal(here!['trace'].hops.length, 2);
  assert.equal(here!['trace'].hops[1].gets.type, 'fmle-publish');
  assert.deepEqual(ids(elsewhere!), ids(here!));
  const { error } = await askApi(one!, 'trace/nobody');
  assert.match(error, /^no client has the id nobody; \d of the cluster's nodes could not be asked$/);
});

test(
  'a second publisher is refused at another node, and takes over there when the first has hung',
  NEEDS,
  async (t) => {
    const first = publishFile(t, file, one!.rtmp('rivals'), ...ENDLESS);
    const crowd = await Crowd.gather(t, edge!, 'rivals', 3);
    await crowd.gets(SOME);
    const refused = publishFile(t, file, two!.rtmp('rivals'), ...ENDLESS);
    assert.notEqual((await refused.ended()).code, 0);
    first.kill('SIGSTOP');
    await crowd.fallsSilent(1000);
    publishFile(t, file, two!.rtmp('rivals'), ...ENDLESS);
    const before = crowd.fewest;
    await crowd.gets(before + SOME);
    crowd.assertUndisturbed();
    await one!.logged('publish ends', { path: '__defaultVhost__/live/rivals' });
    const there = await Crowd.gather(t, one!, 'rivals', 3);
    await there.gets(SOME);
  },
);

test(
  'when an origin is killed its streams go on from another to which they are published, for the same viewers',
  NEEDS,
  async (t) => {
    const dying = await spawnMember(t, redis, 'origin');
    publishFile(t, file, dying.rtmp('moving'), ...ENDLESS);
    const crowd = await Crowd.gather(t, edge!, 'moving', 3);
    await crowd.gets(SOME);
    dying.program.kill('SIGKILL');
    await dying.program.ended();
    publishFile(t, file, two!.rtmp('moving'), ...ENDLESS);
    await crowd.gets(crowd.fewest + SOME);
    crowd.assertUndisturbed();
  },
);

test(
  'without its Redis a cluster plays on, plays what is known to new viewers, and takes new streams',
  NEEDS,
  async (t) => {
    const own = await startRedis(t);
    const [origin, other, viewing] = await Promise.all([
      spawnMember(t, own, 'origin'),
      spawnMember(t, own, 'origin'),
      spawnMember(t, own, 'edge'),
    ]);
    publishFile(t, file, origin.rtmp('before'), ...ENDLESS);
    const crowd = await Crowd.gather(t, viewing, 'before', 3);
    await crowd.gets(SOME);
    await own.program.stop();
    await viewing.logged('the directory cannot be reached; going on with what is known');
    publishFile(t, file, other.rtmp('meanwhile'), ...ENDLESS);
    const [known, fresh] = [await Crowd.gather(t, other, 'before', 3), await Crowd.gather(t, viewing, 'meanwhile', 3)];
    await Promise.all([known.gets(SOME), fresh.gets(SOME)]);
    await startRedis(t, [], own);
    const late = await spawnServer(t, await memberOf(t, own, 'edge'));
    const [again, anew] = [await Crowd.gather(t, late, 'before', 3), await Crowd.gather(t, late, 'meanwhile', 3)];
    await Promise.all([again.gets(SOME), anew.gets(SOME)]);
    for (const each of [crowd, known, fresh, again, anew]) each.assertUndisturbed();
  },
);

test('viewers keep the stream of an origin that is cut off from nothing but the directory', NEEDS, async (t) => {
  const way = await openTcpPath(t, redis.port);
  const cutOff = await spawnMember(t, { ...redis, url: `redis://127.0.0.1:${way.port}` }, 'origin');
  publishFile(t, file, cutOff.rtmp('cut-off'), ...ENDLESS);
  const crowd = await Crowd.gather(t, edge!, 'cut-off', 3);
  await crowd.gets(SOME);
  const { nodes } = (await askApi(cutOff, 'cluster')) as { nodes: Told[] };
  const { id } = nodes.find(({ self }) => self)!;
  way.cut();
  // It dies by the word of the directory, and the edge has looked at that.
  await crowd.gets(crowd.fewest + FPS * SECONDS_UNTIL_DEAD);
  const [, until] = (await tellRedis(redis.port, 'ZSCORE', 'headwater:beats', id)).split('\r\n');
  assert.ok(Number(until) < Date.now() - 5000, `it lives until ${until}`);
  crowd.assertUndisturbed();
});

test(
  'an edge whose URL lets nobody in takes no claims, and says what is wrong with a directory that is none',
  NEEDS,
  async (t) => {
    const wrong = await spawnServer(t, await memberOf(t, { ...redis, url: 'redis://127.0.0.1:1' }, 'edge'));
    await until('it is told', () => wrong.lines().some(({ msg }) => msg.startsWith('the directory cannot be reached')));
  },
);
