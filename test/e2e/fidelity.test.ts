import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { type ClipName, clip } from '../support/clips.ts';
import { assertSameFrames, content, framesOf, headersOf } from '../support/frames.ts';
import { allGet, publisher, sendFromStart } from '../support/publish.ts';
import { type RemuxedName, remuxed } from '../support/remux.ts';
import { startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { PLAIN_OUTPUTS, watch, watchAll } from '../support/watch.ts';

/** Clips are pushed faster than life: the window must hold what a viewer has yet to be sent. */
const config = { play: { wait: '30s' }, publish: { stopGrace: '0s' }, window: { duration: '10m', bytes: '256MiB' } };
const clips: readonly ClipName[] = ['movie', 'videoOnly', 'audioOnly', 'variableRate', 'longGop'];
const remuxes: readonly RemuxedName[] = ['hevc', 'av1', 'opus'];

const server = await startTestServer({ after }, config);

describe('the frames that arrive are those that were sent, in bytes and times, by every output', () => {
  for (const name of clips) {
    test(`of the clip ${name}`, needs('ffmpeg'), async (t) => arrive(t, name, (await clip(name)).tags));
  }
  for (const name of remuxes) {
    test(`of the clip ${name}, in enhanced RTMP`, needs('ffmpeg'), async (t) => arrive(t, name, await remuxed(name)));
  }

  async function arrive(t: Parameters<typeof watch>[0], name: string, tags: readonly FlvTag[]) {
    const viewers = await watchAll(t, server, PLAIN_OUTPUTS, name);
    const client = await publisher(t, server, name);
    await sendFromStart(client, tags, viewers.values());
    client.stop();
    for (const [output, viewer] of viewers) {
      await viewer.ended;
      assertSameFrames(viewer.tags, tags);
      assert.deepEqual(
        headersOf(viewer.tags).map(header),
        headersOf(tags).map(header),
        `the sequence headers by ${output}`,
      );
    }
  }
});

describe('H.265 is translated between its dialects', () => {
  const dialects = { enhanced: 'hvc1', 'legacy-hevc': '12' } as const;
  const wishes = { '?hevc=enhanced': 'hvc1', '?hevc=legacy': '12' } as const;
  for (const published of ['enhanced', 'legacy-hevc'] as const) {
    test(`from ${published} as it is published`, needs('ffmpeg'), async (t) => {
      const tags = await remuxed('hevc', published);
      assert.equal(framesOf(tags, 'video')[0].codec, dialects[published]);
      const name = `dialect-${published}`;
      const wanted = Object.entries(wishes).flatMap(([query, codec]) =>
        PLAIN_OUTPUTS.map((output) => ({ query, codec, output })),
      );
      const viewers = await Promise.all(
        wanted.map(async (each) => ({ ...each, viewer: await watch(t, server, each.output, name, each.query) })),
      );
      const client = await publisher(t, server, name);
      await sendFromStart(
        client,
        tags,
        viewers.map(({ viewer }) => viewer),
      );
      client.stop();
      for (const { viewer, codec } of viewers) {
        await viewer.ended;
        assertSameFrames(viewer.tags, tags);
        for (const packet of [...headersOf(viewer.tags, 'video'), ...framesOf(viewer.tags, 'video')])
          assert.equal(packet.codec, codec);
      }
    });
  }
});

describe('a part of the stream is played alone', () => {
  for (const kind of ['audio', 'video'] as const) {
    test(`with only=${kind}`, needs('ffmpeg'), async (t) => {
      const { tags } = await clip('movie');
      const name = `only-${kind}`;
      const viewers = await watchAll(t, server, PLAIN_OUTPUTS, name, `?only=${kind}`);
      const client = await publisher(t, server, name);
      await sendFromStart(client, tags, viewers.values());
      client.stop();
      for (const viewer of viewers.values()) {
        await viewer.ended;
        assertSameFrames(
          viewer.tags,
          tags.filter((tag) => tag.type === kind),
        );
      }
    });
  }

  test('with only=voice there is a refusal that says what is allowed', async (t) => {
    for (const output of ['http-flv', 'ws-flv'] as const) {
      const viewer = await watch(t, server, output, 'anything', '?only=voice');
      assert.match(await viewer.ended, /^415 .*only=voice.*audio or video/);
    }
  });
});

test(
  'one who joins in the middle begins with metadata, sequence headers and a key frame',
  needs('ffmpeg'),
  async (t) => {
    const { tags } = await clip('movie');
    const client = await publisher(t, server, 'middle');
    const first = await watch(t, server, 'http-flv', 'middle');
    await sendFromStart(client, tags, [first]);
    const all = framesOf(tags);
    await allGet([first], all.length);
    const lastKey = framesOf(tags, 'video').findLast(({ keyframe }) => keyframe)!;
    const viewers = await watchAll(t, server, PLAIN_OUTPUTS, 'middle');
    await allGet(viewers.values(), all.length - all.findIndex((frame) => content(frame) === content(lastKey)));
    for (const viewer of viewers.values()) {
      const played = viewer.tags.filter(
        ({ type, body }) => type !== 'script' || !Buffer.from(body).includes('RtmpSampleAccess'),
      );
      assert.deepEqual(
        played.slice(0, 4).map(({ type }) => type),
        ['script', 'video', 'audio', 'video'],
      );
      assert.equal(headersOf(played.slice(1, 3)).length, 2);
      assert.equal(content(framesOf(played)[0]), content(lastKey));
      assert.equal(framesOf(played)[0].timestamp, lastKey.timestamp);
    }
  },
);

function header({ kind, data }: { kind: string; data: Uint8Array }): string {
  return `${kind} ${Buffer.from(data).toString('hex')}`;
}
