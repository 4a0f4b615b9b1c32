import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../../../base/errors.ts';
import type { Target } from './url.ts';
import { parseTarget } from './url.ts';

type Expected = Partial<Omit<Target, 'query'>> & { query?: Record<string, string> };
const usual = { host: 'host', vhost: '__defaultVhost__', app: 'live', name: 'movie', param: '' };

const cases: [tcUrl: string, streamName: string, expected: Expected][] = [
  ['rtmp://host/live', 'movie', {}],
  ['rtmp://host:1935/live', 'movie', {}],
  ['rtmps://host/live/', 'movie', {}],
  ['RTMP://host//live//', '/movie', {}],
  ['rtmp://host/live/inst', 'movie', { app: 'live/inst' }],
  ['rtmp://host/live', 'inst/movie', { app: 'live/inst' }],
  ['rtmp://host/live/movie', '', {}],
  ['rtmp://host/movie', '', { app: '__defaultApp__' }],
  ['rtmp://host', 'movie', { app: '__defaultApp__' }],
  ['rtmp://host/', 'movie', { app: '__defaultApp__' }],
  ['rtmp://host/live/_definst_', 'movie', {}],
  ['rtmp://host/live/inst/_definst_', 'movie', { app: 'live/inst' }],
  ['rtmp://host', '', { app: '__defaultApp__', name: '' }],
  ['rtmp://[::1]:1935/live', 'movie', { host: '::1' }],
  [
    'rtmp://[2001:db8::1]/live?vhost=v',
    'movie',
    { host: '2001:db8::1', vhost: 'v', param: '?vhost=v', query: { vhost: 'v' } },
  ],
  ['rtmp://known.org/live', 'movie', { host: 'known.org', vhost: 'known.org' }],
  [
    'rtmp://known.org/live?vhost=v',
    'movie',
    { host: 'known.org', vhost: 'v', param: '?vhost=v', query: { vhost: 'v' } },
  ],
  ['rtmp://host/live?vhost=v', 'movie', { vhost: 'v', param: '?vhost=v', query: { vhost: 'v' } }],
  ['rtmp://host/live?domain=v', 'movie', { vhost: 'v', param: '?domain=v', query: { domain: 'v' } }],
  ['rtmp://host/live#vhost=v', 'movie', { vhost: 'v', param: '?vhost=v', query: { vhost: 'v' } }],
  ['rtmp://host/live', 'movie?vhost=v', { vhost: 'v', param: '?vhost=v', query: { vhost: 'v' } }],
  ['rtmp://host/live', 'movie#vhost=v', { vhost: 'v', param: '?vhost=v', query: { vhost: 'v' } }],
  ['rtmp://host/live?vhost=', 'movie', { param: '?vhost=', query: { vhost: '' } }],
  ['rtmp://host/live...vhost...v.org', 'movie', { vhost: 'v.org' }],
  ['rtmp://host/live...vhost...v.org/inst', 'movie', { vhost: 'v.org', app: 'live/inst' }],
  ['rtmp://host/live...vhost...v.org...k...x', 'movie', { vhost: 'v.org' }],
  ['rtmp://host/live?vhost=v/', 'movie', { vhost: 'v', param: '?vhost=v', query: { vhost: 'v' } }],
  ['rtmp://host/live?vhost=v/_definst_', 'movie', { vhost: 'v', param: '?vhost=v', query: { vhost: 'v' } }],
  ['rtmp://host/live?vhost=v/movie', '', { vhost: 'v', param: '?vhost=v', query: { vhost: 'v' } }],
  ['rtmp://host/live?k=a/b==', 'movie', { param: '?k=a/b==', query: { k: 'a/b==' } }],
  ['rtmp://host/live', 'movie?k=a/b==', { param: '?k=a/b==', query: { k: 'a/b==' } }],
  ['rtmp://host/live?key=x&a=1', 'movie?key=x&a=1', { param: '?key=x&a=1', query: { key: 'x', a: '1' } }],
  ['rtmp://host/live?key=x', 'movie?key=y', { param: '?key=x&key=y', query: { key: 'y' } }],
  ['rtmp://host/live', 'movie?a=1?b=2&&c', { param: '?a=1&b=2&c', query: { a: '1', b: '2', c: '' } }],
  ['rtmp://host/live', 'movie?k=a%2Bb+c%zz', { param: '?k=a%2Bb+c%zz', query: { k: 'a%2Bb+c%zz' } }],
  ['rtmp://host/live', 'movie?k=a%2Bb+c', { param: '?k=a%2Bb+c', query: { k: 'a+b+c' } }],
  ['rtmp://host/live', 'movie?__proto__=1', { param: '?__proto__=1', query: JSON.parse('{"__proto__":"1"}') }],
  ['rtmp://host/../etc', 'passwd', { app: '../etc', name: 'passwd' }],
];

describe('what a client asks for', () => {
  for (const [tcUrl, streamName, { query = {}, ...expected }] of cases) {
    test(`${tcUrl} and "${streamName}" are understood`, () => {
      const target = { ...usual, ...expected, query: new Map(Object.entries(query)) };
      assert.deepEqual(parseTarget(tcUrl, streamName, ['known.org']), target);
    });
  }

  test('is refused if it is no URL or too long', () => {
    for (const tcUrl of [
      '',
      'live',
      '/live',
      'rtmp:/host/live',
      'rtmp://[::1/live',
      'rtmp://host:port/live',
      `rtmp://host/${'a'.repeat(4096)}`,
    ]) {
      assert.throws(() => parseTarget(tcUrl, 'movie'), ProtocolError, tcUrl.slice(0, 40));
    }
  });

  test('is understood or refused cleanly, whatever it is', () => {
    const text = fc
      .array(
        fc.constantFrom('/', '?', '#', '&', '=', '...', '...vhost...', 'vhost', '_definst_', '%', '[', ']', ':', 'a'),
      )
      .map((parts) => parts.join(''));
    const property = fc.property(text, text, (path, streamName) => {
      const { app, name } = parseTarget(`rtmp://host/${path}`, streamName);
      assert.ok(app !== '' && !name.includes('/') && !/[?#]/.test(app + name));
    });
    fc.assert(property, { seed: 1, numRuns: 1000 });
  });
});
