import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactPaths, isPattern, matcher } from './patterns.ts';

const DEFAULT = '__defaultVhost__';

const cases: [pattern: string, path: string, fits: boolean][] = [
  ['live/movie', `${DEFAULT}/live/movie`, true],
  ['live/movie', `${DEFAULT}/live/movie2`, false],
  ['live/movie', 'a.example/live/movie', false],
  ['live/*', `${DEFAULT}/live/movie`, true],
  ['live/*', `${DEFAULT}/live/room/movie`, false],
  ['live/**', `${DEFAULT}/live/room/movie`, true],
  ['live/lesson-*', `${DEFAULT}/live/lesson-1`, true],
  ['live/lesson-*', `${DEFAULT}/live/movie`, false],
  ['a.example/live/*', 'a.example/live/movie', true],
  ['a.example/live/*', 'axexample/live/movie', false],
  ['**', 'a.example/live/movie', true],
];

for (const [pattern, path, fits] of cases) {
  test(`${path} ${fits ? 'fits' : 'does not fit'} ${pattern}`, () => {
    assert.ok(isPattern(pattern));
    assert.equal(matcher([pattern])(path), fits);
  });
}

for (const text of ['', 'movie', '/live/movie', 'live/', 'live//movie', 'live/mo vie', '../*', 'live/..']) {
  test(`"${text}" is no pattern, or fits nothing that is a path`, () => {
    assert.ok(!isPattern(text) || !matcher([text])('__defaultVhost__/live/movie'));
  });
}

test('patterns without a star name the streams that are looked for elsewhere', () => {
  assert.deepEqual(exactPaths(['live/movie', 'live/*', 'a.example/live/x', 'live/room/x', '**']), [
    `${DEFAULT}/live/movie`,
    'a.example/live/x',
    `${DEFAULT}/live/room/x`,
  ]);
});
