import assert from 'node:assert/strict';
import { after, describe, type TestContext, test } from 'node:test';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { clip, later, splitAt } from '../support/clips.ts';
import { Crowd } from '../support/crowd.ts';
import { content, framesOf, headersOf } from '../support/frames.ts';
import { CHANGED, live } from '../support/live.ts';
import { publisher, sendFromStart } from '../support/publish.ts';
import { remuxed } from '../support/remux.ts';
import { startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { PLAIN_OUTPUTS, watchAll } from '../support/watch.ts';

const server = await startTestServer({ after }, { window: { bytes: '256MiB' }, play: { wait: '30s' } });
const [beginning] = splitAt((await clip('movie')).tags, 1000);

describe('when the configuration changes within the same codecs', () => {
  test('in mid-stream, viewers stay and get the new headers, of what has changed alone', needs('ffmpeg'), async (t) => {
    const larger = await clip('larger');
    const crowd = await Crowd.gather(t, server, 'larger', 6);
    const client = await publisher(t, server, 'larger');
    await sendFromStart(client, beginning, crowd.viewers);
    const change = later(larger.tags, 1000);
    client.send(...change);
    await crowd.gets(framesOf(beginning, 'video').length + framesOf(change, 'video').length);
    crowd.assertUndisturbed();
    crowd.assertFollowed(beginning, change, { video: 2, audio: 1 });
    for (const { tags } of crowd.viewers) assertNewHeaderBefore(tags, change);
  });

  test('with the return of the publisher, too', needs('ffmpeg'), async (t) => {
    const larger = await clip('larger');
    const crowd = await Crowd.gather(t, server, 'returned-larger', 6);
    const client = await publisher(t, server, 'returned-larger');
    await sendFromStart(client, beginning, crowd.viewers);
    await crowd.gets(framesOf(beginning, 'video').length);
    client.close();
    const successor = await publisher(t, server, 'returned-larger');
    successor.send(...larger.tags);
    await crowd.gets(framesOf(beginning, 'video').length + framesOf(larger.tags, 'video').length);
    crowd.assertUndisturbed();
    crowd.assertFollowed(beginning, larger.tags, { video: 2, audio: 1 });
  });

  function assertNewHeaderBefore(tags: readonly FlvTag[], change: readonly FlvTag[]): void {
    const wanted = headersOf(change, 'video')[0].data;
    const at = tags.findIndex((tag) =>
      headersOf([tag], 'video').some(({ data }) => Buffer.compare(data, wanted) === 0),
    );
    const next = framesOf(tags.slice(at), 'video')[0];
    assert.ok(at > 0 && next.keyframe, 'a key frame follows the new header');
    assert.equal(content(next), content(framesOf(change, 'video')[0]));
  }
});

describe('when the codecs change, players cannot follow: they are closed and told why', () => {
  test('in mid-stream', needs('ffmpeg'), async (t) => {
    const hevc = await remuxed('hevc');
    const { client, viewers } = await live(t, server, beginning, 'codecs');
    client.send(...later(hevc, 1000));
    for (const [output, viewer] of viewers) assert.match(await viewer.ended, CHANGED[output]);
    await plays(t, 'codecs', 'hvc1');
  });

  test('with the return of the publisher', needs('ffmpeg'), async (t) => {
    const hevc = await remuxed('hevc');
    const { client, viewers } = await live(t, server, beginning, 'returned-codecs');
    client.close();
    const successor = await publisher(t, server, 'returned-codecs');
    successor.send(...hevc);
    for (const [output, viewer] of viewers) assert.match(await viewer.ended, CHANGED[output]);
    await plays(t, 'returned-codecs', 'hvc1');
  });

  async function plays(t: TestContext, name: string, codec: string): Promise<void> {
    for (const viewer of (await watchAll(t, server, PLAIN_OUTPUTS, name)).values()) {
      await viewer.gets(1, (tag) => framesOf([tag], 'video').some((frame) => frame.codec === codec && frame.keyframe));
    }
  }
});
