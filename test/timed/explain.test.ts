import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, describe, type TestContext, test } from 'node:test';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { clip } from '../support/clips.ts';
import { type Explained, explanationOf, found, type Performance, perform } from '../support/explain.ts';
import { make, publishFile } from '../support/ffmpeg.ts';
import { framesOf } from '../support/frames.ts';
import { playLifelike, startLinked } from '../support/links.ts';
import { allGet, publisher } from '../support/publish.ts';
import { remuxed } from '../support/remux.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { synthetic } from '../support/synthetic.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { watch } from '../support/watch.ts';
import { publishAt, spawnWorkers } from '../support/workers.ts';

const LENGTH = 4000;
const server = await startTestServer({ after }, { play: { wait: '30s' }, window: { bytes: '4MiB' } });
const { tags: movie } = await clip('movie');

const isSound = ({ type }: FlvTag) => type === 'audio';

/** A publisher that plays so; resolves to the finding that it provokes, as soon as it is there. */
async function provoke(
  t: TestContext,
  name: string,
  { seconds, ...how }: Performance & { seconds: number },
): Promise<Explained> {
  const client = await publisher(t, server, name);
  const ending = new AbortController();
  const playing = perform(client, movie, LENGTH, seconds, { ...how, signal: ending.signal });
  t.after(() => {
    ending.abort();
    return playing;
  });
  return until(`${name} is found`, () => found(server, name, name));
}

/** Its figures are between these. */
function assertFigures({ figures }: Explained, bounds: Readonly<Record<string, readonly [number, number]>>): void {
  for (const [name, [least, most]] of Object.entries(bounds)) {
    const figure = figures[name] as number;
    assert.ok(figure >= least && figure <= most, `${name} is ${figure}, not from ${least} to ${most}`);
  }
}

describe('what is wrong with a publisher is named', { ...needs('ffmpeg'), concurrency: true }, () => {
  test('nothing, where nothing is', async (t) => {
    const client = await publisher(t, server, 'good');
    await perform(client, movie, LENGTH, 6);
    const { findings, measures, source, stream } = (await explanationOf(server, 'good'))!;
    // A machine that is held up sends late itself.
    const others = findings.filter(({ where, rule }) => where === 'publisher' && rule !== 'uplink-dips');
    assert.deepEqual(others, []);
    assert.deepEqual([stream, source.type, source.remote], ['live/good', 'publisher', '127.0.0.1']);
    assert.ok(Math.abs(measures['fps']! - 25) < 5 && measures['gop_s'] === 1, JSON.stringify(measures));
  });

  test('an uplink that stops for a while', async (t) => {
    const isCut = (time: number) => time > 2000 && time < 3200;
    const when = ({ timestamp }: FlvTag) => (isCut(timestamp) ? 3200 : timestamp);
    assertFigures(await provoke(t, 'uplink-dips', { seconds: 4, when }), { late_ms: [800, 5000], dips: [1, 3] });
  });

  test('timestamps that jump', async (t) => {
    const stamp = ({ timestamp }: FlvTag) => timestamp + (timestamp > 1500 ? 60_000 : 0);
    assertFigures(await provoke(t, 'timestamps-jump', { seconds: 3, stamp }), { jumps: [1, 1] });
  });

  test('sound that jumps without its picture', async (t) => {
    const stamp = (tag: FlvTag) => tag.timestamp + (isSound(tag) && tag.timestamp > 1500 ? 60_000 : 0);
    assertFigures(await provoke(t, 'one-track-jumps', { seconds: 4, stamp }), { times: [1, 1] });
  });

  test('sound that drifts from its picture', async (t) => {
    const stamp = (tag: FlvTag) => Math.round(tag.timestamp * (isSound(tag) ? 0.9 : 1));
    assertFigures(await provoke(t, 'sound-drifts', { seconds: 10, stamp }), { drift_ms: [100, 2000] });
  });

  test('sound that comes a second after its picture', async (t) => {
    const when = (tag: FlvTag) => tag.timestamp + (isSound(tag) ? 1000 : 0);
    const finding = await provoke(t, 'sound-apart', { seconds: 5, when });
    assertFigures(finding, { skew_ms: [800, 3000] });
  });

  test('sound that is left out', async (t) => {
    const without = (tag: FlvTag) => isSound(tag) && tag.body[1] === 1 && tag.timestamp > 1000 && tag.timestamp < 1400;
    assertFigures(await provoke(t, 'sound-length', { seconds: 4, without }), { sound_s: [0.9, 3], time_s: [1, 4] });
  });

  test('pictures that are left out', async (t) => {
    const without = ({ type, timestamp, body }: FlvTag) =>
      type === 'video' && body[1] === 1 && timestamp > 2100 && timestamp < 2900;
    assertFigures(await provoke(t, 'pictures-missing', { seconds: 4, without }), { longest_ms: [700, 1000] });
  });

  test('key frames that are far apart', async (t) => {
    const { file } = await clip('longGop');
    const push = publishFile(t, file, server.rtmp('gop-too-long'));
    const finding = await until('it is found', () => found(server, 'gop-too-long', 'gop-too-long'));
    assertFigures(finding, { longest_s: [4.5, 12.1] });
    await push.stop();
  });

  test('a picture of 4:4:4, which no browser plays', async (t) => {
    const source = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=2'];
    const file = await make([...source, '-c:v', 'libx264', '-pix_fmt', 'yuv444p', '-f', 'flv'], 'flv');
    publishFile(t, file, server.rtmp('picture-unplayable'));
    const finding = await until('it is found', () => found(server, 'picture-unplayable', 'picture-unplayable'));
    assert.match(String(finding.figures['codec']), /^H\.264 High 4:4:4/);
  });

  test('H.265 and Opus, which not all browsers play', async (t) => {
    for (const [codec, rule] of [
      ['hevc', 'picture-not-everywhere'],
      ['opus', 'sound-not-everywhere'],
    ] as const) {
      const client = await publisher(t, server, rule);
      client.send(...(await remuxed(codec)));
      await until(`${codec} is found`, () => found(server, rule, rule));
    }
  });

  test('silence, and the departure of the publisher', async (t) => {
    const client = await publisher(t, server, 'publisher-silent');
    client.send(...movie);
    const silent = await until('silence is found', () => found(server, 'publisher-silent', 'publisher-silent'));
    assertFigures(silent, { silence_s: [2, 15] });
    client.close();
    const gone = await until('the departure is found', () => found(server, 'publisher-silent', 'publisher-gone'));
    assertFigures(gone, { silence_s: [2, 20] });
  });
});

test('viewers who are too slow are named', needs('ffmpeg'), async (t) => {
  const tags = await synthetic({ frames: 300, size: 60_000, gop: 10 });
  const slow = await watch(t, server, 'http-flv', 'viewers-slow');
  const quick = await watch(t, server, 'http-flv', 'viewers-slow');
  const client = await publisher(t, server, 'viewers-slow');
  for (let sent = 0; sent < tags.length; sent += 25) {
    client.send(...tags.slice(sent, sent + 25));
    await allGet([quick], framesOf(tags.slice(0, sent + 25)).length);
    if (sent === 0) slow.pause();
  }
  slow.resume();
  const finding = await until('it is found', () => found(server, 'viewers-slow', 'viewers-slow'));
  assertFigures(finding, { slow: [1, 1], count: [2, 2], skipped: [1, 300] });
});

describe('what is wrong with a node, or on the way to it, is named', { concurrency: true }, () => {
  test(
    'a link whose latency is too short for repairs is named at both ends, and an origin that is gone at the edge',
    needs('ffmpeg'),
    async (t) => {
      const linked = await startLinked(t, { loss: 0.05, delay: 50, seed: 7 }, { latency: '60ms', fec: 'off' });
      const { done } = await playLifelike(t, linked, 'lossy', 4);
      const muchLost = async (node: TestServer, rule: string) => {
        const finding = await found(node, 'lossy', rule);
        return finding && (finding.figures['residual'] as number) >= 20 ? finding : undefined;
      };
      const atEdge = await until('it is found at the edge', () => muchLost(linked.edge, 'link-loss'));
      assertFigures(atEdge, {
        lost_percent: [1, 15],
        residual_percent: [0.5, 20],
        latency_ms: [60, 60],
        rtt_ms: [90, 1000],
      });
      assert.ok((atEdge.figures['better_ms'] as number) > 100);
      const { source } = (await explanationOf(linked.edge, 'lossy'))!;
      assert.equal(source.type, 'node');
      assertFigures(await until('it is found at the origin', () => muchLost(linked.origin.server, 'edge-loss')), {
        residual_percent: [0.5, 20],
      });
      await linked.origin.server.stop();
      const gone = await until('the edge lacks its origin', () => found(linked.edge, 'lossy', 'origin-silent'));
      assert.equal(gone.where, 'link');
      await done;
    },
  );

  test('a link through which no UDP comes is named', needs('ffmpeg'), async (t) => {
    const linked = await startLinked(t, { loss: 1, seed: 1 });
    const { done } = await playLifelike(t, linked, 'without-udp', 2);
    const finding = await until('it is found', () => found(linked.edge, 'without-udp', 'link-without-udp'));
    assert.equal(finding.figures['remote'], '127.0.0.1');
    await done;
  });

  test('any worker of a node knows what is wrong with a stream of another one', needs('ffmpeg'), async (t) => {
    const node = await spawnWorkers(t);
    const { client } = await publishAt(t, node, 'workers', (worker) => worker === 2);
    client.send(...(await clip('longGop')).tags);
    const finding = await until('it is found', () => found(node, 'workers', 'gop-too-long'));
    assertFigures(finding, { longest_s: [11, 12.1] });
    const { source, measures } = (await explanationOf(node, 'workers'))!;
    assert.deepEqual([source.type, source.remote, measures['viewers']], ['publisher', '127.0.0.1', 0]);
  });

  test('a node that turns people away is named', needs('ffmpeg'), async (t) => {
    const full = await startTestServer(t, { limits: { connections: 3 } });
    const client = await publisher(t, full, 'node-full');
    client.send(...movie.slice(0, 40));
    const strangers = Array.from({ length: 6 }, () => connect(full.ports['rtmp']!, '127.0.0.1'));
    await until('some are turned away', () => strangers.some(({ closed }) => closed));
    for (const stranger of strangers) stranger.destroy();
    const finding = await until('it is found', () => found(full, 'node-full', 'node-full').catch(() => undefined));
    assertFigures(finding, { refused: [4, 6] });
  });
});
