import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callbacksOptions } from './options.ts';
import { Rules } from './rules.ts';

function rulesOf(...rules: object[]): Rules {
  return new Rules(callbacksOptions.parse({ rules } as never).rules);
}

const url = (name: string) => `http://10.0.0.7:8085/${name}`;

test('all rules that fit are called, in their order', () => {
  const rules = rulesOf(
    { on_play: [url('all'), url('all-2')] },
    { streams: ['live/*'], on_play: [url('live')], on_publish: [url('publish')] },
    { streams: ['a.org/**'], on_play: [url('a')] },
  );
  const played = (path: string) => rules.urls('on_play', path).map((each) => each.slice(url('').length));
  assert.deepEqual(played('__defaultVhost__/live/movie'), ['all', 'all-2', 'live']);
  assert.deepEqual(played('__defaultVhost__/other/movie'), ['all', 'all-2']);
  assert.deepEqual(played('a.org/live/movie'), ['all', 'all-2', 'a']);
  assert.deepEqual(rules.urls('on_publish', 'a.org/live/movie'), []);
  assert.deepEqual([...rules.events], ['on_publish', 'on_play']);
});

const apps: [pattern: string, fits: string[], fitsNot: string[]][] = [
  ['**', ['__defaultVhost__/live', 'a.org/live'], []],
  ['*/*', ['__defaultVhost__/live'], ['a.org/live', '__defaultVhost__/live/room']],
  ['live/movie', ['__defaultVhost__/live'], ['__defaultVhost__/other', 'a.org/live']],
  ['live/**', ['__defaultVhost__/live', '__defaultVhost__/live/room'], ['__defaultVhost__/liver']],
  ['__defaultVhost__/**', ['__defaultVhost__/live', '__defaultVhost__/live/room'], ['a.org/live']],
  ['a.org/**', ['a.org/live', 'a.org/live/room'], ['__defaultVhost__/live', 'b.org/live']],
];

for (const [pattern, fits, fitsNot] of apps) {
  test(`who connects to an app that has streams of ${pattern} is asked about`, () => {
    const rules = rulesOf({ streams: [pattern], on_connect: [url('c')] });
    const isCalled = (app: string) => rules.urlsOfApp('on_connect', app).length > 0;
    assert.deepEqual(fits.filter(isCalled), fits);
    assert.deepEqual(fitsNot.filter(isCalled), []);
  });
}

test('nobody who calls his virtual host what none can be called escapes a rule for all', () => {
  const rules = rulesOf({ on_connect: [url('c')] });
  assert.deepEqual(rules.urlsOfApp('on_connect', 'a\nb/live'), [url('c')]);
});

for (const wrong of [
  'ftp://h/x',
  'http://',
  'http://[app].example.com/x',
  'h/x',
  'http://h/#x',
  'http://h/a b',
  '',
  7,
]) {
  test(`${JSON.stringify(wrong)} is no URL to be called`, () => {
    assert.ok(!callbacksOptions.safeParse({ rules: [{ on_play: [wrong] }] } as never).success);
  });
}

test('an event that does not exist is no option', () => {
  assert.ok(!callbacksOptions.safeParse({ rules: [{ on_paly: [url('x')] }] } as never).success);
});
