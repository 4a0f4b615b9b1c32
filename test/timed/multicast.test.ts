import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Identity } from '../../src/cluster/identity.ts';
import { temporaryFolder } from '../support/ffmpeg.ts';
import { assertSameFrames, framesOf } from '../support/frames.ts';
import { AT_ONCE, linksOf, playLifelike, pushesOf } from '../support/links.ts';
import { Bridge, type Host, isInside, needsNamespaces, runInside } from '../support/namespaces.ts';
import type { Origin } from '../support/nodes.ts';
import { PUBLISH_KEY, type SpawnedServer, spawnServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { watch } from '../support/watch.ts';

const PORT = 5222;
const GROUPS = { ipv4: '239.255.77.1', ipv6: 'ff15::7701' };
const KEY = `?key=${PUBLISH_KEY}`;
const DROPPER = pathToFileURL(join(import.meta.dirname, '../support/drop-datagrams.ts')).href;

if (isInside) tests(new Bridge());
else test('multicast between machines on a bridge', needsNamespaces(), (t) => runInside(t, import.meta.filename));

/** Those that need a network of their own. */
function tests(bridge: Bridge): void {
  test('three edges of one group: each packet crosses the wire once, and what one loses it has repaired', async (t) => {
    const origin = await startOrigin(t, await bridge.join(t), 'ipv4');
    const [a, b, c] = [
      await startEdge(t, bridge, origin),
      await startEdge(t, bridge, origin, '0.05,3'),
      await startEdge(t, bridge, origin, '0.1,4'),
    ];
    const life = await playLifelike(t, { origin, edge: a.server }, 'movie', 14, KEY);
    const second = await watch(t, b.server, 'http-flv', 'movie');
    for (const { server } of [a, b]) await comes(server, 'multicast');

    const [asked, heard] = [performance.now(), life.viewer.tags.length];
    const late = await watch(t, c.server, 'http-flv', 'movie');
    await late.gets(2);
    const [first] = framesOf(late.tags);
    assert.ok(performance.now() - asked < 1000, `after ${performance.now() - asked} ms`);
    const newest = framesOf(life.viewer.tags.slice(0, heard)).findLast(({ keyframe }) => keyframe);
    assert.ok(first!.keyframe && first!.timestamp >= newest!.timestamp, 'with the newest key frame');
    await comes(c.server, 'multicast');

    const before = await sentBy(origin);
    await sleep(3000);
    const after = await sentBy(origin);
    assert.equal(after.own, before.own, 'nobody is sent media by itself');
    const [pushed, repaired] = [after.pushed - before.pushed, after.repaired - before.repaired];
    const wire = after.wire - before.wire;
    assert.ok(pushed > 600, `${pushed} packets`);
    // Besides: answers to pings, acknowledgements to the publisher.
    assert.ok(
      wire >= pushed + repaired && wire < 1.6 * pushed,
      `${wire} on the wire, ${pushed} pushed, ${repaired} repaired`,
    );
    t.diagnostic(`${pushed} packets for three edges: ${wire} on the origin's wire, ${repaired} of them repairs`);

    await life.done;
    await until('the stream ends at all', () => life.viewer.reason && second.reason && late.reason);
    assertSameFrames(life.viewer.tags, life.tags);
    for (const { tags } of [second, late])
      assertSameFrames(tags, life.tags.slice(-framesOf(tags).length), { from: 'zero' });
    const repairs = await Promise.all(
      [a, b, c].map(async ({ server }) => (await linksOf(server))[0]!['repaired'] as number),
    );
    assert.ok(repairs[1]! > 50 && repairs[2]! > 50, repairs.join());
  });

  describe('in groups of their own', { concurrency: true }, () => {
    test('an edge that the group does not reach has its own media, and one that it reaches no more has it again', async (t) => {
      const origin = await startOrigin(t, await bridge.join(t), 'ipv4');
      const [far, near] = [await startEdge(t, bridge, origin), await startEdge(t, bridge, origin)];
      far.host.hearsMulticast = false;
      const life = await playLifelike(t, { origin, edge: far.server }, 'movie', 12, KEY);
      const second = await watch(t, near.server, 'http-flv', 'movie');
      await comes(near.server, 'multicast');
      await until('the trial of the other is over', async () => (await pushesOf(origin.server))[0]!['edges'] === 1);
      await comes(far.server, 'udp');
      near.host.hearsMulticast = false;
      await comes(near.server, 'udp');
      await until('nothing is pushed', async () => (await pushesOf(origin.server))[0]!['edges'] === 0);
      await life.done;
      await until('the stream ends at both', () => life.viewer.reason && second.reason);
      assertSameFrames(life.viewer.tags, life.tags);
      assertSameFrames(second.tags, life.tags.slice(-framesOf(second.tags).length));
    });

    test('groups may be of IPv6', async (t) => {
      const origin = await startOrigin(t, await bridge.join(t), 'ipv6');
      const { server } = await startEdge(t, bridge, origin, '0.05,5');
      const life = await playLifelike(t, { origin, edge: server }, 'movie', 5, KEY);
      await comes(server, 'multicast');
      await life.done;
      await until('the stream ends', () => life.viewer.reason);
      assertSameFrames(life.viewer.tags, life.tags);
    });
  });
}

/** An origin that pushes all its streams to a group, and the host that it is. */
type PushingOrigin = Origin<SpawnedServer> & { readonly host: Host };

async function startOrigin(t: TestContext, host: Host, family: 'ipv4' | 'ipv6'): Promise<PushingOrigin> {
  const state = join(await temporaryFolder(t), 'state');
  const literal = (address: string) => (family === 'ipv6' ? `[${address}]` : address);
  const listen = `${literal(host[family])}:0`;
  const push = [{ paths: ['live/*'], to: [`${literal(GROUPS[family])}:${PORT}`] }];
  const relay = { listen, media: listen, state, push, multicast: { interface: 'eth0' } };
  const server = await spawnAt(t, host, { ...AT_ONCE, relay });
  const address = `headwater://${literal(host[family])}:${server.ports['headwater']}`;
  return { server, host, state, address, url: `${address}?join=${Identity.open(state).joinToken}` };
}

/** An edge on a host of its own, which loses some of the datagrams that come to it: see `drop-datagrams.ts`. */
async function startEdge(t: TestContext, bridge: Bridge, { url }: Origin, loss?: string) {
  const host = await bridge.join(t);
  const relay = { origins: [url], state: join(await temporaryFolder(t), 'state') };
  const drop = loss === undefined ? {} : { options: ['--import', DROPPER], env: { TEST_LOSS: loss } };
  const server = await spawnAt(t, host, { relay, play: { wait: '30s' } }, drop);
  await server.logged('connected to an origin');
  return { host, server };
}

function spawnAt(
  t: TestContext,
  { ipv4: host, enter }: Host,
  options: object,
  more: object = {},
): Promise<SpawnedServer> {
  const listen = { listen: `${host}:0` };
  return spawnServer(t, { rtmp: listen, http: listen, ...options }, { host, enter, ...more });
}

/** Resolves when an edge says that its media comes so. */
async function comes(edge: SpawnedServer, media: string): Promise<void> {
  await until(`media comes by ${media}`, async () => (await linksOf(edge))[0]?.['streams'][0]?.media === media);
}

/** What an origin has sent so far, in packets: to the group, to edges by themselves at first and again, and all on its wire. */
async function sentBy({ server, host }: PushingOrigin) {
  const [links, [push]] = [await linksOf(server), await pushesOf(server)];
  const sum = (name: string) => links.reduce((total, link) => total + Number(link[name]), 0);
  return { pushed: Number(push!['packets']), own: sum('packets'), repaired: sum('repaired'), wire: host.sent };
}
