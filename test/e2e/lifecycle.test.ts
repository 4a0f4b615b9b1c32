import assert from 'node:assert/strict';
import { after, describe, type TestContext, test } from 'node:test';
import type { FlvTag } from '../../src/container/flv/tag.ts';
import { clip, later, splitAt } from '../support/clips.ts';
import { Crowd } from '../support/crowd.ts';
import { assertMonotonic, content, framesOf, headersOf } from '../support/frames.ts';
import { allGet, publisher, sendFromStart } from '../support/publish.ts';
import { remuxed } from '../support/remux.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import type { Viewer } from '../support/viewer.ts';
import { type Output, PLAIN_OUTPUTS, watch, watchAll } from '../support/watch.ts';

const WINDOW = { duration: '10m', bytes: '256MiB' };
const ONCE = { video: 1, audio: 1 };
/** Enough of a clip to see that it plays. */
const SOME = 10;

const movie = await clip('movie');
const [beginning] = splitAt(movie.tags, 1000);
const server = await startTestServer({ after }, { window: WINDOW, play: { wait: '30s' }, publish: { staleAfter: '1s', stopGrace: '500ms' } });

describe('when a publisher says that it ends', () => {
  test('its viewers are told so after the time of grace', needs('ffmpeg'), async (t) => {
    const { viewers, client } = await live(t, server, 'ends');
    client.stop();
    for (const [output, viewer] of viewers) assert.match(await viewer.ended, GONE[output]);
    assert.equal(client.closed, false, 'the publisher may begin again on the connection');
  });

  test('and publishes again on the same connection in time, its viewers stay', needs('ffmpeg'), async (t) => {
    const crowd = await Crowd.gather(t, server, 'again', 6);
    const client = await publisher(t, server, 'again');
    await sendFromStart(client, beginning, crowd.viewers);
    await crowd.gets(SOME);
    client.stop();
    await client.publish('again');
    client.send(...movie.tags);
    await crowd.gets(framesOf(beginning, 'video').length + SOME);
    crowd.assertUndisturbed();
    crowd.assertFollowed(beginning, movie.tags, ONCE);
  });

  test('by FCUnpublish as FMLE and OBS do, it is answered so', needs('ffmpeg'), async (t) => {
    const { client, viewers } = await live(t, server, 'fcunpublish');
    await client.call('FCUnpublish', null, 'fcunpublish');
    await until('the status', () => client.statuses.some(({ code }) => code === 'NetStream.Unpublish.Success'));
    for (const viewer of viewers.values()) await viewer.ended;
  });
});

test('a publisher that returns between two key frames is seen from the second one on', needs('ffmpeg'), async (t) => {
  const crowd = await Crowd.gather(t, server, 'between', 6);
  const client = await publisher(t, server, 'between');
  await sendFromStart(client, beginning, crowd.viewers);
  await crowd.gets(framesOf(beginning, 'video').length);
  client.close();
  const successor = await publisher(t, server, 'between');
  const [key, next] = framesOf(movie.tags, 'video').filter(({ keyframe }) => keyframe);
  successor.send(...movie.tags.filter((tag) => !framesOf([tag]).some((frame) => content(frame) === content(key))));
  const rest = movie.tags.filter(({ timestamp }) => timestamp >= next.timestamp);
  await crowd.gets(framesOf(beginning, 'video').length + framesOf(rest, 'video').length);
  crowd.assertUndisturbed();
  crowd.assertFollowed(beginning, rest, ONCE);
});

describe('when a second publisher comes', () => {
  test('it is refused while the first one sends', needs('ffmpeg'), async (t) => {
    const { client, viewers } = await live(t, server, 'rivals');
    const alive = setInterval(() => client.send(movie.tags.findLast(({ type }) => type === 'audio')!), 20);
    t.after(() => clearInterval(alive));
    await assert.rejects(publisher(t, server, 'rivals'), /NetStream\.Publish\.BadName/);
    for (const viewer of viewers.values()) assert.equal(viewer.reason, undefined);
  });

  test('it takes over from one that is silent, which is told why', needs('ffmpeg'), async (t) => {
    const { client, viewers } = await live(t, server, 'silent');
    const successor = await publisher(t, server, 'silent');
    successor.send(...movie.tags);
    await allGet(viewers.values(), framesOf(beginning).length + framesOf(movie.tags).length);
    assert.match(await client.viewer.ended, /NetStream\.Publish\.BadName: another publisher took/);
  });

  for (const [takeover, outcome] of [['always', 'takes over at once'], ['never', 'is refused even if the first is silent']] as const) {
    test(`it ${outcome} with publish.takeover: ${takeover}`, needs('ffmpeg'), async (t) => {
      const own = await startTestServer(t, { window: WINDOW, play: { wait: '30s' }, publish: { takeover, staleAfter: takeover === 'always' ? '1h' : '0s' } });
      const { client, viewers } = await live(t, own, 'rivals');
      if (takeover === 'never') return assert.rejects(publisher(t, own, 'rivals'), /NetStream\.Publish\.BadName/);
      const successor = await publisher(t, own, 'rivals');
      successor.send(...movie.tags);
      await allGet(viewers.values(), framesOf(beginning).length + framesOf(movie.tags).length);
      await client.viewer.ended;
    });
  }
});

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
    const at = tags.findIndex((tag) => headersOf([tag], 'video').some(({ data }) => Buffer.compare(data, wanted) === 0));
    const next = framesOf(tags.slice(at), 'video')[0];
    assert.ok(at > 0 && next.keyframe, 'a key frame follows the new header');
    assert.equal(content(next), content(framesOf(change, 'video')[0]));
  }
});

describe('when the codecs change, players cannot follow: they are closed and told why', () => {
  test('in mid-stream', needs('ffmpeg'), async (t) => {
    const hevc = await remuxed('hevc');
    const { client, viewers } = await live(t, server, 'codecs');
    client.send(...later(hevc, 1000));
    for (const [output, viewer] of viewers) assert.match(await viewer.ended, CHANGED[output]);
    await plays(t, 'codecs', 'hvc1');
  });

  test('with the return of the publisher', needs('ffmpeg'), async (t) => {
    const hevc = await remuxed('hevc');
    const { client, viewers } = await live(t, server, 'returned-codecs');
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

describe('when viewers come before their publisher', () => {
  test('they are turned away by HTTP and WebSocket with status 404 and a reason in JSON', async (t) => {
    const own = await startTestServer(t);
    for (const output of ['http-flv', 'ws-flv'] as const) {
      const [status, ...json] = (await (await watch(t, own, output, 'nobody')).ended).split(' ');
      assert.equal(status, '404');
      const { code, error } = JSON.parse(json.join(' ')) as Record<string, string>;
      assert.equal(code, 'not-found');
      assert.match(error, /nothing is published on .*live\/nobody/);
    }
  });

  test('they wait as long as play.wait says', async (t) => {
    const own = await startTestServer(t, { play: { wait: '200ms' } });
    for (const output of ['http-flv', 'ws-flv'] as const) {
      assert.match(await (await watch(t, own, output, 'nobody')).ended, /^404 .*nothing was published on .* in time/);
    }
  });

  test('by RTMP they wait until there is one', needs('ffmpeg'), async (t) => {
    const own = await startTestServer(t);
    const viewer = await watch(t, own, 'rtmp', 'late');
    const client = await publisher(t, own, 'late');
    await sendFromStart(client, beginning, [viewer]);
    await allGet([viewer], framesOf(beginning).length);
  });
});

test('when a lost publisher does not return, its viewers are told so after the time of grace', needs('ffmpeg'), async (t) => {
  const own = await startTestServer(t, { play: { wait: '30s' }, publish: { grace: '300ms' } });
  const { viewers, client } = await live(t, own, 'lost');
  client.close();
  for (const [output, viewer] of viewers) assert.match(await viewer.ended, GONE[output]);
});

test('a publisher that sends nothing else is closed when it falls silent, and its stream waits for it', needs('ffmpeg'), async (t) => {
  const own = await startTestServer(t, { play: { wait: '30s' }, publish: { idleTimeout: '1s' } });
  const { client, viewers } = await live(t, own, 'idle');
  assert.match(await client.viewer.ended, /fell silent/);
  for (const viewer of viewers.values()) assert.equal(viewer.reason, undefined);
});

test('one connection plays, stops and plays again', needs('ffmpeg'), async (t) => {
  await live(t, server, 'replay');
  const client = await RtmpClient.connect(t, { port: server.ports['rtmp'] });
  const viewer = await client.play('replay');
  await allGet([viewer], 1);
  client.stop();
  await client.play('replay');
  await until('it plays again', () => headersOf(viewer.tags, 'video').length === 2 && framesOf(viewer.tags, 'video').length > 1);
  assertMonotonic(viewer.tags.slice(viewer.tags.findLastIndex((tag) => headersOf([tag], 'video').length > 0)));
});

/** A stream that has begun, and a viewer by each output who has seen all of it so far. */
async function live(t: TestContext, on: TestServer, name: string): Promise<{ viewers: Map<Output, Viewer>; client: RtmpClient }> {
  const viewers = await watchAll<Output>(t, on, PLAIN_OUTPUTS, name);
  const client = await publisher(t, on, name);
  await sendFromStart(client, beginning, viewers.values());
  await allGet(viewers.values(), framesOf(beginning).length);
  return { viewers, client };
}

/** What viewers hear at the end; FLV by HTTP has no words for it. */
const GONE: Readonly<Record<string, RegExp>> = {
  rtmp: /NetStream\.Play\.UnpublishNotify: .* has ended/,
  'http-flv': /^closed$/,
  'ws-flv': /^1000 .*has ended/,
};
const CHANGED: Readonly<Record<string, RegExp>> = {
  rtmp: /NetStream\.Play\.UnpublishNotify: the stream's codecs changed from h264\+aac to h265\+aac/,
  'http-flv': /^closed$/,
  'ws-flv': /^1000 the stream's codecs changed/,
};
