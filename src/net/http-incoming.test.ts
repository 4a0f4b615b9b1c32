import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pathnameOf, urlOf } from './http-incoming.ts';

test('the path of a request is that of its URL, however it is written', () => {
  const pieces = [
    '/',
    '/',
    '.',
    '..',
    'live',
    'a-b_c~d',
    'movie.flv',
    '%2e',
    '%41',
    '\\',
    'ü',
    '?',
    'x=1',
    '#',
    ':',
    '@',
    '',
    ' ',
  ];
  const written = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => `/${parts.join('')}`);
  const pathname = (of: () => string) => {
    try {
      return of();
    } catch (error) {
      return String(error);
    }
  };
  fc.assert(
    fc.property(written, (url) => {
      assert.equal(
        pathname(() => pathnameOf({ url, headers: {} })),
        pathname(() => urlOf({ url, headers: {} }).pathname),
      );
    }),
    { seed: 6, numRuns: 5000 },
  );
});
