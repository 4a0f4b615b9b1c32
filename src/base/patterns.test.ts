import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitsAny, hasPatternForm } from './patterns.ts';

const cases: [pattern: string, name: string, fits: boolean][] = [
  ['live/movie', 'live/movie', true],
  ['live/movie', 'live/movie2', false],
  ['live/movie', 'a.example/live/movie', false],
  ['live/*', 'live/movie', true],
  ['live/*', 'live/room/movie', false],
  ['live/**', 'live/room/movie', true],
  ['live/lesson-*', 'live/lesson-1', true],
  ['live/lesson-*', 'live/movie', false],
  ['a.example/live/*', 'a.example/live/movie', true],
  ['a.example/live/*', 'axexample/live/movie', false],
  ['**', 'a.example/live/movie', true],
];
for (const [pattern, name, fits] of cases)
  test(`${name} ${fits ? 'fits' : 'does not fit'} ${pattern}`, () => {
    assert.ok(hasPatternForm(pattern));
    assert.equal(fitsAny([pattern])(name), fits);
  });

test('what fits one of several patterns fits', () => {
  const fits = fitsAny(['live/*', 'show/news']);
  assert.deepEqual(['live/a', 'show/news', 'show/other'].map(fits), [true, true, false]);
  assert.ok(!fitsAny([])('live/a'));
});

for (const text of ['', 'movie', '/live/movie', 'live/', 'live//movie', 'live/mo vie'])
  test(`"${text}" is no pattern`, () => assert.ok(!hasPatternForm(text)));
