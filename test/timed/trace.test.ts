import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { TraceAnswer } from '../../src/api/trace.ts';
import { clip } from '../support/clips.ts';
import { mediaAt, variantOf } from '../support/hls.ts';
import { edgeOf, spawnOrigin, startOrigin } from '../support/nodes.ts';
import { PacedPublisher } from '../support/paced.ts';
import { Program } from '../support/program.ts';
import { publisher } from '../support/publish.ts';
import { ADMIN_TOKEN, type Line, startTestServer, type TestServer } from '../support/server.ts';
import { openTcpPath } from '../support/tcp-path.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';
import { watch, watchAll } from '../support/watch.ts';
import { askApi, lengthOf, publishAt, spawnWorkers } from '../support/workers.ts';

const NEEDS = needs('ffmpeg');
const WAITING = { play: { wait: '30s' } };
/** What a machine that is busy with other tests may add. */
const SLACK = 150;

/** Publishes a clip as it lasts. */
async function goLive(owner: Owner, server: TestServer, name: string): Promise<void> {
  const { tags } = await clip('movie');
  new PacedPublisher(owner, await publisher(owner, server, name), tags, lengthOf(tags));
}

/** The id of the client of this type that plays or publishes a stream. */
async function idOf(server: TestServer, type: string, name: string): Promise<string> {
  return until(`there is a ${type}`, async () => {
    const { clients } = (await askApi(server, 'clients')) as { clients: { id: string; type: string; name: string }[] };
    return clients.find((client) => client.type === type && client.name === name)?.id;
  });
}

/** The way of a session, as soon as it is as `fits` has it. */
async function traced(
  server: TestServer,
  id: string,
  fits: (way: TraceAnswer) => boolean = ({ hops }) => hops.every(({ total_ms }) => total_ms !== null),
): Promise<TraceAnswer> {
  let last: unknown;
  const look = async () => {
    const { trace } = (last = await askApi(server, `trace/${id}`)) as { trace?: TraceAnswer };
    return trace && fits(trace) ? trace : undefined;
  };
  return until('the way is told', look).catch((error: Error) => {
    throw new Error(`${error.message}; it was ${JSON.stringify(last)}`);
  });
}

function assertAbout(value: number | null, expected: number): void {
  assert.ok(value !== null && value > expected - 10 && value < expected + SLACK, `${value} instead of ${expected}`);
}

const owner = { after };
const origin = await startOrigin(owner);
let middle = await spawnOrigin(owner, { relay: { origins: [origin.url], latency: '50ms' } });
const edge = await startTestServer(
  owner,
  await edgeOf(owner, [middle.url], { ...WAITING, relay: { latency: '100ms' } }),
);
await edge.logged('connected to an origin');

describe('through three nodes', NEEDS, () => {
  describe('that stay', { concurrency: true }, () => {
    test('a viewer by any protocol leads to the publisher, with what each way adds', async (t) => {
      await goLive(t, origin.server, 'all');
      const viewers = await watchAll(t, edge, ['rtmp', 'http-flv'], 'all');
      await viewers.get('rtmp')!.gets(20);
      await mediaAt(await variantOf(edge, '/live/all.m3u8'));
      const publishing = await idOf(origin.server, 'fmle-publish', 'all');
      for (const type of ['rtmp-play', 'flv-play', 'hls-play']) {
        const id = await idOf(edge, type, 'all');
        const { hops, complete, gap, stream } = await traced(edge, id);
        assert.deepEqual([hops.length, complete, gap, stream], [3, true, '', 'live/all']);
        assert.deepEqual([hops[0]!.sends!.id, hops[0]!.sends!.type], [id, type]);
        assert.deepEqual([hops[2]!.gets!.id, hops[2]!.gets!.type], [publishing, 'fmle-publish']);
        const [near, far] = [middle, origin].map(({ server }) => `127.0.0.1:${server.ports['headwater']}`);
        assert.deepEqual(
          hops.map(({ address }) => address),
          ['', near, far],
        );
        assert.deepEqual(
          hops.map(({ gets }) => gets!.remote),
          [near, far, '127.0.0.1'],
        );
        assertAbout(hops[0]!.added_ms, 100);
        assertAbout(hops[1]!.added_ms, 50);
        assertAbout(hops[0]!.total_ms, 150);
        assert.deepEqual([hops[2]!.added_ms, hops[2]!.total_ms, hops[2]!.loss], [0, 0, null]);
        assert.ok(hops[0]!.loss!.packets > 0 && hops[0]!.loss!.residual === 0);
      }
    });

    test('the log leads there line by line', async (t) => {
      await goLive(t, origin.server, 'logged');
      const viewer = await watch(t, edge, 'http-flv', 'logged');
      await viewer.gets(1);
      viewer.close();
      const ended = await edge.logged('play ends', { protocol: 'http-flv', path: '__defaultVhost__/live/logged' });
      const begins = (server: TestServer, session: unknown) =>
        until(`there is a line of ${session}`, () => server.lines().find((line) => line['session'] === session));
      let line: Line = ended;
      for (const server of [edge, middle.server, middle.server, origin.server, origin.server])
        line = await begins(server, line['trace']);
      assert.equal(line.msg, 'publish begins');
      assert.equal(line['trace'], undefined);
      assert.equal(line['session'], await idOf(origin.server, 'fmle-publish', 'logged'));
    });

    test('the command line prints it', async (t) => {
      await goLive(t, origin.server, 'printed');
      const viewer = await watch(t, edge, 'http-flv', 'printed');
      await viewer.gets(1);
      const id = await idOf(edge, 'flv-play', 'printed');
      await traced(edge, id);
      const main = join(import.meta.dirname, '../../src/main.ts');
      const env = { HEADWATER_ACCESS_ADMIN_TOKEN: ADMIN_TOKEN };
      const ask = (session: string) =>
        new Program(t, process.execPath, [main, 'trace', session, '--server', edge.http('')], env);
      const { stdout } = await ask(id).succeeded();
      assert.match(stdout, new RegExp(`^${id}: live/printed, 3 nodes, [\\d.]+ ms after it came in\\n`));
      assert.match(stdout, /\n {2}gets {3}\w+ {2}fmle-publish from 127\.0\.0\.1\n$/);
      const absent = ask('nobody');
      assert.equal((await absent.ended()).code, 2);
      assert.match(absent.stderr, /^headwater: .* answers: no client has the id nobody\n$/);
    });
  });

  test('a restart of the middle breaks the way off, and it is whole again', async (t) => {
    await goLive(t, origin.server, 'restarted');
    const viewer = await watch(t, edge, 'http-flv', 'restarted');
    await viewer.gets(1);
    const id = await idOf(edge, 'flv-play', 'restarted');
    const { hops: first } = await traced(edge, id);
    middle.server.program.kill('SIGKILL');
    await middle.server.program.ended();
    const { hops, gap } = await traced(edge, id, ({ complete }) => !complete);
    assert.deepEqual([hops.length, hops[0]!.total_ms, gap], [1, null, 'the way to it is lost at present']);
    middle = await spawnOrigin(t, { relay: { origins: [origin.url], latency: '50ms' } }, middle);
    const { hops: second } = await traced(edge, id, (way) => way.complete && way.hops[0]!.total_ms !== null);
    assert.equal(second.length, 3);
    assert.deepEqual([second[0]!.sends, second[2]!.gets], [first[0]!.sends, first[2]!.gets]);
    assert.notEqual(second[1]!.sends!.id, first[1]!.sends!.id);
  });
});

describe('between nodes of their own', { ...NEEDS, concurrency: true }, () => {
  test('by a reliable connection the delay is that of the path, in both directions of the clock', async (t) => {
    const origin = await startOrigin(t);
    const path = await openTcpPath(t, origin.server.ports['headwater']!, 60);
    const url = origin.url.replace(`:${origin.server.ports['headwater']}`, `:${path.port}`);
    const edge = await startTestServer(t, await edgeOf(t, [url], { ...WAITING, relay: { media: 'off' } }));
    await edge.logged('connected to an origin', { transport: 'tls' });
    await goLive(t, origin.server, 'reliable');
    await (await watch(t, edge, 'http-flv', 'reliable')).gets(100);
    const { hops } = await traced(edge, await idOf(edge, 'flv-play', 'reliable'));
    assertAbout(hops[0]!.added_ms, 60);
    assert.equal(hops[0]!.loss, null);
  });

  test('a server of another kind is where a way ends, with its URL and without secrets', async (t) => {
    const far = await startTestServer(t);
    await goLive(t, far, 'far');
    const address = `127.0.0.1:${far.ports['rtmp']}`;
    const origin = await startOrigin(t, { relay: { origins: [`rtmp://${address}/[app]/[stream]?token=secret`] } });
    const edge = await startTestServer(t, await edgeOf(t, [origin.url], { ...WAITING, relay: { latency: '50ms' } }));
    await (await watch(t, edge, 'http-flv', 'far')).gets(1);
    const way = await traced(edge, await idOf(edge, 'flv-play', 'far'));
    assert.deepEqual([way.hops.length, way.complete], [2, true]);
    const { remote, type } = way.hops[1]!.gets!;
    assert.deepEqual([remote, type], [`${address}/live/far`, 'fmle-publish']);
    assert.doesNotMatch(JSON.stringify(way), /secret/);
  });

  test('what is published at an edge leads back there', async (t) => {
    const origin = await startOrigin(t, WAITING);
    const edge = await startTestServer(t, await edgeOf(t, [origin.url], WAITING));
    await edge.logged('connected to an origin');
    await goLive(t, edge, 'back');
    await (await watch(t, origin.server, 'http-flv', 'back')).gets(1);
    const { hops, complete } = await traced(origin.server, await idOf(origin.server, 'flv-play', 'back'), () => true);
    assert.deepEqual([hops.length, complete], [2, true]);
    assert.deepEqual([hops[0]!.gets!.type, hops[0]!.total_ms], ['relay-publish', 0]);
    const publishing = await idOf(edge, 'fmle-publish', 'back');
    assert.equal(hops[1]!.gets!.id, publishing);
    assert.notEqual(hops[1]!.node, hops[0]!.node);
    assert.equal((await origin.server.logged('publish begins', { protocol: 'relay' }))['trace'], publishing);
  });

  test('the workers of a node are one node', async (t) => {
    const server = await spawnWorkers(t);
    const { client } = await publishAt(t, server, 'workers', (worker) => worker === 2);
    const { tags } = await clip('movie');
    new PacedPublisher(t, client, tags, lengthOf(tags));
    const isSeated = (line: Line) => line['protocol'] === 'http-flv' && line['worker'] === 1;
    const seated = () => server.lines().find((line) => line.msg === 'play begins' && isSeated(line));
    while (!seated()) (await watch(t, server, 'http-flv', 'workers')).gets(1).catch(() => {});
    const id = String(seated()!['session']);
    const publishing = await idOf(server, 'fmle-publish', 'workers');
    const { hops, complete } = await traced(server, id, (way) => way.complete);
    assert.deepEqual([hops.length, complete], [1, true]);
    assert.deepEqual([hops[0]!.sends!.id, hops[0]!.gets!.id], [id, publishing]);
    await fetch(server.http(`/api/v1/clients/${id}`), {
      method: 'DELETE',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    assert.equal((await server.logged('play ends', { session: id }))['trace'], publishing);
  });
});
