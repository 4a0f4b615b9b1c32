import assert from 'node:assert/strict';
import { readdir, readlink } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { assertMonotonic, assertSameFrames, content, framesOf } from '../support/frames.ts';
import { allGet, isFrame, publisher, sendFromStart } from '../support/publish.ts';
import { spawnServer, type TestServer } from '../support/server.ts';
import { synthetic } from '../support/synthetic.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import type { Viewer } from '../support/viewer.ts';
import { type Output, PLAIN_OUTPUTS, watch, watchAll } from '../support/watch.ts';

/** Far more than kernel and window hold together, in frames that take a moment to send. */
const STREAM = { frames: 300, size: 60_000, gop: 10 };
/** The publisher goes on when the others have so many frames. */
const BATCH = 25;
const config = { play: { wait: '30s' }, window: { bytes: '4MiB' } };

describe('a viewer that is slow', () => {
  for (const output of PLAIN_OUTPUTS) {
    test(
      `and reads nothing for a while by ${output} delays nobody, and goes on at a key frame`,
      needs('ffmpeg'),
      async (t) => {
        const server = await spawnServer(t, config);
        const slow = await watch(t, server, output, 'stream');
        await push(t, server, (sent) => sent === BATCH && slow.pause());
        slow.resume();
        await caughtUp(server, slow, output);
      },
    );

    test(`and reads little by ${output} gets whole tags, from key frame to key frame`, needs('ffmpeg'), async (t) => {
      const server = await spawnServer(t, config);
      const slow = await watch(t, server, output, 'stream');
      await push(t, server, () => slow.sip());
      slow.resume();
      await caughtUp(server, slow, output);
    });

    test(
      `and reads nothing at all by ${output} is closed after play.stallTimeout, and its connection is let go`,
      needs('ffmpeg'),
      async (t) => {
        const server = await spawnServer(t, { ...config, play: { wait: '30s', stallTimeout: '1s' } });
        const slow = await watch(t, server, output, 'stream');
        await push(t, server, (sent) => sent === BATCH && slow.pause());
        const { pid } = server.program;
        const present = await sockets(pid);
        const { skipped } = await server.logged('play ends', {
          code: 'timeout',
          reason: 'the viewer does not take what it is sent',
          protocol: output,
        });
        assert.equal(typeof skipped, 'number');
        await until('the connection is closed', async () => (await sockets(pid)) < present);
      },
    );
  }
});

let tags: readonly FlvTag[] = [];

/** Publishes the stream no faster than viewers who read get it, and checks that they get all of it. */
async function push(t: TestContext, server: TestServer, onBatch: (sent: number) => unknown): Promise<void> {
  if (tags.length === 0) tags = await synthetic(STREAM);
  const others = [...(await watchAll<Output>(t, server, PLAIN_OUTPUTS, 'stream')).values()];
  const client = await publisher(t, server, 'stream');
  for (let sent = 0; sent < tags.length; sent += BATCH) {
    const batch = tags.slice(sent, sent + BATCH);
    if (sent === 0) await sendFromStart(client, batch, others);
    else client.send(...batch);
    await allGet(others, framesOf(tags.slice(0, sent + BATCH)).length);
    await onBatch(sent + batch.length);
  }
  for (const viewer of others) assertSameFrames(viewer.tags, tags);
}

/** It gets the last frame, and what it lacks is missing in whole groups and counted. */
async function caughtUp(server: TestServer, slow: Viewer, output: Output): Promise<void> {
  const sent = framesOf(tags).map(content);
  const last = sent.at(-1);
  await until(`it has the last frame; it ended with ${slow.reason}`, () => {
    const tag = slow.tags.at(-1);
    return (tag && isFrame(tag) && content(framesOf([tag])[0]) === last) || slow.reason;
  });
  assert.equal(slow.reason, undefined);
  assertMonotonic(slow.tags);
  const got = framesOf(slow.tags);
  const places = got.map((frame) => sent.indexOf(content(frame)));
  for (const [i, place] of places.entries()) {
    if (i > 0 && place !== places[i - 1] + 1)
      assert.ok(got[i].keyframe && place > places[i - 1], `after a gap comes frame ${place}`);
  }
  assert.ok(got.length < sent.length, 'it was too slow for all of it');
  slow.close();
  const { skipped } = await server.logged('play ends', { protocol: output });
  assert.equal(skipped, sent.length - got.length, 'what it did not get is counted');
}

/** How many sockets a process has open. */
async function sockets(pid: number): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all((await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return links.filter((link) => link.startsWith('socket:')).length;
}
