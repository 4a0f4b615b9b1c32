import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { clip } from '../support/clips.ts';
import { playToFile, probe, publishFile, temporaryFolder } from '../support/ffmpeg.ts';
import { readTags } from '../support/flv.ts';
import { assertSameFrames, framesOf } from '../support/frames.ts';
import { playByGStreamer, publishByGStreamer } from '../support/gstreamer.ts';
import { startNginx } from '../support/nginx.ts';
import { Program } from '../support/program.ts';
import { allGet, sendFromStart } from '../support/publish.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';
import type { Viewer } from '../support/viewer.ts';
import { PLAIN_OUTPUTS, watchAll } from '../support/watch.ts';

const server = await startTestServer({ after }, { play: { wait: '30s' }, publish: { stopGrace: '0s' } });
const { file, tags } = await clip('movie');

/** Clips go at the speed of life: all at once they take no longer than one. */
const together = { concurrency: true };

describe('what a real publisher sends arrives unchanged at viewers by RTMP, HTTP-FLV and WS-FLV', together, () => {
  test('from ffmpeg', needs('ffmpeg'), async (t) => {
    const viewers = await arrives(t, 'by-ffmpeg', (url) => publishFile(t, file, url));
    for (const viewer of viewers.values()) assertSameFrames(viewer.tags, tags);
  });

  test('from GStreamer, whose muxer has its own idea of the first times', needs('ffmpeg', 'gstreamer'), async (t) => {
    const sent = join(await temporaryFolder(t), 'sent.flv');
    const viewers = await arrives(t, 'by-gstreamer', (url) => publishByGStreamer(t, file, url, sent));
    for (const viewer of viewers.values()) assertSameFrames(viewer.tags, await readTags(sent));
  });

  test('from nginx-rtmp, which pushes what is published to it', needs('ffmpeg', 'nginx'), async (t) => {
    const port = await startNginx(t, `push rtmp://127.0.0.1:${server.ports['rtmp']};`);
    const viewers = await watchAll(t, server, PLAIN_OUTPUTS, 'by-nginx');
    const client = await RtmpClient.connect(t, { port });
    await client.publish('by-nginx');
    // What came before its push has begun nginx would not send.
    await server.logged('publish begins', { path: '__defaultVhost__/live/by-nginx' });
    await sendFromStart(client, tags, viewers.values());
    await allGet(viewers.values(), framesOf(tags).length);
    for (const viewer of viewers.values()) assertSameFrames(viewer.tags, tags, { from: 'first', tolerance: 1 });
  });

  async function arrives(owner: Owner, name: string, publish: (url: string) => Program): Promise<Map<string, Viewer>> {
    const viewers = await watchAll(owner, server, PLAIN_OUTPUTS, name);
    await publish(server.rtmp(name)).succeeded();
    await allGet(viewers.values(), framesOf(tags).length);
    return viewers;
  }
});

describe('a real player gets what was published', together, () => {
  for (const [from, url] of [
    ['RTMP', server.rtmp('to-ffmpeg')],
    ['HTTP-FLV', server.http('/live/to-ffmpeg-http.flv')],
  ] as const) {
    const name = /to-[a-z-]+/.exec(url)![0];
    test(`ffmpeg by ${from}`, needs('ffmpeg'), (t) => plays(t, name, (target) => playToFile(t, url, target)));
  }

  test('rtmpdump', needs('ffmpeg', 'rtmpdump'), (t) =>
    plays(
      t,
      'to-rtmpdump',
      (target) => new Program(t, 'rtmpdump', ['-q', '--live', '-r', server.rtmp('to-rtmpdump'), '-o', target]),
    ),
  );

  test('GStreamer, which forgets a frame that comes together with the end', needs('ffmpeg', 'gstreamer'), async (t) => {
    const patient = await startTestServer(t);
    const target = join(await temporaryFolder(t), 'played.flv');
    playByGStreamer(t, patient.rtmp('to-gstreamer'), target);
    await patient.logged('play begins', { path: '__defaultVhost__/live/to-gstreamer' });
    await publishFile(t, file, patient.rtmp('to-gstreamer')).succeeded();
    await until(
      'all frames are in its file',
      async () => framesOf(await readTags(target)).length === framesOf(tags).length,
    );
    assertSameFrames(await readTags(target), tags);
  });

  test('nginx-rtmp, which pulls for its own viewer', needs('ffmpeg', 'nginx'), async (t) => {
    const port = await startNginx(t, `pull rtmp://127.0.0.1:${server.ports['rtmp']}/live;`);
    const client = await RtmpClient.connect(t, { port });
    const viewer = await client.play('to-nginx');
    await server.logged('play begins', { path: '__defaultVhost__/live/to-nginx' });
    await publishFile(t, file, server.rtmp('to-nginx')).succeeded();
    await allGet([viewer], framesOf(tags).length);
    assertSameFrames(viewer.tags, tags, { from: 'first', tolerance: 1 });
  });

  test('ffprobe, which finds both tracks as they are', needs('ffmpeg'), async (t) => {
    const probing = probe<{ streams: readonly Record<string, unknown>[] }>(
      server.http('/live/to-ffprobe.flv'),
      '-show_streams',
    );
    await server.logged('play begins', { path: '__defaultVhost__/live/to-ffprobe' });
    publishFile(t, file, server.rtmp('to-ffprobe'));
    const { streams } = await probing;
    const [video, audio] = ['video', 'audio'].map((kind) => streams.find(({ codec_type }) => codec_type === kind)!);
    assert.deepEqual([video['codec_name'], video['width'], video['height']], ['h264', 320, 180]);
    assert.deepEqual([audio['codec_name'], audio['sample_rate'], audio['channels']], ['aac', '44100', 1]);
  });

  async function plays(owner: Owner, name: string, play: (target: string) => Program): Promise<void> {
    const target = join(await temporaryFolder(owner), 'played.flv');
    const player = play(target);
    await server.logged('play begins', { path: `__defaultVhost__/live/${name}` });
    await publishFile(owner, file, server.rtmp(name)).succeeded();
    await player.ended();
    assertSameFrames(withoutEnd(await readTags(target)), tags);
  }
});

/** What ffmpeg itself puts at the end of a file is no frame. */
function withoutEnd(played: readonly FlvTag[]): FlvTag[] {
  return played.filter(({ type, body }) => type !== 'video' || body[1] !== 2);
}
