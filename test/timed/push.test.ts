import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { describe, type TestContext, test } from 'node:test';
import { assertSameFrames } from '../support/frames.ts';
import { AT_ONCE, linksOf, playLifelike, pushesOf } from '../support/links.ts';
import { openLossyRelay } from '../support/lossy-relay.ts';
import { edgeOf, type Origin, startOrigin } from '../support/nodes.ts';
import { ADMIN_TOKEN, type Overrides, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { freeUdpPort } from '../support/udp-port.ts';
import { until } from '../support/until.ts';
import { watch } from '../support/watch.ts';

const LOOPBACK = '127.0.0.1';
/** Groups of their own for tests at the same time. */
const GROUPS = ['239.255.77.1', '239.255.77.2', '239.255.77.3', '239.255.77.4'] as const;

/** An origin that pushes its streams to an address of this machine. */
async function startPushing(owner: TestContext, to: string, rule: Overrides = {}): Promise<Origin> {
  const relay = { push: [{ paths: ['live/*'], to: [to], ...rule }], multicast: { interface: LOOPBACK } };
  return startOrigin(owner, { ...AT_ONCE, relay });
}

/** An edge of it, whose media by its own way comes through `port`. */
async function startEdge(
  owner: TestContext,
  origin: Origin,
  relay: Overrides = {},
  port?: number,
): Promise<TestServer> {
  const url = port === undefined ? origin.url : `${origin.url}&media=${port}`;
  const edge = await startTestServer(owner, await edgeOf(owner, [url], { play: { wait: '30s' }, relay }));
  await edge.logged('connected to an origin');
  return edge;
}

/** Resolves when an edge, and its origin, say that its media comes so. */
async function comes(edge: TestServer, media: string): Promise<void> {
  await until(`media comes by ${media}`, async () => (await linksOf(edge))[0]?.['streams'][0]?.media === media);
}

describe('what is pushed to a multicast group', { concurrency: true }, () => {
  test('is taken from there by all edges, and sent once', needs('ffmpeg'), async (t) => {
    const group = `${GROUPS[0]}:${await freeUdpPort()}`;
    const origin = await startPushing(t, group);
    const [edge, other] = [await startEdge(t, origin), await startEdge(t, origin)];
    const life = await playLifelike(t, { origin, edge }, 'movie', 6);
    const second = await watch(t, other, 'http-flv', 'movie');
    for (const each of [edge, other]) await comes(each, 'multicast');
    const [before] = await pushesOf(origin.server);
    assert.deepEqual([before!['to'], before!['edges']], [group, 2]);
    const ways = (await linksOf(origin.server)).map(({ media }) => media);
    assert.deepEqual(ways, ['multicast', 'multicast']);
    const alone = await ownPackets(origin);
    await life.done;
    const [after] = await pushesOf(origin.server);
    assert.ok(after!['packets'] - before!['packets'] > 500, JSON.stringify(after));
    assert.equal(await ownPackets(origin), alone, 'no edge is sent its media by itself');
    await until('the stream ends at both', () => life.viewer.reason && second.reason);
    assertSameFrames(life.viewer.tags, life.tags);
    assertSameFrames(second.tags, life.tags.slice(-second.tags.length));
    const metrics = await fetch(origin.server.http('/metrics'), {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    assert.match(await metrics.text(), new RegExp(`headwater_link_pushed_packets_total\\{to="${group}"\\} \\d`));
  });

  test('is not sent when nobody listens', needs('ffmpeg'), async (t) => {
    const origin = await startPushing(t, `${GROUPS[1]}:${await freeUdpPort()}`);
    const edge = await startEdge(t, origin, { multicast: { interface: 'off' } });
    const life = await playLifelike(t, { origin, edge }, 'movie', 3);
    await life.done;
    await until('the stream ends', () => life.viewer.reason);
    assertSameFrames(life.viewer.tags, life.tags);
    assert.deepEqual(
      (await pushesOf(origin.server)).map(({ packets, paths }) => [packets, paths]),
      [[0, []]],
    );
  });

  test('is not for edges with less latency than it is made for, and the origin says so', needs('ffmpeg'), async (t) => {
    const origin = await startPushing(t, `${GROUPS[2]}:${await freeUdpPort()}`, { latency: '1s' });
    const edge = await startEdge(t, origin);
    const life = await playLifelike(t, { origin, edge }, 'movie', 2);
    const message = 'an edge has less latency than what is pushed: it is sent the stream by itself';
    await origin.server.logged(message, { latency: 500, least: 1000 });
    await until('the stream ends', () => life.viewer.reason);
    assertSameFrames(life.viewer.tags, life.tags);
  });

  test('is repaired by the own way of each edge, and strangers in the group do no harm', needs('ffmpeg'), async (t) => {
    const port = await freeUdpPort();
    const origin = await startPushing(t, `${GROUPS[3]}:${port}`);
    const path = await openLossyRelay(t, origin.server.ports['rtp']!, { loss: 0.05, delay: 10, seed: 3 });
    const edge = await startEdge(t, origin, {}, path.port);
    const stranger = createSocket('udp4');
    t.after(() => stranger.close());
    stranger.bind(0, LOOPBACK, () => stranger.setMulticastInterface(LOOPBACK));
    const seen: Uint8Array[] = [];
    path.spy = (direction, bytes) => {
      if (direction === 'down' && bytes[0]! & 0x80 && seen.length < 50) seen.push(Uint8Array.from(bytes));
    };
    const life = await playLifelike(t, { origin, edge }, 'movie', 6);
    await comes(edge, 'multicast');
    for (const bytes of seen) {
      for (const ahead of [0, 1, 2]) stranger.send(forged(bytes, ahead), port, GROUPS[3]);
      stranger.send(bytes, port, GROUPS[3]);
      stranger.send(bytes.subarray(0, 20), port, GROUPS[3]);
    }
    await life.done;
    await until('the stream ends', () => life.viewer.reason);
    assertSameFrames(life.viewer.tags, life.tags);
    const [link] = await linksOf(edge);
    assert.ok(link!['forged'] > 0 && link!['duplicates'] > 0, JSON.stringify(link));
  });
});

/** Media packets that the origin has sent to edges by their own ways. */
async function ownPackets(origin: Origin): Promise<number> {
  return (await linksOf(origin.server)).reduce((sum, { packets }) => sum + Number(packets), 0);
}

/** A packet as it would have to be later in the stream. */
function forged(bytes: Uint8Array, ahead: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[2]! += 4 * ahead;
  copy[copy.length - 1]! ^= 1;
  return copy;
}

test(
  'what is pushed to the address of an edge is taken from there, and goes nowhere without that edge',
  needs('ffmpeg'),
  async (t) => {
    const port = await freeUdpPort();
    const origin = await startPushing(t, `${LOOPBACK}:${port}`);
    const stranger = await startEdge(t, origin);
    const viewer = await watch(t, stranger, 'http-flv', 'movie');
    const life = await playLifelike(t, { origin, edge: stranger }, 'movie', 6);
    assert.deepEqual(
      (await pushesOf(origin.server)).map(({ packets }) => packets),
      [0],
    );
    const edge = await startEdge(t, origin, { pushListen: `${LOOPBACK}:${port}` });
    const late = await watch(t, edge, 'http-flv', 'movie');
    await comes(edge, 'push');
    await life.done;
    await until('the stream ends at both', () => late.reason && viewer.reason);
    assertSameFrames(late.tags, life.tags.slice(-late.tags.length));
    const [pushed] = await pushesOf(origin.server);
    assert.ok(pushed!['packets'] > 200, JSON.stringify(pushed));
  },
);
