import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { memberOf } from '../support/cluster.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { httpFlvViewer } from '../support/flv-client.ts';
import { administer, askForLines, listenToMoves, nodesKnownTo } from '../support/lines.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';

const NEEDS = needs('ffmpeg', 'redis');
const SOME = 10;
const ENDLESS = ['-stream_loop', '-1'];

const owner = { after };
const ready = NEEDS.skip === undefined;
const redis: TestRedis = ready ? await startRedis(owner) : (undefined as never);
const file = ready ? (await clip('movie')).file : '';
const [origin, spare, north, south] = (
  ready
    ? await Promise.all([
        start(owner, 'origin', { name: 'Origin', takes: 'publishers' }),
        start(owner, 'origin', { name: 'Spare', takes: 'publishers' }),
        start(owner, 'edge', { name: 'North', region: 'north' }),
        start(owner, 'edge', { name: 'South', region: 'south' }),
      ])
    : []
) as [TestServer, TestServer, TestServer, TestServer];
const ids = ready ? await nodesKnownTo(origin, 'North', 'South') : {};

async function start(t: Owner, role: 'origin' | 'edge', dispatch: object): Promise<TestServer> {
  return startTestServer(t, await memberOf(t, redis, role, { dispatch: { grace: '0s', ...dispatch } }));
}

function publish(t: Owner, name: string, to = origin) {
  publishFile(t, file, to.rtmp(name), ...ENDLESS);
  return to.logged('publish begins', { path: `__defaultVhost__/live/${name}` });
}

test('every node gives out lines of all, and whoever opens one watches the stream', NEEDS, async (t) => {
  await publish(t, 'shown');
  for (const server of [origin, north, south]) {
    // What a node had to do to start counts for a second or two, and whoever started last may not know of all.
    const lines = await until('the nearer one comes first', async () => {
      const { lines } = await askForLines(server, 'shown', { viewer: 'somebody', region: 'north' });
      const told = lines.map(({ name, region }) => `${name} ${region}`);
      return told.join() === 'North north,South south' ? lines : undefined;
    });
    for (const { url, protocol, delay_ms } of lines) {
      assert.deepEqual([protocol, delay_ms], ['http-flv', 100]);
      await httpFlvViewer(t, new URL(url, server.http('/')).href).gets(SOME);
    }
  }
  await until('it is known who has the stream', async () => {
    const { lines } = await askForLines(origin, 'shown');
    return lines.every(({ has_stream }) => has_stream);
  });
});

test('what lets a viewer in goes along with the URLs, and so does what stands for him', NEEDS, async () => {
  const { lines } = await askForLines(origin, 'shown', { viewer: 'x' }, '?token=a%20b&stream=no');
  assert.match(lines[0]!.url, /^http:\/\/127\.0\.0\.1:\d+\/live\/shown\.flv\?token=a\+b&line=[\w-]{16}$/);
  const again = await askForLines(north, 'shown', { viewer: 'x' }, '?token=a%20b');
  assert.equal(again.lines.at(-1)!.url.split('line=')[1], lines[0]!.url.split('line=')[1]);
});

test('nobody is sent where there is no place, until somebody has left', NEEDS, async (t) => {
  await publish(t, 'full');
  await start(t, 'edge', { name: 'Small', viewers: 3, takes: 'viewers' });
  const { Small: id } = await nodesKnownTo(origin, 'Small');
  const exclude = [ids['North'], ids['South']];
  const to = (viewer: string) => askForLines(origin, 'full', { viewer, exclude });
  const viewers = [];
  for (const name of ['one', 'two', 'three']) {
    const { lines } = await to(name);
    assert.equal(lines[0]!.name, 'Small');
    viewers.push(httpFlvViewer(t, lines[0]!.url));
  }
  assert.deepEqual([(await to('four')).status, (await to('one')).status], [503, 200]);
  for (const viewer of viewers) await viewer.gets(1);
  // What is reserved counts as long as it is not used, and then as one who watches.
  const present = async () => (await administer(origin, 'GET', `/api/v1/nodes/${id}/drain`))['viewers'];
  await until('all have come', async () => (await present()) === 3);
  assert.equal((await to('four')).status, 503);
  viewers[0]!.close();
  await until('there is a place again', async () => (await to('four')).status === 200);
});

test('players that know nothing of lines are led to one', NEEDS, async (t) => {
  await publish(t, 'led');
  const response = await fetch(origin.http('/go/live/led.flv?token=1'), { redirect: 'manual' });
  assert.equal(response.status, 302);
  assert.match(response.headers.get('location')!, /^http:.*\/live\/led\.flv\?token=1&line=/);
  const playlist = await fetch(origin.http('/go/live/led.m3u8'));
  assert.match(await playlist.text(), /#EXTM3U/);
  const lines = await fetch(origin.http('/api/v1/lines?stream=live/led&protocols=hls,rtmp&reserve=false'));
  const told = ((await lines.json()) as { lines: { protocol: string }[] }).lines.map(({ protocol }) => protocol);
  assert.deepEqual([...new Set(told)], ['hls', 'rtmp']);
});

test(
  'publishers are told of the one that has their stream, of other origins, and of edges, which pass on what they are sent',
  NEEDS,
  async (t) => {
    await publish(t, 'ingest', spare);
    const ask = async (stream: string, region = '') => {
      const response = await fetch(north.http('/api/v1/ingest-lines?key=k'), {
        method: 'POST',
        body: JSON.stringify({ stream, region }),
      });
      return ((await response.json()) as { lines: { name: string; url: string }[] }).lines;
    };
    const [first] = await until('the owner is known', async () => {
      const lines = await ask('live/ingest');
      return lines[0]?.name === 'Spare' ? lines : undefined;
    });
    assert.match(first!.url, new RegExp(`^rtmp://127\\.0\\.0\\.1:${spare.ports['rtmp']}/live/ingest\\?key=k&line=`));
    const all = (await ask('live/other')).map(({ name }) => name);
    assert.deepEqual(all.sort(), ['North', 'Origin', 'South', 'Spare']);
    // What they have to do changes from one second to the next.
    await until(
      'the one that is near is the best',
      async () => (await ask('live/other', 'south'))[0]!.name === 'South',
    );
  },
);

test('who listens is told to move, wherever that is said', NEEDS, async (t) => {
  await publish(t, 'moved');
  const { events } = await askForLines(north, 'moved', { viewer: 'v' });
  const told = await listenToMoves(t, north.http(events));
  assert.equal(
    (await administer(south, 'POST', '/api/v1/move', { stream: 'live/moved', to: ids['South'] }))['status'],
    200,
  );
  const { to } = await told.next();
  assert.equal(to.name, 'South');
  await httpFlvViewer(t, to.url).gets(SOME);
  await administer(south, 'POST', '/api/v1/move', { stream: 'live/other', to: ids['South'] });
  await administer(south, 'POST', '/api/v1/move', { region: 'south' });
  assert.deepEqual(await told.next(), { exclude: [ids['South']] });
  const away = { node: ids['South'], to: 'nobody' };
  const wrong = [{ stream: 'live/moved' }, { to: ids['South'] }, away, { node: 'nobody' }];
  const statuses = await Promise.all(wrong.map((body) => administer(south, 'POST', '/api/v1/move', body)));
  assert.deepEqual(
    statuses.map(({ status }) => status),
    [400, 400, 404, 404],
  );
});

test('how far a move is, is told by any node: who was told, and who has gone', NEEDS, async (t) => {
  await publish(t, 'followed');
  const told = await Promise.all(
    ['v', 'w'].map(async (viewer) => {
      const { events } = await askForLines(north, 'followed', { viewer, exclude: [ids['South']] });
      return listenToMoves(t, north.http(events));
    }),
  );
  const viewers = [1, 2].map(() => httpFlvViewer(t, north.http('/live/followed.flv')));
  await Promise.all(viewers.map((viewer) => viewer.gets(SOME)));
  const wish = { node: ids['North'], stream: 'live/followed', to: ids['South'], pace: 2 };
  const { move } = await administer(south, 'POST', '/api/v1/move', wish);
  for (const each of told) {
    const { to, from } = await each.next();
    assert.deepEqual([to.name, from], ['South', [ids['North']]]);
  }
  viewers[0]!.close();
  const report = await until('one has gone', async () => {
    const answer = await administer(spare, 'GET', `/api/v1/move/${move}`);
    return answer['gone'] === 1 && answer;
  });
  const { listeners, told: known, viewers: left, silent } = report as Record<string, number>;
  assert.deepEqual([listeners, known, left, silent], [2, 2, 2, 0]);
  assert.equal((await administer(spare, 'GET', '/api/v1/move/nothing'))['status'], 404);
  for (const [wrong, status] of [
    [{ pace: 0 }, 400],
    [{ pace: 1.5 }, 400],
    [{ pace: 100_001 }, 400],
    [{ to: ids['North'] }, 400],
    [{ node: 'self', to: ids['South'] }, 409],
  ] as const)
    assert.equal((await administer(south, 'POST', '/api/v1/move', { ...wish, ...wrong }))['status'], status);
});

test('a node that is drained sends its viewers and publishers on, and says when it is empty', NEEDS, async (t) => {
  const doomed = await start(t, 'origin', { name: 'Doomed' });
  const { Doomed: known } = await nodesKnownTo(north, 'Doomed');
  const drain = `/api/v1/nodes/${known}/drain`;
  await publish(t, 'drained', doomed);
  const { events } = await askForLines(north, 'drained', { viewer: 'listener' });
  const told = await listenToMoves(t, north.http(events));
  const viewer = httpFlvViewer(t, doomed.http('/live/drained.flv'));
  await viewer.gets(SOME);
  const begun = await administer(south, 'POST', drain);
  const back = { stream: 'live/nothing', to: known };
  await until('it is known that nobody is to go there', async () => {
    return (await administer(south, 'POST', '/api/v1/move', back))['status'] === 409;
  });
  assert.deepEqual([begun['draining'], begun['empty']], [true, false]);
  assert.deepEqual(await told.next(), { exclude: [known] });
  assert.equal(await viewer.ended, 'closed');
  await doomed.logged('publish ends', { path: '__defaultVhost__/live/drained' });
  const report = await until('it is empty', async () => {
    const answer = await administer(north, 'GET', drain);
    return answer['empty'] && answer;
  });
  assert.deepEqual([report['viewers'], report['publishers']], [0, 0]);
  await doomed.logged('this node is empty');
  // Who comes is led elsewhere, and so is who comes with a stream.
  for (const path of ['/live/drained.flv', '/live/drained.m3u8']) {
    const { status, headers } = await fetch(doomed.http(path), { redirect: 'manual' });
    assert.equal(status, 302);
    assert.match(
      headers.get('location')!,
      new RegExp(`^http://127.0.0.1:(${north.ports['http']}|${south.ports['http']})/live/`),
    );
  }
  const client = await RtmpClient.connect(t, { port: doomed.ports['rtmp']! });
  await assert.rejects(client.publish('drained'), /302/);
  assert.equal((await fetch(doomed.http('/readyz'))).status, 503);
  const { lines } = await askForLines(south, 'drained', { reserve: false });
  assert.ok(lines.every(({ name }) => name !== 'Doomed'));
  const { nodes } = await administer(north, 'GET', '/api/v1/cluster');
  assert.deepEqual(
    (nodes as { name: string; draining: boolean }[]).filter(({ draining }) => draining).map(({ name }) => name),
    ['Doomed'],
  );
  assert.equal((await administer(north, 'DELETE', drain))['draining'], false);
  await doomed.logged('this node is open again');
  await publish(t, 'drained', doomed);
  await httpFlvViewer(t, doomed.http('/live/drained.flv')).gets(SOME);
});

test('what cannot be drained is told', NEEDS, async (t) => {
  assert.equal((await administer(north, 'POST', '/api/v1/nodes/nobody/drain'))['status'], 404);
  const alone = await startTestServer(t);
  assert.equal((await administer(alone, 'POST', '/api/v1/nodes/self/drain'))['status'], 409);
});
