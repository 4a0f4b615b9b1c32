import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactPaths, isPattern, matcher } from './patterns.ts';

const DEFAULT = '__defaultVhost__';

test('streams of the default virtual host are named without it', () => {
  const fits = matcher(['live/*', 'a.example/live/*']);
  assert.deepEqual([`${DEFAULT}/live/movie`, 'a.example/live/movie', 'b.example/live/movie'].map(fits), [
    true,
    true,
    false,
  ]);
});

test('a pattern may name the default virtual host, and then fits no other', () => {
  const all = matcher([`${DEFAULT}/**`]);
  const fits = [`${DEFAULT}/live/movie`, `${DEFAULT}/live/room/movie`, 'a.example/live/movie'].map(all);
  assert.deepEqual(fits, [true, true, false]);
  assert.ok(matcher([`${DEFAULT}/live/movie`])(`${DEFAULT}/live/movie`));
});

test('whatever stands in a path that was not checked, ** is all of it', () => {
  assert.ok(matcher(['**'])('a\nb/live/movie'));
  assert.ok(!matcher(['live/*'])('a\nb/live/movie'));
});

for (const text of ['', 'movie', '../movie', 'live/..'])
  test(`"${text}" is no pattern`, () => assert.ok(!isPattern(text)));

test('patterns without a star name the streams that are looked for elsewhere', () => {
  assert.deepEqual(exactPaths(['live/movie', 'live/*', 'a.example/live/x', 'live/room/x', '**']), [
    `${DEFAULT}/live/movie`,
    'a.example/live/x',
    `${DEFAULT}/live/room/x`,
  ]);
});
