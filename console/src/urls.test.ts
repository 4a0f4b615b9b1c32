import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRoute } from './route.ts';
import {
  flvUrl,
  hlsUrl,
  nameOf,
  pathOf,
  playPath,
  roomPath,
  rtmpUrl,
  serverQuery,
  streamPath,
  streamText,
  vhostOf,
} from './urls.ts';

const plain = { protocol: 'http:', host: 'tv.example:8080', hostname: 'tv.example' };
const secure = { protocol: 'https:', host: 'tv.example', hostname: 'tv.example' };
const movie = { vhost: '', app: 'live', name: 'movie' };

test('a stream has its usual URLs', () => {
  assert.equal(playPath(movie), '/play/live/movie');
  assert.equal(flvUrl(movie, plain), 'http://tv.example:8080/live/movie.flv');
  assert.equal(flvUrl(movie, plain, 'ws'), 'ws://tv.example:8080/live/movie.flv');
  assert.equal(flvUrl(movie, secure, 'ws'), 'wss://tv.example/live/movie.flv');
  assert.equal(hlsUrl(movie, plain), 'http://tv.example:8080/live/movie.m3u8');
  assert.equal(rtmpUrl(movie, plain), 'rtmp://tv.example/live/movie');
});

test('a vhost other than the default goes into every URL', () => {
  const stream = { vhost: 'a&b', app: 'live', name: 'x' };
  assert.equal(playPath(stream), '/play/live/x?vhost=a%26b');
  assert.equal(flvUrl(stream, plain), 'http://tv.example:8080/live/x.flv?vhost=a%26b');
  assert.equal(hlsUrl(stream, secure), 'https://tv.example/live/x.m3u8?vhost=a%26b');
  assert.equal(rtmpUrl(stream, plain), 'rtmp://tv.example/live/x?vhost=a%26b');
  assert.equal(playPath({ ...stream, vhost: '__defaultVhost__' }), '/play/live/x');
});

test('the RTMP port is taken from the publisher’s own URL', () => {
  assert.equal(rtmpUrl(movie, plain, 'rtmp://127.0.0.1:1936/live'), 'rtmp://tv.example:1936/live/movie');
  assert.equal(rtmpUrl(movie, plain, 'rtmp://[::1]:1935/live'), 'rtmp://tv.example/live/movie');
  assert.equal(rtmpUrl(movie, plain, 'srt://127.0.0.1:10080'), 'rtmp://tv.example/live/movie');
});

test('the vhost of an API answer is a name, an SRS id, or the default', () => {
  assert.equal(vhostOf('__defaultVhost__', ''), '');
  assert.equal(vhostOf('school', 'rtmp://h/live'), 'school');
  assert.equal(vhostOf('vid-12ab', 'rtmp://h/live?vhost=school'), 'school');
  assert.equal(vhostOf('vid-12ab', 'rtmp://h/live'), '');
});

test('the query of a signed link reaches the server, the player’s own part does not', () => {
  assert.equal(serverQuery('?vhost=a&via=ws&sign=x%2By'), '?vhost=a&sign=x%2By');
  assert.equal(serverQuery('?via=ws'), '');
  assert.equal(flvUrl(movie, plain, 'http', '?sign=1'), 'http://tv.example:8080/live/movie.flv?sign=1');
});

test('whatever a stream is called, its page leads back to it', () => {
  const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => !text.includes('/'));
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 3 }), segment, (app, name) => {
      const stream = { vhost: '', app: app.join('/'), name };
      for (const [page, path] of Object.entries({
        play: playPath(stream),
        room: roomPath(stream),
        stream: streamPath(stream),
      })) {
        assert.deepEqual(parseRoute(path), { page, app: stream.app, name });
        assert.match(path, /^[\w/%.~!*'()-]+$/);
      }
    }),
    { seed: 1 },
  );
});

test('an address that leads nowhere is told from the overview', () => {
  assert.deepEqual(parseRoute('/'), { page: 'overview' });
  for (const path of ['/play', '/play/live', '/play/live/', '/elsewhere', '/play/live/%E0%A4%A', '/room/live']) {
    assert.deepEqual(parseRoute(path), { page: 'unknown' }, path);
  }
});

test('the path of a stream is that of the server, and tells the stream', () => {
  const cases = [
    [{ vhost: '', app: 'live', name: 'movie' }, '__defaultVhost__/live/movie', 'live/movie'],
    [{ vhost: 'school.example', app: 'stage/a', name: 'x' }, 'school.example/stage/a/x', 'school.example/stage/a/x'],
  ] as const;
  for (const [stream, path, text] of cases) {
    assert.equal(pathOf(stream), path);
    assert.deepEqual(nameOf(path), stream);
    assert.equal(streamText(stream), text);
  }
});
