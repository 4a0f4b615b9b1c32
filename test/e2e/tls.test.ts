import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate } from '../support/certificate.ts';
import { clip } from '../support/clips.ts';
import { playToFile, publishFile, temporaryFolder } from '../support/ffmpeg.ts';
import { readTags } from '../support/flv.ts';
import { assertSameFrames, framesOf } from '../support/frames.ts';
import { allGet, sendFromStart } from '../support/publish.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';
import { type Output, watchAll } from '../support/watch.ts';

const SECURE: readonly Output[] = ['rtmps', 'https-flv', 'h2-flv', 'wss-flv'];

const { tags, file } = await clip('movie');
const options = needs('ffmpeg', 'openssl');

test(
  'published by RTMPS, a stream arrives unchanged by RTMPS, HTTPS, HTTP/2 and secure WebSocket',
  options,
  async (t) => {
    const server = await secureServer(t);
    const viewers = await watchAll(t, server, SECURE, 'secure');
    const client = await RtmpClient.connect(t, { port: server.ports['rtmps'], tls: true });
    await client.publish('secure');
    await sendFromStart(client, tags, viewers.values());
    await allGet(viewers.values(), framesOf(tags).length);
    client.stop();
    for (const [output, viewer] of viewers) {
      await viewer.ended;
      assert.doesNotMatch(viewer.reason!, /broken/, output);
      assertSameFrames(viewer.tags, tags);
    }
  },
);

test('ffmpeg publishes and plays by RTMPS', options, async (t) => {
  const server = await secureServer(t);
  const url = `rtmps://127.0.0.1:${server.ports['rtmps']}/live/ffmpeg`;
  const target = join(await temporaryFolder(t), 'played.flv');
  const player = playToFile(t, url, target);
  await server.logged('play begins', { path: '__defaultVhost__/live/ffmpeg' });
  await publishFile(t, file, url).succeeded();
  await player.ended();
  const played = (await readTags(target)).filter(({ type, body }) => type !== 'video' || body[1] !== 2);
  assertSameFrames(played, tags);
});

async function secureServer(owner: Owner): Promise<TestServer> {
  return startTestServer(owner, {
    tls: { certificates: [await makeCertificate(owner)] },
    rtmp: { listenTls: '127.0.0.1:0' },
    http: { listenTls: '127.0.0.1:0' },
    play: { wait: '30s' },
    window: { bytes: '256MiB' },
    publish: { stopGrace: '0s' },
  });
}
