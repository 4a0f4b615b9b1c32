import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { loadConfig } from '../config/load.ts';
import { placeOf } from '../net/server-url.ts';
import { ffmpegArguments, localUrl } from './ffmpeg.ts';
import { routesOptions } from './options.ts';
import { type FetchRule, type ForwardRule, readRule } from './rule.ts';

const MOVIE = '__defaultVhost__/live/movie';

const targets: [to: string, url: string][] = [
  ['rtmp://h/live/', 'rtmp://h/live/movie'],
  ['rtmp://h/live', 'rtmp://h/live/movie'],
  ['rtmp://h', 'rtmp://h/live/movie'],
  ['rtmp://h:1/', 'rtmp://h:1/live/movie'],
  ['rtmp://h/a/b/?key=1', 'rtmp://h/a/b/movie?key=1'],
  ['rtmps://h/[app]-copy/[stream]_hd?v=[vhost]', 'rtmps://h/live-copy/movie_hd?v=__defaultVhost__'],
];

for (const [to, url] of targets) {
  test(`live/movie goes to ${to} as ${url}`, () => {
    assert.equal((readRule({ from: 'live/*', to }) as ForwardRule).target(MOVIE).url, url);
  });
}

const patterns: [from: string, path: string, fits: boolean][] = [
  ['live/movie', MOVIE, true],
  ['live/*', MOVIE, true],
  ['*/*', MOVIE, true],
  ['live/mov*', MOVIE, true],
  ['live/m.vie', MOVIE, false],
  ['live/*', '__defaultVhost__/live/a/movie', false],
  ['live/*/*', '__defaultVhost__/live/a/movie', true],
  ['live/*', 'v.example/live/movie', false],
  ['v.example/live/*', 'v.example/live/movie', true],
];

for (const [from, path, fits] of patterns) {
  test(`${from} ${fits ? 'fits' : 'does not fit'} ${path}`, () => {
    assert.equal((readRule({ from, to: 'rtmp://h/' }) as ForwardRule).fits(path), fits);
  });
}

test('a stream key and secret parameters are not shown', () => {
  const shown = (from: string, to: string) => (readRule({ from, to }) as ForwardRule).target(MOVIE).shown;
  assert.equal(shown('live/movie', 'rtmp://h/app/abcd-efgh?key=1'), 'rtmp://h/app/***?key=***');
  assert.equal(shown('live/movie', 'rtmp://h/app/movie'), 'rtmp://h/app/movie');
  assert.equal(
    (readRule({ from: 'rtsp://u:p@camera/1', to: 'live/movie' }) as FetchRule).from,
    'rtsp://u:***@camera/1',
  );
});

const fetches = [
  'rtmp://h/live/movie',
  'https://h/live/movie.flv?token=x',
  'rtsp://camera/1',
  '/srv/movie.mp4',
  './a.flv',
];

for (const from of fetches) {
  test(`${from} becomes a stream`, () => {
    const rule = readRule({ from, to: 'live/movie' }) as FetchRule;
    assert.deepEqual([rule.kind, rule.url, rule.path], ['fetch', from, MOVIE]);
  });
}

const wrong: [from: string, to: string, why: RegExp][] = [
  ['live/*', 'http://h/live/', /pushed to rtmp/],
  ['live/*', 'rtmp://h/app/one', /needs the name in its target/],
  ['movie', 'rtmp://h/live/', /a stream of this server, app\/name/],
  ['rtmp://h/a/b', 'rtmp://h/live/', /a stream of this server, app\/name/],
  ['live/*', 'rtmp://user:secret@h/live/', /a user and a password/],
  ['live/a', 'live/b', /the other a URL or a file/],
  ['rtmp://h/live/movie', 'movie', /named app\/name/],
  ['rtmp://h/live/movie', 'live/../etc', /must be 1 to 128/],
];

describe('a rule that means nothing is refused where it stands', () => {
  for (const [from, to, why] of wrong) {
    test(`${from} to ${to}`, () => {
      const text = JSON.stringify({ routes: [{ from, to }] });
      const load = () => loadConfig(z.strictObject({ routes: routesOptions }), { file: { name: 'test', text } });
      assert.throws(load, (error: Error) => why.test(error.message) && !error.message.includes('secret'));
    });
  }
});

test('one place is spelled in several ways', () => {
  assert.equal(placeOf('rtmp://H/live/movie?key=1'), placeOf('rtmp://h:1935/live/movie'));
  assert.notEqual(placeOf('rtmp://h/live/movie'), placeOf('rtmp://h:1936/live/movie'));
});

test('ffmpeg reads at the speed of life what is not live, and cameras over TCP', () => {
  const has = (from: string, flag: string) => ffmpegArguments(from, 'rtmp://h/live/movie').includes(flag);
  assert.deepEqual(
    ['/a.mp4', 'https://h/a.mp4', 'https://h/a.m3u8?x', 'rtsp://h/1'].map((from) => has(from, '-re')),
    [true, true, false, false],
  );
  assert.ok(has('rtsp://h/1', 'prefer_tcp'));
});

test('a program on this machine is shown the key only where it needs it', () => {
  const url = (host: string, loopback: string) => localUrl({ host, port: 1 }, MOVIE, { publishKey: 'k y', loopback });
  assert.equal(url('::', 'trusted'), 'rtmp://127.0.0.1:1/live/movie');
  assert.equal(url('::1', 'trusted'), 'rtmp://[::1]:1/live/movie');
  assert.equal(url('0.0.0.0', 'like-others'), 'rtmp://127.0.0.1:1/live/movie?key=k%20y');
  assert.equal(url('192.0.2.4', 'trusted'), 'rtmp://192.0.2.4:1/live/movie?key=k%20y');
  assert.throws(() => localUrl(undefined, MOVIE, { publishKey: '', loopback: 'trusted' }), /rtmp\.listen/);
});
