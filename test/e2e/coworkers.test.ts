import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { clip } from '../support/clips.ts';
import { assertSameFrames, framesOf } from '../support/frames.ts';
import { freePort } from '../support/nginx.ts';
import { allGet, isFrame, publisher } from '../support/publish.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { ADMIN_TOKEN, type Overrides, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';
import { watch, watchAll } from '../support/watch.ts';
import { gatherAudience, publishAt, spawnWorkers } from '../support/workers.ts';

/** Clips are pushed faster than life: the window must hold what a viewer has yet to be sent. */
const QUICK = { window: { duration: '10m', bytes: '256MiB' }, play: { maxLag: '10m' }, publish: { stopGrace: '0s' } };
const PATH = (name: string) => `__defaultVhost__/live/${name}`;

/** Origins that are coworkers of each other. */
async function cluster(owner: Owner, redirect: string, ...more: readonly Overrides[]): Promise<readonly TestServer[]> {
  const ports = await Promise.all([freePort(), freePort()]);
  return Promise.all(
    ports.map((port, i) => {
      const coworkers = [`127.0.0.1:${ports[1 - i]}`];
      const options = { ...QUICK, http: { listen: `127.0.0.1:${port}` }, cluster: { coworkers, redirect } };
      return startTestServer(owner, { ...options, ...more[i] });
    }),
  );
}

const [first, second] = (await cluster({ after }, 'asked')) as [TestServer, TestServer];

async function publish(t: Owner, server: TestServer, name: string) {
  const client = await publisher(t, server, name);
  client.send(...(await clip('movie')).tags);
  await allGet([await watch(t, server, 'http-flv', name)], 1);
  return client;
}

interface Answer {
  readonly code: number;
  readonly data: { readonly query: object; readonly origin: Readonly<Record<string, unknown>> | null };
}

async function ask(server: TestServer, stream: string, coworker: string, ip = 'localhost'): Promise<Answer> {
  const query = new URLSearchParams({ vhost: '__defaultVhost__', ip, app: 'live', stream, coworker });
  // Every connection may come to another worker.
  const response = await fetch(server.http(`/api/v1/clusters?${query}`), { headers: { connection: 'close' } });
  return (await response.json()) as Answer;
}

test('who publishes a stream is answered as SRS answers', needs('ffmpeg'), async (t) => {
  await publish(t, second, 'told');
  const coworker = `127.0.0.1:${second.ports['http']}`;
  const query = { ip: 'localhost', vhost: '__defaultVhost__', app: 'live', stream: 'told' };
  const port = second.ports['rtmp'];
  const origin = { ip: 'localhost', port, vhost: '__defaultVhost__', api: coworker, routers: [coworker] };
  assert.deepEqual(await ask(second, 'told', coworker), { code: 0, data: { query, origin } });
  assert.equal((await ask(second, 'told', 'b.example.com:1985')).data.origin!['ip'], 'b.example.com');
  assert.equal((await ask(second, 'told', '[2001:db8::7]:1985')).data.origin!['ip'], '2001:db8::7');
  assert.equal((await ask(second, 'told', coworker, '')).data.origin!['ip'], '127.0.0.1');
  assert.deepEqual(await ask(first, 'told', ''), { code: 0, data: { query, origin: null } });
  assert.equal((await fetch(first.http('/api/v1/clusters?vhost=a/b&app=live&stream=x'))).status, 400);
});

test('where nobody is a coworker, the administrator alone is answered', async (t) => {
  const alone = await startTestServer(t, { http: { listen: ':0' } });
  const path = '/api/v1/clusters?vhost=__defaultVhost__&app=live&stream=x';
  assert.equal((await fetch(alone.http(path))).status, 401);
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  assert.equal((await fetch(alone.http(path), { headers })).status, 200);
});

test('a stream plays from either origin, whichever it is published to', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  for (const [here, there] of [
    [first, second],
    [second, first],
  ] as const) {
    const name = here === first ? 'either' : 'other';
    await publish(t, here, name);
    const viewers = await watchAll(t, there, ['rtmp', 'http-flv', 'ws-flv'], name);
    for (const viewer of viewers.values()) {
      const last = framesOf(tags, 'video').at(-1)!;
      await until('the end of the clip has come', () =>
        framesOf(viewer.tags, 'video').some((frame) => Buffer.from(frame.data).equals(last.data)),
      );
    }
    const pulls = here.lines().filter(({ msg, path, via }) => msg === 'play begins' && path === PATH(name) && via);
    assert.equal(pulls.length, 1, 'it is fetched once');
    assert.equal((await ask(there, name, '')).data.origin, null, 'what is fetched is not told of');
  }
});

test('a player waits for a stream that nobody has, and gets it wherever it begins', needs('ffmpeg'), async (t) => {
  const viewer = await watch(t, first, 'rtmp', 'awaited');
  await publish(t, second, 'awaited');
  await allGet([viewer], 1);
});

describe('a player at the wrong origin is sent to the right one', () => {
  const host = 'localhost';

  async function sentFrom(t: Owner, server: TestServer, name: string): Promise<readonly [string, string] | undefined> {
    const player = await RtmpClient.connect(t, { port: server.ports['rtmp'], host });
    await assert.rejects(player.play(name), /NetConnection\.Connect\.Rejected: RTMP 302 Redirect/);
    await player.viewer.ended;
    return player.statuses.at(-1)!.redirect;
  }

  test('where it asks for it', needs('ffmpeg'), async (t) => {
    await publish(t, second, 'asked');
    const server = `rtmp://localhost:${second.ports['rtmp']}/live`;
    const sent = await sentFrom(t, first, 'asked?redirect=302&token=x');
    assert.deepEqual(sent, [server, `${server}/asked?redirect=302&token=x`]);
    const there = await RtmpClient.connect(t, { port: second.ports['rtmp'] });
    await allGet([await there.play('asked?redirect=302&token=x')], 1);
    const line = await first.logged('play ends', { reason: `sent to localhost:${second.ports['rtmp']}` });
    assert.equal(line['path'], PATH('asked'));
  });

  test('but not where it is fetched already', needs('ffmpeg'), async (t) => {
    await publish(t, second, 'fetched');
    await allGet([await watch(t, first, 'http-flv', 'fetched')], 1);
    await allGet([await watch(t, first, 'rtmp', 'fetched', '?redirect=302')], 1);
  });

  test('nor where nobody has the stream', needs('ffmpeg'), async (t) => {
    const viewer = await watch(t, first, 'rtmp', 'soon', '?redirect=302');
    await publish(t, first, 'soon');
    await allGet([viewer], 1);
  });

  test('always, or never, as it is configured', needs('ffmpeg'), async (t) => {
    const [always] = await cluster(t, 'always');
    const [never] = await cluster(t, 'never');
    for (const server of [always, never]) {
      const own = await startTestServer(t, {
        ...QUICK,
        cluster: {
          coworkers: [`127.0.0.1:${server!.ports['http']}`],
          redirect: server === always ? 'always' : 'never',
        },
      });
      await publish(t, server!, 'configured');
      if (server === always) assert.match((await sentFrom(t, own, 'configured'))![1], /\/live\/configured$/);
      else await allGet([await watch(t, own, 'rtmp', 'configured', '?redirect=302')], 1);
    }
  });

  test('and an edge follows', needs('ffmpeg'), async (t) => {
    const [wrong, right] = (await cluster(t, 'always')) as [TestServer, TestServer];
    await publish(t, right, 'followed');
    const origins = [`rtmp://127.0.0.1:${wrong.ports['rtmp']}`];
    const edge = await startTestServer(t, { ...QUICK, relay: { origins } });
    await allGet([await watch(t, edge, 'http-flv', 'followed')], 1);
    assert.ok(right.lines().some(({ msg, path, via }) => msg === 'play begins' && path === PATH('followed') && via));
  });
});

test('a stream that both origins have is played by each from its own publisher', needs('ffmpeg'), async (t) => {
  for (const server of [first, second]) await publish(t, server, 'twice');
  for (const server of [first, second]) await allGet([await watch(t, server, 'rtmp', 'twice', '?redirect=302')], 1);
});

describe('a coworker of another kind', () => {
  /** Answers every question in the same way; resolves to its `host:port`. */
  async function coworker(owner: Owner, answer: (query: URLSearchParams) => string): Promise<string> {
    const server = createServer((request, response) => {
      response.end(answer(new URL(request.url!, 'http://h').searchParams));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    owner.after(() => void server.close());
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('is asked in the words of SRS, and believed', needs('ffmpeg'), async (t) => {
    await publish(t, second, 'elsewhere');
    const asked: string[] = [];
    const port = second.ports['rtmp'];
    const srs = await coworker(t, (query) => {
      asked.push([...query.keys()].sort().join());
      const origin = { ip: '127.0.0.1', port, vhost: '__defaultVhost__', api: '127.0.0.1:1985', routers: [] };
      return JSON.stringify({ code: 0, data: { query: {}, origin } });
    });
    const node = await startTestServer(t, { ...QUICK, cluster: { coworkers: [srs] } });
    const viewer = await watch(t, node, 'http-flv', 'elsewhere');
    await allGet([viewer], 1);
    assert.equal(asked[0], 'app,coworker,ip,stream,vhost');
  });

  for (const [what, text] of [
    ['nonsense', 'hello'],
    ['an error', '{"code":100}'],
    ['an address that is none', '{"code":0,"data":{"origin":{"ip":"a/b","port":1}}}'],
    ['more than anybody wants to know', JSON.stringify({ code: 0, data: { origin: null, more: 'x'.repeat(100_000) } })],
  ] as const) {
    test(`that answers ${what} is complained of, and does no harm`, async (t) => {
      const strange = await coworker(t, () => text);
      const node = await startTestServer(t, { ...QUICK, cluster: { coworkers: [strange] } });
      assert.match(await (await watch(t, node, 'http-flv', 'nobody')).ended, /^404/);
      await node.logged('nothing can be fetched from an origin', { origin: strange });
    });
  }
});

test('what viewers at another origin get is what was sent', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const client = await publisher(t, second, 'same');
  client.send(...tags.slice(0, 10));
  await allGet([await watch(t, second, 'http-flv', 'same')], 1);
  const viewer = await watch(t, first, 'rtmp', 'same');
  await allGet([viewer], 1);
  client.send(...tags.slice(10));
  await viewer.gets(framesOf(tags).length, isFrame);
  assertSameFrames(viewer.tags, tags);
});

test('nodes of several workers are coworkers like others, whichever worker is asked', needs('ffmpeg'), async (t) => {
  const ports = await Promise.all([freePort(), freePort()]);
  const nodes = await Promise.all(
    ports.map((port, i) =>
      spawnWorkers(t, {
        http: { listen: `127.0.0.1:${port}` },
        cluster: { workers: 2, coworkers: [`127.0.0.1:${ports[1 - i]}`], redirect: 'never' },
      }),
    ),
  );
  const [here, there] = [nodes[0]!, nodes[1]!];
  const { client } = await publishAt(t, there, 'spread', (worker) => worker === 2);
  client.send(...(await clip('movie')).tags);
  await allGet([await watch(t, there, 'http-flv', 'spread')], 1);
  await allGet((await gatherAudience(t, here, 'spread')).all, 1);
  for (let i = 0; i < 10; i++) {
    assert.notEqual((await ask(there, 'spread', '')).data.origin, null);
    assert.equal((await ask(here, 'spread', '')).data.origin, null, 'what is fetched is not told of');
  }
});
