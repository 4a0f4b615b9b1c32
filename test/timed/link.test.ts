import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertSameFrames, framesOf } from '../support/frames.ts';
import { AT_ONCE, delaysOf, type Lifelike, linksOf, playLifelike, startEdge, startLinked } from '../support/links.ts';
import { type Impairment, openLossyRelay } from '../support/lossy-relay.ts';
import { edgeOf, startOrigin } from '../support/nodes.ts';
import { ADMIN_TOKEN, startTestServer, type TestServer } from '../support/server.ts';
import { openTcpPath } from '../support/tcp-path.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { watch } from '../support/watch.ts';

const FALLEN = 'media of an origin goes by the reliable relay';
/**
 * These tests wait for what comes at the speed of life, by nodes and paths of their own. Those of a group begin at the same time:
 * so none starts nodes while another one measures.
 */
const TOGETHER = { concurrency: true };

/** The end of a stream comes to the edge with its last frame. */
async function arrived({ viewer, done }: Lifelike): Promise<void> {
  await done;
  await until('the stream ends at the edge', () => viewer.reason);
}

/** Of the frames since so many seconds: the others came before the clocks were aligned. */
function settled(delays: readonly number[], seconds = 2): number[] {
  return delays.slice(25 * seconds).sort((a, b) => a - b);
}

async function cut({ up, down }: Awaited<ReturnType<typeof openLossyRelay>>, milliseconds: number): Promise<void> {
  const before = [up.impairment, down.impairment];
  for (const direction of [up, down]) direction.impairment = { loss: 1 };
  await sleep(milliseconds);
  [up.impairment, down.impairment] = before as [object, object];
}

/** Starts both with a path for media and one for everything else, which goes by TLS. */
async function startBeside(t: TestContext, impairment: Impairment) {
  const origin = await startOrigin(t, AT_ONCE);
  const path = await openLossyRelay(t, origin.server.ports['rtp']!, impairment);
  const reliable = await openTcpPath(t, origin.server.ports['headwater']!);
  const url = `${origin.url.replace(/:\d+/, `:${reliable.port}`)}&media=${path.port}`;
  const edge = await startTestServer(t, await edgeOf(t, [url], { play: { wait: '30s' } }));
  await edge.logged('connected to an origin', { transport: 'tls' });
  return { origin, edge, path, reliable };
}

/** How often an edge has begun to fetch a stream. */
function relaysOf(edge: TestServer): number {
  return edge.lines().filter(({ msg, protocol }) => msg === 'publish begins' && protocol === 'relay').length;
}

/** A control datagram with one bit turned near its end; of a media packet one that is yet to come. */
function damaged(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bytes[0]! & 0x80 ? 13 : copy.length - 3]! ^= 1;
  return copy;
}

describe('a stream crosses a bad path whole, each frame half a second after it came to the origin', TOGETHER, () => {
  const cases: [name: string, impairment: Parameters<typeof startLinked>[1]][] = [
    ['of 5 % loss', { loss: 0.05, delay: 50, seed: 3 }],
    ['of 10 % loss', { loss: 0.1, delay: 50, seed: 4 }],
    [
      'of 5 % loss in bursts, with jitter, reordering and doubles',
      { loss: 0.05, burst: 4, delay: 20, jitter: 10, reorder: 0.02, duplicate: 0.02, seed: 5 },
    ],
  ];
  for (const [name, impairment] of cases) {
    test(name, needs('ffmpeg'), async (t) => {
      const linked = await startLinked(t, impairment);
      const life = await playLifelike(t, linked, 'movie', 6);
      await arrived(life);
      assertSameFrames(life.viewer.tags, life.tags);
      const delays = settled(delaysOf(life));
      const [median, high] = [delays[delays.length >> 1]!, delays[Math.floor(0.9 * delays.length)]!];
      assert.ok(Math.abs(median - 500) < 20 && Math.abs(high - 500) < 30, `${median} ms, one in ten ${high} ms`);
    });
  }
});

describe('frames leave the edge in time', TOGETHER, () => {
  test('without latency frames leave the edge as they come', needs('ffmpeg'), async (t) => {
    const life = await playLifelike(t, await startLinked(t, { delay: 20 }, { latency: '0s' }), 'movie', 4);
    await arrived(life);
    assertSameFrames(life.viewer.tags, life.tags);
    const delays = settled(delaysOf(life), 1);
    assert.ok(delays[delays.length >> 1]! < 45, `the median is ${delays[delays.length >> 1]} ms`);
  });

  test('media that comes by UDP goes on while everything else is lost and found again', needs('ffmpeg'), async (t) => {
    const { origin, edge, reliable } = await startBeside(t, { delay: 5, loss: 0.05 });
    const life = await playLifelike(t, { origin, edge }, 'movie', 8);
    for (let i = 0; i < 4; i++) {
      await sleep(1500);
      reliable.breakOff();
    }
    await arrived(life);
    assertSameFrames(life.viewer.tags, life.tags);
    const delays = settled(delaysOf(life));
    assert.ok(delays.at(-1)! < 600, `${delays.at(-1)} ms`);
    assert.equal(edge.lines().filter(({ msg }) => msg === 'an origin is lost').length, 4);
    assert.equal(relaysOf(edge), 1, 'the edge has never left the stream');
    assert.deepEqual(
      (await linksOf(origin.server)).map(({ media }) => media),
      ['udp'],
    );
  });

  test('where there is no time for repairs, parity makes losses good', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { loss: 0.05, delay: 50, seed: 11 }, { latency: '180ms', fec: 60 });
    const life = await playLifelike(t, linked, 'movie', 6);
    await arrived(life);
    const [[atEdge], [atOrigin]] = await Promise.all([linksOf(linked.edge), linksOf(linked.origin.server)]);
    const { lost, restored, parity, residual, overhead_bytes: asked } = atEdge!;
    assert.ok(lost > 40 && restored > 0.6 * lost && residual < 0.3 * lost, JSON.stringify(atEdge));
    assert.ok(atOrigin!['parity'] >= parity && parity > 100, JSON.stringify(atOrigin));
    assert.ok(atOrigin!['overhead_bytes'] > 1000 * parity && asked < 100_000, JSON.stringify(atOrigin));
    const late = life.viewer.tags.filter(({ timestamp }) => timestamp >= 2000);
    const sent = life.tags.filter(({ timestamp }) => timestamp >= 2000);
    // Without, hardly a group of pictures would come whole.
    assert.ok(framesOf(late).length > 0.8 * framesOf(sent).length, `${framesOf(late).length} frames`);
  });
});

describe('a stream outlives an outage', TOGETHER, () => {
  test('an outage of 300 ms is repaired whole', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { delay: 20 });
    const life = await playLifelike(t, linked, 'movie', 5);
    await sleep(2500);
    await cut(linked.path, 300);
    await arrived(life);
    assertSameFrames(life.viewer.tags, life.tags);
    assert.equal(linked.edge.lines().filter(({ msg }) => msg === FALLEN).length, 0);
  });

  test('a stream that ends in an outage longer than the latency is whole at the edge', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { delay: 20 });
    const life = await playLifelike(t, linked, 'movie', 3);
    await until('two thirds are sent', () => life.sent.has(2000));
    await sleep(900);
    await cut(linked.path, 800);
    await arrived(life);
    assertSameFrames(life.viewer.tags, life.tags);
  });

  test('play goes on during an outage of media alone, by the reliable relay', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { delay: 20 });
    const life = await playLifelike(t, linked, 'movie', 8);
    await sleep(2000);
    await cut(linked.path, 3000);
    await arrived(life);
    const gaps = life.viewer.times.map((time, i, all) => time - (all[i - 1] ?? time));
    assert.ok(Math.max(...gaps) < 2500, `a pause of ${Math.max(...gaps)} ms`);
    const sent = framesOf(life.tags);
    const newest = framesOf(life.viewer.tags).at(-1)!;
    assert.deepEqual(newest.data, sent.at(-1)!.data);
    await linked.edge.logged(FALLEN);
  });

  test(
    'an outage of the whole path is bridged: play goes on as soon as media comes again',
    needs('ffmpeg'),
    async (t) => {
      const { origin, edge, path, reliable } = await startBeside(t, { delay: 5 });
      const life = await playLifelike(t, { origin, edge }, 'movie', 7);
      await until('it plays', () => life.viewer.tags.length > 20);
      reliable.cut();
      await cut(path, 3000);
      reliable.mend();
      await arrived(life);
      await edge.logged('an origin is lost');
      assert.equal(relaysOf(edge), 1, 'the edge has never left the stream');
      const gaps = life.viewer.times.map((time, i, all) => time - (all[i - 1] ?? time));
      assert.ok(Math.max(...gaps) < 4000, `a pause of ${Math.max(...gaps)} ms`);
      assert.deepEqual(framesOf(life.viewer.tags).at(-1)!.data, framesOf(life.tags).at(-1)!.data);
    },
  );
});

describe('media goes the way that it can go', TOGETHER, () => {
  test('where UDP is blocked media comes by the reliable relay, and the link says so', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { loss: 1 });
    await linked.edge.logged(FALLEN);
    const life = await playLifelike(t, linked, 'movie', 3);
    await arrived(life);
    assertSameFrames(life.viewer.tags, life.tags);
    assert.deepEqual(
      (await linksOf(linked.edge)).map(({ role, media }) => [role, media]),
      [['edge', 'reliable']],
    );
  });

  test('where UDP comes through again, media goes by it again', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { delay: 5, loss: 1 });
    await linked.edge.logged(FALLEN);
    const life = await playLifelike(t, linked, 'movie', 11);
    for (const direction of [linked.path.up, linked.path.down]) direction.impairment = { delay: 5 };
    await until('media goes by UDP', async () => (await linksOf(linked.edge))[0]!['streams'].length > 0);
    await arrived(life);
    const link = (await linksOf(linked.edge))[0]!;
    assert.ok(link['packets'] > 300, JSON.stringify(link));
    assertSameFrames(life.viewer.tags, life.tags);
  });

  test('where media packets are too large for the path, it is the same', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { largest: 1000 });
    const life = await playLifelike(t, linked, 'movie', 8);
    await linked.edge.logged(FALLEN);
    await arrived(life);
    assert.deepEqual(framesOf(life.viewer.tags).at(-1)!.data, framesOf(life.tags).at(-1)!.data);
  });

  test('an edge whose address changes is followed', needs('ffmpeg'), async (t) => {
    const origin = await startOrigin(t, AT_ONCE);
    const port = origin.server.ports['rtp']!;
    const first = await openLossyRelay(t, port, { delay: 10 });
    const edge = await startEdge(t, origin, first.port);
    const life = await playLifelike(t, { origin, edge }, 'movie', 6);
    await sleep(2500);
    first.rebind();
    await arrived(life);
    assertSameFrames(life.viewer.tags, life.tags);
    assert.equal(edge.lines().filter(({ msg }) => msg === FALLEN).length, 0);
  });

  test('origin and edge may be restarted in any order, and media comes by UDP again', needs('ffmpeg'), async (t) => {
    let origin = await startOrigin(t, AT_ONCE);
    const port = origin.server.ports['rtp']!;
    const path = await openLossyRelay(t, port, { delay: 5, loss: 0.02 });
    let edge = await startEdge(t, origin, path.port);
    for (const who of ['origin', 'edge', 'origin', 'edge'] as const) {
      if (who === 'origin') {
        await origin.server.stop();
        origin = await startOrigin(t, { ...AT_ONCE, relay: { media: `127.0.0.1:${port}` } }, origin);
      } else {
        await edge.stop();
        edge = await startEdge(t, origin, path.port);
      }
      await until('they are connected', async () => (await linksOf(edge))[0]?.['media'] === 'udp');
      const life = await playLifelike(t, { origin, edge }, `after-${who}`, 2);
      await arrived(life);
      assertSameFrames(life.viewer.tags, life.tags);
      const [link] = await linksOf(edge);
      assert.ok(link!['packets'] > 100, JSON.stringify(link));
    }
  });
});

describe('each has what it wants, and tells of it', TOGETHER, () => {
  test('a stream that nobody wants any more is sent no more, at once', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { delay: 5 }, { idle: '0s' });
    const life = await playLifelike(t, linked, 'movie', 4);
    await until('it is there', () => life.viewer.tags.length > 20);
    life.viewer.close();
    await linked.edge.logged('publish ends');
    await sleep(100);
    const sent = async () => (await linksOf(linked.origin.server))[0]!['bytes'];
    const before = await sent();
    await sleep(400);
    assert.equal(await sent(), before);
  });

  test(
    'what strangers send to either end is dropped and counted, and the stream is undisturbed',
    needs('ffmpeg'),
    async (t) => {
      const linked = await startLinked(t, { delay: 5 });
      const seen: { up: Uint8Array[]; down: Uint8Array[] } = { up: [], down: [] };
      linked.path.spy = (direction, bytes) => {
        if (seen[direction].length < 50) seen[direction].push(Uint8Array.from(bytes));
      };
      const life = await playLifelike(t, linked, 'movie', 5);
      await until('there is something to send again', () => seen.up.length > 10 && seen.down.length > 40);
      const stranger = createSocket('udp4');
      t.after(() => stranger.close());
      const port = linked.origin.server.ports['rtp']!;
      const ofEdge = [...seen.up];
      for (const bytes of [...ofEdge, ...seen.down]) {
        for (const each of [bytes, damaged(bytes), bytes.subarray(0, 20), randomBytes(300)]) {
          stranger.send(each, port, '127.0.0.1');
          linked.path.inject(each);
        }
        await sleep(5);
      }
      await arrived(life);
      assertSameFrames(life.viewer.tags, life.tags);
      const [atEdge] = await linksOf(linked.edge);
      const [atOrigin] = await linksOf(linked.origin.server);
      assert.ok(atEdge!['refused'] > 50 && atEdge!['forged'] > 0, JSON.stringify(atEdge));
      assert.ok(atOrigin!['refused'] >= 2 * ofEdge.length, JSON.stringify(atOrigin));
      assert.deepEqual([atEdge!['media'], atOrigin!['media']], ['udp', 'udp']);
    },
  );

  test('one feed serves all edges, and each has its own repairs', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { loss: 0.05, delay: 20, seed: 7 });
    const second = await openLossyRelay(t, linked.origin.server.ports['rtp']!, { loss: 0.1, delay: 40, seed: 8 });
    const other = await startEdge(t, linked.origin, second.port);
    const life = await playLifelike(t, linked, 'movie', 4);
    const late = await watch(t, other, 'http-flv', 'movie');
    await arrived(life);
    await until('the stream ends there too', () => late.reason);
    assertSameFrames(life.viewer.tags, life.tags);
    assert.deepEqual(framesOf(late.tags).at(-1)!.data, framesOf(life.tags).at(-1)!.data);
    const links = await linksOf(linked.origin.server);
    assert.equal(links.length, 2);
    assert.ok(links.every(({ repaired }) => repaired > 0));
  });

  test('both ends tell how the link is doing', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { loss: 0.1, delay: 20 });
    const life = await playLifelike(t, linked, 'movie', 4);
    await life.done;
    const [atEdge] = await linksOf(linked.edge);
    const [atOrigin] = await linksOf(linked.origin.server);
    // A machine that is held up loses a packet for good now and then: what is told must add up all the same.
    const { lost, repaired, residual } = atEdge!;
    assert.ok(lost > 20 && repaired > 20 && residual < lost / 2, JSON.stringify(atEdge));
    assert.ok(atOrigin!['repaired'] >= atEdge!['repaired'], JSON.stringify(atOrigin));
    assert.ok(atOrigin!['rtt_ms'] > 35 && !('late' in atOrigin!), JSON.stringify(atOrigin));
    const told = atOrigin!['reported'];
    assert.ok(told.lost > 20 && told.packets > 10 * told.residual, JSON.stringify(atOrigin));
    assert.deepEqual(atOrigin!['streams'], [{ path: '__defaultVhost__/live/movie', media: 'udp', reported: told }]);
    assert.ok(atEdge!['rtt_ms'] > 35 && atEdge!['rtt_ms'] < 400, JSON.stringify(atEdge));
    assert.match(atEdge!['streams'][0].summary, /^loss \d+\.\d %, residual \S+ at 500 ms, overhead \d+\.\d %/);
    for (const [role, server] of [
      ['edge', linked.edge],
      ['origin', linked.origin.server],
    ] as const) {
      const metrics = await fetch(server.http('/metrics'), { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
      const text = await metrics.text();
      for (const name of ['packets_total', 'repaired_packets_total', 'residual_packets_total'])
        assert.match(text, new RegExp(`headwater_link_${name}\\{role="${role}",node="\\w+"\\} \\d`));
      assert.equal(text.includes(`headwater_link_late_packets_total{role="${role}"`), role === 'edge');
    }
    await arrived(life);
  });

  test('with auto the latency rises to what the path needs', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { loss: 0.1, delay: 100, seed: 9 }, { latency: 'auto' });
    const life = await playLifelike(t, linked, 'movie', 6);
    await life.done;
    const [stream] = (await linksOf(linked.edge))[0]!['streams'];
    assert.ok(stream.latency_ms > 600 && stream.delay_p99_ms > 510, JSON.stringify(stream));
    await arrived(life);
  });
});
