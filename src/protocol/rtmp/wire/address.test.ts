import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../../base/errors.ts';
import { type RtmpAddress, redirectedAddress, rtmpAddress } from './address.ts';

const plain = { tls: false, host: 'h', port: 1935 };

const cases: [url: string, address: RtmpAddress][] = [
  ['rtmp://h/live/movie', { ...plain, tcUrl: 'rtmp://h/live', app: 'live', name: 'movie' }],
  ['RTMP://h:19350/live/movie', { ...plain, port: 19350, tcUrl: 'rtmp://h:19350/live', app: 'live', name: 'movie' }],
  ['rtmp://h/live/a/movie?key=x/y', { ...plain, tcUrl: 'rtmp://h/live/a', app: 'live/a', name: 'movie?key=x/y' }],
  ['rtmp://h/live?vhost=v/movie', { ...plain, tcUrl: 'rtmp://h/live?vhost=v', app: 'live?vhost=v', name: 'movie' }],
  [
    'rtmps://[2001:db8::7]/live/movie',
    { tls: true, host: '2001:db8::7', port: 443, tcUrl: 'rtmps://[2001:db8::7]/live', app: 'live', name: 'movie' },
  ],
];

for (const [url, address] of cases) {
  test(`${url} is taken apart`, () => assert.deepEqual(rtmpAddress(url), address));
}

const wrong = [
  'rtmp://h',
  'rtmp://h/live',
  'rtmp://h/live/',
  'http://h/live/movie',
  'rtmp://u:p@h/live/movie',
  'rtmp://h:70000/live/movie',
  `rtmp://h/live/${'x'.repeat(5000)}`,
];

for (const url of wrong) {
  test(`${url.slice(0, 40)} is refused, and the message does not show it`, () => {
    assert.throws(
      () => rtmpAddress(url),
      (error: Error) => error instanceof ProtocolError && error.message === 'no URL as rtmp://host/app/name',
    );
  });
}

test('a redirect names the stream, or the application alone', () => {
  const from = rtmpAddress('rtmp://a/live/movie?key=1');
  const to = { tls: false, host: 'b', port: 1, tcUrl: 'rtmp://b:1/live', app: 'live', name: 'movie?key=1' };
  assert.deepEqual(redirectedAddress(from, { url: 'rtmp://b:1/live', isWhole: false }), to);
  assert.deepEqual(redirectedAddress(from, { url: 'rtmp://b:1/live/movie?key=1', isWhole: false }), to);
  assert.deepEqual(redirectedAddress(from, { url: 'rtmp://b:1/live/other', isWhole: true }), { ...to, name: 'other' });
});

test('a redirect away from encryption is refused', () => {
  const from = rtmpAddress('rtmps://a/live/movie');
  assert.throws(() => redirectedAddress(from, { url: 'rtmp://b/live', isWhole: false }), /not encrypted/);
});
