import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { clip, later } from '../support/clips.ts';
import { playToFile, temporaryFolder } from '../support/ffmpeg.ts';
import { readTags } from '../support/flv.ts';
import { assertSameFrames, framesOf } from '../support/frames.ts';
import { allGet, publisher, sendFromStart } from '../support/publish.ts';
import { startTestServer } from '../support/server.ts';
import { synthetic } from '../support/synthetic.ts';
import { needs } from '../support/tools.ts';
import { PLAIN_OUTPUTS, watchAll } from '../support/watch.ts';

const server = await startTestServer(
  { after },
  {
    play: { wait: '30s' },
    publish: { stopGrace: '0s' },
    window: { duration: '10m', bytes: '256MiB' },
  },
);

/** In milliseconds: where 24 bits end, after 4.66 hours; in the middle of 32 bits; where they end, after 49.7 days. */
const MOMENTS = { '24 bits': 2 ** 24, 'the sign': 2 ** 31, '32 bits': 2 ** 32 };

describe('timestamps go on', () => {
  for (const [name, moment] of Object.entries(MOMENTS)) {
    test(`across the end of ${name}, by every output`, needs('ffmpeg'), async (t) => {
      const tags = later((await clip('movie')).tags, moment - 2000);
      const stream = `at-${moment}`;
      const viewers = await watchAll(t, server, PLAIN_OUTPUTS, stream);
      const client = await publisher(t, server, stream);
      await sendFromStart(client, tags, viewers.values());
      await allGet(viewers.values(), framesOf(tags).length);
      for (const viewer of viewers.values()) assertSameFrames(viewer.tags, tags);
    });
  }

  test('in messages of several chunks, each with an extended timestamp', needs('ffmpeg'), async (t) => {
    const tags = await synthetic({ frames: 20, size: 200_000, gop: 5, start: 2 ** 24 - 400 });
    const viewers = await watchAll(t, server, PLAIN_OUTPUTS, 'large');
    const client = await publisher(t, server, 'large');
    await sendFromStart(client, tags, viewers.values());
    await allGet(viewers.values(), framesOf(tags).length);
    for (const viewer of viewers.values()) assertSameFrames(viewer.tags, tags);
  });

  test('for ffmpeg as a player, too', needs('ffmpeg'), async (t) => {
    const tags = later((await clip('movie')).tags, MOMENTS['24 bits'] - 2000);
    const target = join(await temporaryFolder(t), 'played.flv');
    const player = playToFile(t, server.rtmp('long'), target);
    await server.logged('play begins', { path: '__defaultVhost__/live/long' });
    const client = await publisher(t, server, 'long');
    client.send(...tags.slice(0, 8));
    const viewers = await watchAll(t, server, ['http-flv'], 'long');
    await allGet(viewers.values(), 1);
    client.send(...tags.slice(8));
    await allGet(viewers.values(), framesOf(tags).length);
    client.stop();
    await player.ended();
    const played = (await readTags(target)).filter(({ type, body }) => type !== 'video' || body[1] !== 2);
    assertSameFrames(played, tags);
  });
});

test('a publisher that returns with its clock at zero does not take the stream back', needs('ffmpeg'), async (t) => {
  const { tags } = await clip('movie');
  const viewers = await watchAll(t, server, PLAIN_OUTPUTS, 'reset');
  const first = await publisher(t, server, 'reset');
  await sendFromStart(first, later(tags, 3_600_000), viewers.values());
  await allGet(viewers.values(), framesOf(tags).length);
  first.close();
  await server.logged('publish ends', { path: '__defaultVhost__/live/reset' });
  const second = await publisher(t, server, 'reset');
  second.send(...tags);
  await allGet(viewers.values(), 2 * framesOf(tags).length);
  for (const viewer of viewers.values()) {
    const frames = framesOf(viewer.tags, 'video');
    const [last, next] = [frames[framesOf(tags, 'video').length - 1], frames[framesOf(tags, 'video').length]];
    assert.ok(next.keyframe);
    assert.ok(
      next.timestamp > last.timestamp && next.timestamp < last.timestamp + 10_000,
      `from ${last.timestamp} to ${next.timestamp}`,
    );
  }
});
