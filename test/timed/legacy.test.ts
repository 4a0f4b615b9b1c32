import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { describe, test } from 'node:test';
import { dialQuic } from '../../src/net/quic.ts';
import { clip } from '../support/clips.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { assertMonotonic, assertSameFrames, content, framesOf, headersOf } from '../support/frames.ts';
import { type LegacyPath, openRelay, portFor, startCloud, startEdge, startLegacyLink } from '../support/legacy-link.ts';
import { publisher } from '../support/publish.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';

/** What the edge writes when a stream has ended. */
const SUMMARY = 'packets of the legacy link';

describe('what ffmpeg publishes at a legacy cloud arrives at a legacy edge, frame by frame', {
  concurrency: true,
}, () => {
  const paths: Record<string, LegacyPath> = {
    'over a good path': {},
    'over one that loses 1 %': { media: { loss: 0.01, delay: 20 }, repairs: { delay: 20 } },
    'over one that loses 5 %, repairs as well': {
      seed: 3,
      media: { loss: 0.05, delay: 20, jitter: 5, reorder: 0.02, duplicate: 0.01 },
      repairs: { loss: 0.05, delay: 20 },
    },
  };
  for (const [what, path] of Object.entries(paths)) {
    test(what, needs('ffmpeg'), async (t) => {
      const { file, tags } = await clip('movie');
      const link = await startLegacyLink(t, path);
      const viewer = link.edge.watch(t, 'movie');
      await link.edge.logged('play begins');
      await publishFile(t, file, link.cloud.rtmp('movie')).ended();
      await viewer.ended;
      assertSameFrames(viewer.tags, tags);
      const { lost, repaired, abandoned, malformed } = await link.edge.logged(SUMMARY);
      assert.ok(Number(lost) >= link.media.traffic.lost - 1, 'what the path lost was noticed');
      assert.deepEqual({ repaired, abandoned, malformed }, { repaired: lost, abandoned: 0, malformed: 0 });
    });
  }
});

test('an edge tells when a stream’s time began, by the clock of the cloud', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const link = await startLegacyLink(t);
  const client = await publisher(t, link.cloud, 'movie');
  client.send(...tags.slice(0, 60));
  const ask = async (name: string) => {
    const response = await fetch(link.edge.flv(`/stats/time?stream=live/${name}`));
    return { status: response.status, body: (await response.json()) as { data: { startTime: number } | null } };
  };
  const { body } = await until('the edge knows', async () => {
    const answer = await ask('movie');
    return answer.status === 200 ? answer : undefined;
  });
  assert.ok(Math.abs(body.data!.startTime - Date.now()) < 15_000);
  assert.deepEqual(await ask('none'), { status: 404, body: { status: 404, data: null } });
});

test('an edge that starts in the middle of a stream begins at the next key frame', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const relay = await openRelay(t, 1);
  const cloud = await startCloud(t, relay.port);
  const client = await publisher(t, cloud, 'movie');
  const middle = tags.length / 2;
  client.send(...tags.slice(0, middle));
  await client.drained();
  const edge = await startEdge(t);
  relay.aim(portFor(edge, 'legacy-rtp'));
  const viewer = edge.watch(t, 'movie');
  const sent = framesOf(tags, 'video');
  for (const tag of tags.slice(middle)) {
    client.send(tag);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await viewer.gets(20, (tag) => framesOf([tag], 'video').length > 0);
  const got = framesOf(viewer.tags, 'video');
  assert.ok(got[0]!.keyframe);
  assert.ok(headersOf(viewer.tags, 'video').length > 0 && headersOf(viewer.tags, 'audio').length > 0);
  const from = sent.map(content).indexOf(content(got[0]!));
  assert.deepEqual(got.map(content), sent.slice(from, from + got.length).map(content));
});

test(
  'viewers at an edge stay through restarts of the cloud, and nothing that strangers send ends it',
  needs('ffmpeg'),
  async (t) => {
    const { tags } = await clip('movie');
    const edge = await startEdge(t);
    const port = portFor(edge, 'legacy-rtp');
    const viewer = edge.watch(t, 'movie');
    const stranger = createSocket('udp4');
    t.after(() => void stranger.close());
    for (let round = 1; round <= 3; round++) {
      // At other ports each time: they are announced.
      const cloud = await startCloud(t, port);
      const before = framesOf(viewer.tags, 'video').length;
      const client = await publisher(t, cloud, 'movie');
      let at = 0;
      await until(`pictures come in round ${round}`, () => {
        client.send(...tags.slice(at, (at += 2)));
        for (const bytes of STRANGE) stranger.send(bytes, port, '127.0.0.1');
        return framesOf(viewer.tags, 'video').length > before + 5;
      });
      cloud.program.kill('SIGKILL');
    }
    assert.equal(viewer.reason, undefined);
    assertMonotonic(viewer.tags);
  },
);

/** Not RTP, RTP of nobody, an announcement of ports that are not there. */
const STRANGE = [
  '',
  '80',
  'ffffffffffffffffffffffffffff',
  '80e4fde80b207f8d000000010800000100000000000000ff',
  '8064fde80b207f8d7777777709ffffff',
].map((hex) => Buffer.from(hex, 'hex'));

test(
  'a cloud does not mind edges that are down, or connections on which nothing is said',
  needs('ffmpeg'),
  async (t) => {
    const gone = await openRelay(t, 1);
    const cloud = await startCloud(t, gone.port);
    gone.close();
    const { tags } = await clip('movie');
    const client = await publisher(t, cloud, 'movie');
    const port = portFor(cloud, 'legacy-quic');
    const settings = { host: '127.0.0.1', port, alpn: ['quic-echo-server'], verify: false } as const;
    const silent = await dialQuic({ ...settings, alpn: [...settings.alpn] });
    client.send(...tags);
    await client.drained();
    silent.close();
    await silent.closed;
    const listed = async () => {
      const response = await fetch(`http://127.0.0.1:${portFor(cloud, 'legacy-api')}/stat/livestat`);
      const { data } = (await response.json()) as { data: { publishers: { video_total_bytes: number }[] | null } };
      return data.publishers?.[0]?.video_total_bytes;
    };
    await until('the stream is listed', async () => ((await listed()) ?? 0) > 0);
    assert.equal(client.closed, false);
  },
);
