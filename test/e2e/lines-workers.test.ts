import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { spawnMember } from '../support/cluster.ts';
import { httpFlvViewer } from '../support/flv-client.ts';
import { administer, askForLines, listenToMoves, nodesKnownTo } from '../support/lines.ts';
import { PacedPublisher } from '../support/paced.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import type { SpawnedServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';
import { askApi, gatherAudience, lengthOf, publishAt } from '../support/workers.ts';

const NEEDS = needs('ffmpeg', 'redis');
const SOME = 10;
/** How many workers a node has. */
const BOTH = 2;
const ANEW = { connection: 'close' };
const PLACES = 6;

const owner = { after };
const ready = NEEDS.skip === undefined;
const redis: TestRedis = ready ? await startRedis(owner) : (undefined as never);
const { tags } = await clip('movie');
const [one, two] = (
  ready ? await Promise.all([start('One', { viewers: PLACES }), start('Two', { region: 'south' })]) : []
) as [SpawnedServer, SpawnedServer];
const [ids] = ready ? await Promise.all([one, two].map((server) => nodesKnownTo(server, 'One', 'Two'))) : [];

function start(name: string, dispatch: object): Promise<SpawnedServer> {
  const options = { cluster: { workers: 2 }, dispatch: { name, grace: '0s', ...dispatch } };
  return spawnMember(owner, redis, 'origin', options);
}

async function publish(t: Owner, server: SpawnedServer, ...where: [name: string, fits?: (worker: number) => boolean]) {
  const { client } = await publishAt(t, server, ...where);
  new PacedPublisher(t, client, tags, lengthOf(tags) + 40);
  return client;
}

function askAnew(server: SpawnedServer, name: string, more: object): ReturnType<typeof askForLines> {
  return askForLines(server, name, more, '', ANEW);
}

/** Does something that makes one connection, at each worker: connections come to them in turn. */
async function atBoth<T>(act: () => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  for (let i = 0; i < BOTH; i++) done.push(await act());
  return done;
}

function drainOf(name: string): string {
  return `/api/v1/nodes/${ids![name]}/drain`;
}

test('places at a node are given once, whichever workers of whichever nodes give them', NEEDS, async (t) => {
  await publish(t, one, 'full');
  const ask = (i: number) =>
    askAnew(i % (2 * BOTH) < BOTH ? one : two, 'full', { viewer: `viewer-${i}`, exclude: [ids!['Two']] });
  const answers = await Promise.all(Array.from({ length: 5 * PLACES }, (_, i) => ask(i)));
  const given = answers.filter(({ status }) => status === 200);
  assert.equal(given.length, PLACES);
  const viewers = given.map(({ lines }) => httpFlvViewer(t, new URL(lines[0]!.url, one.http('/')).href));
  for (const viewer of viewers) await viewer.gets(SOME);
  await until('all have come', async () => (await administer(two, 'GET', drainOf('One')))['viewers'] === PLACES);
  assert.equal((await ask(-1)).status, 503);
  viewers[0]!.close();
  await until('there is a place again', async () => (await ask(-1)).status === 200);
});

test('every worker of every node gives out lines of all nodes, with their load as a whole', NEEDS, async (t) => {
  await publish(t, two, 'shown');
  await gatherAudience(t, two, 'shown');
  await until('all is known of it', async () => {
    const { nodes } = await askApi(one, 'cluster');
    const record = nodes.find(({ id }: { id: string }) => id === ids!['Two']);
    return record.viewers === 6 && record.publishers === 1 && record.cores === 2;
  });
  for (const server of [one, two]) {
    const answers = await atBoth(() => askAnew(server, 'shown', { viewer: 'somebody' }));
    for (const { lines } of answers) {
      assert.deepEqual(lines.map(({ name }) => name).sort(), ['One', 'Two']);
      for (const { url } of lines) await httpFlvViewer(t, new URL(url, server.http('/')).href).gets(SOME);
    }
    const led = await atBoth(() => fetch(server.http('/go/live/shown.flv'), { redirect: 'manual', headers: ANEW }));
    assert.ok(led.every(({ status }) => status === 302));
  }
});

test('who listens at any worker is told to move, wherever that is said', NEEDS, async (t) => {
  await publish(t, two, 'moved');
  const { events } = await askAnew(one, 'moved', { viewer: 'somebody' });
  const listeners = await atBoth(() => listenToMoves(t, one.http(events), ANEW));
  const moved = await administer(two, 'POST', '/api/v1/move', { stream: 'live/moved', to: ids!['Two'] });
  assert.equal(moved['status'], 200);
  for (const told of listeners) {
    const { to } = await told.next();
    assert.equal(to.name, 'Two');
    await httpFlvViewer(t, to.url).gets(SOME);
  }
  await administer(one, 'POST', '/api/v1/move', { node: ids!['Two'] });
  for (const told of listeners) assert.deepEqual(await told.next(), { exclude: [ids!['Two']] });
});

test('a node that is drained sends on who is at any worker, and is empty when all have left', NEEDS, async (t) => {
  const publishers = [];
  for (const worker of [1, 2]) publishers.push(await publish(t, one, `drained-${worker}`, (came) => came === worker));
  const audiences = await Promise.all([1, 2].map((worker) => gatherAudience(t, one, `drained-${worker}`)));
  const viewers = audiences.flatMap(({ all }) => all);
  await Promise.all(viewers.map((viewer) => viewer.gets(SOME)));
  const before = one.lines().length;
  const begun = await administer(two, 'POST', drainOf('One'));
  assert.deepEqual([begun['draining'], begun['empty']], [true, false]);
  await Promise.all([...viewers, ...publishers.map(({ viewer }) => viewer)].map(({ ended }) => ended));
  const report = await until('it is empty', async () => {
    const answer = await administer(one, 'GET', drainOf('One'));
    return answer['empty'] && answer;
  });
  assert.deepEqual([report['viewers'], report['publishers']], [0, 0]);
  await one.logged('this node is empty');
  const said = one.lines().slice(before);
  const at = (msg: string) => said.flatMap((line, i) => (line.msg === msg ? [i] : []));
  assert.equal(at('this node is empty').length, 1);
  assert.ok(Math.max(...at('play ends')) < Math.min(...at('publish ends')), 'publishers are the last');
  const ask = (path: string) => atBoth(() => fetch(one.http(path), { redirect: 'manual', headers: ANEW }));
  for (const { status, headers } of await ask('/live/drained-1.flv'))
    assert.deepEqual([status, headers.get('location')], [302, two.http('/live/drained-1.flv')]);
  assert.ok((await ask('/readyz')).every(({ status }) => status === 503));
  await atBoth(async () => {
    const client = await RtmpClient.connect(t, { port: one.ports['rtmp']! });
    await assert.rejects(client.publish('drained-1'), /302/);
  });
  assert.equal((await administer(one, 'DELETE', drainOf('One')))['draining'], false);
  await until('it is open', async () => (await ask('/readyz')).every(({ status }) => status === 200));
  await publish(t, one, 'drained-1');
  await httpFlvViewer(t, one.http('/live/drained-1.flv')).gets(SOME);
});
