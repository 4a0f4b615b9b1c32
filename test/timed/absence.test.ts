import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { obliging, startFar } from '../support/far-server.ts';
import { freePort } from '../support/nginx.ts';
import { edgeOf, startOrigin } from '../support/nodes.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type Owner, until } from '../support/until.ts';
import { watch } from '../support/watch.ts';

const CONNECTED = 'connected to an origin';
/** Within so many milliseconds it is told at once; the shortest time that is waited for an answer is three seconds. */
const AT_ONCE = 1000;

const origin = await startTestServer({ after });
const rtmpUrl = ({ ports }: TestServer) => `rtmp://127.0.0.1:${ports['rtmp']}`;
const httpUrl = ({ ports }: TestServer) => `http://127.0.0.1:${ports['http']}`;

/** How long a server takes to say that it does not have a stream, in milliseconds. */
async function absence(t: Owner, server: TestServer, output: 'http-flv' | 'ws-flv' = 'http-flv'): Promise<number> {
  const began = performance.now();
  assert.match(await (await watch(t, server, output, 'nobody')).ended, /^404 .*nothing is published on/);
  return performance.now() - began;
}

async function assertAtOnce(t: Owner, server: TestServer, output?: 'http-flv' | 'ws-flv'): Promise<void> {
  const took = await absence(t, server, output);
  assert.ok(took < AT_ONCE, `${took} ms`);
}

/** An edge of servers that it knows only by RTMP and HTTP. */
function edgeOfOthers(t: Owner, ...origins: readonly string[]): Promise<TestServer> {
  return startTestServer(t, { relay: { origins } });
}

describe('a stream that nobody has is told to be absent', () => {
  test('at once, where another node says so', async (t) => {
    const edge = await startTestServer(t, await edgeOf(t, [(await startOrigin(t)).url]));
    await edge.logged(CONNECTED);
    for (const output of ['http-flv', 'ws-flv'] as const) await assertAtOnce(t, edge, output);
  });

  test('at once, where two nodes fetch from each other', async (t) => {
    const alone = await startOrigin(t);
    const two = await startOrigin(t, { relay: { origins: [alone.url] } });
    await two.server.logged(CONNECTED);
    await alone.server.stop();
    const one = await startOrigin(t, { relay: { origins: [two.url] } }, alone);
    await one.server.logged(CONNECTED);
    await until('both are connected', () => two.server.lines().filter(({ msg }) => msg === CONNECTED).length === 2);
    for (const { server } of [one, two]) await assertAtOnce(t, server);
  });

  test('at once, where coworkers do not have it either', async (t) => {
    const ports = await Promise.all([freePort(), freePort()]);
    const [first] = await Promise.all(
      ports.map((port, i) => {
        const cluster = { coworkers: [`127.0.0.1:${ports[1 - i]}`], redirect: 'asked' };
        return startTestServer(t, { http: { listen: `127.0.0.1:${port}` }, cluster });
      }),
    );
    await assertAtOnce(t, first!);
  });

  test('at once, by servers of another kind that say so', async (t) =>
    assertAtOnce(t, await edgeOfOthers(t, rtmpUrl(origin), httpUrl(origin))));

  test('at once, where there is no server', async (t) =>
    assertAtOnce(t, await edgeOfOthers(t, `rtmp://127.0.0.1:${await freePort()}`)));

  test('after three seconds, by servers that wait for it', async (t) => {
    const silent = await startFar(
      t,
      obliging(() => {}),
    );
    const took = await absence(t, await edgeOfOthers(t, rtmpUrl(origin), `rtmp://127.0.0.1:${silent}`));
    assert.ok(took > 2900 && took < 5000, `${took} ms`);
  });
});
