import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { clip, splitAt } from '../support/clips.ts';
import { Crowd } from '../support/crowd.ts';
import { assertMonotonic, content, framesOf, headersOf } from '../support/frames.ts';
import { GONE, live } from '../support/live.ts';
import { allGet, publisher, sendFromStart } from '../support/publish.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { watch } from '../support/watch.ts';

const WINDOW = { duration: '10m', bytes: '256MiB' };
const ONCE = { video: 1, audio: 1 };
/** Enough of a clip to see that it plays. */
const SOME = 10;

const movie = await clip('movie');
const [beginning] = splitAt(movie.tags, 1000);
const server = await startTestServer(
  { after },
  { window: WINDOW, play: { wait: '30s' }, publish: { staleAfter: '1s', stopGrace: '500ms' } },
);

describe('when a publisher says that it ends', () => {
  test('its viewers are told so after the time of grace', needs('ffmpeg'), async (t) => {
    const { viewers, client } = await live(t, server, beginning, 'ends');
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
    const { client, viewers } = await live(t, server, beginning, 'fcunpublish');
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
    const { client, viewers } = await live(t, server, beginning, 'rivals');
    const alive = setInterval(() => client.send(movie.tags.findLast(({ type }) => type === 'audio')!), 20);
    t.after(() => clearInterval(alive));
    await assert.rejects(publisher(t, server, 'rivals'), /NetStream\.Publish\.BadName/);
    for (const viewer of viewers.values()) assert.equal(viewer.reason, undefined);
  });

  test('it takes over from one that is silent, which is told why', needs('ffmpeg'), async (t) => {
    const { client, viewers } = await live(t, server, beginning, 'silent');
    const successor = await publisher(t, server, 'silent');
    successor.send(...movie.tags);
    await allGet(viewers.values(), framesOf(beginning).length + framesOf(movie.tags).length);
    assert.match(await client.viewer.ended, /NetStream\.Publish\.BadName: another publisher took/);
  });

  for (const [takeover, outcome] of [
    ['always', 'takes over at once'],
    ['never', 'is refused even if the first is silent'],
  ] as const) {
    test(`it ${outcome} with publish.takeover: ${takeover}`, needs('ffmpeg'), async (t) => {
      const own = await startTestServer(t, {
        window: WINDOW,
        play: { wait: '30s' },
        publish: { takeover, staleAfter: takeover === 'always' ? '1h' : '0s' },
      });
      const { client, viewers } = await live(t, own, beginning, 'rivals');
      if (takeover === 'never') return assert.rejects(publisher(t, own, 'rivals'), /NetStream\.Publish\.BadName/);
      const successor = await publisher(t, own, 'rivals');
      successor.send(...movie.tags);
      await allGet(viewers.values(), framesOf(beginning).length + framesOf(movie.tags).length);
      await client.viewer.ended;
    });
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

test(
  'when a lost publisher does not return, its viewers are told so after the time of grace',
  needs('ffmpeg'),
  async (t) => {
    const own = await startTestServer(t, { play: { wait: '30s' }, publish: { grace: '300ms' } });
    const { viewers, client } = await live(t, own, beginning, 'lost');
    client.close();
    for (const [output, viewer] of viewers) assert.match(await viewer.ended, GONE[output]);
  },
);

test(
  'a publisher that sends nothing else is closed when it falls silent, and its stream waits for it',
  needs('ffmpeg'),
  async (t) => {
    const own = await startTestServer(t, { play: { wait: '30s' }, publish: { idleTimeout: '1s' } });
    const { client, viewers } = await live(t, own, beginning, 'idle');
    assert.match(await client.viewer.ended, /fell silent/);
    for (const viewer of viewers.values()) assert.equal(viewer.reason, undefined);
  },
);

test('one connection plays, stops and plays again', needs('ffmpeg'), async (t) => {
  await live(t, server, beginning, 'replay');
  const client = await RtmpClient.connect(t, { port: server.ports['rtmp'] });
  const viewer = await client.play('replay');
  await allGet([viewer], 1);
  client.stop();
  await client.play('replay');
  await until(
    'it plays again',
    () => headersOf(viewer.tags, 'video').length === 2 && framesOf(viewer.tags, 'video').length > 1,
  );
  assertMonotonic(viewer.tags.slice(viewer.tags.findLastIndex((tag) => headersOf([tag], 'video').length > 0)));
});
