import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RefusedError } from '../base/errors.ts';
import { checkName, DEFAULT_APP, DEFAULT_VHOST, parsePath, streamPath } from './path.ts';

const allowed = ['movie', 'a', 'A.b_c-d~e', '0', DEFAULT_VHOST, DEFAULT_APP, '__proto__', '.hidden', 'x'.repeat(128)];
const refused = [
  '',
  '.',
  '..',
  'a..b',
  'a/b',
  '/',
  'a b',
  'a%2e',
  'a\\b',
  'a\n',
  '\n',
  'a\0',
  'é',
  '直播',
  'a:b',
  '<a>',
  'x'.repeat(129),
];

describe('a name', () => {
  for (const name of allowed)
    test(`"${name.slice(0, 20)}" is allowed`, () => assert.doesNotThrow(() => checkName('name', name)));
  for (const name of refused) {
    test(`${JSON.stringify(name.slice(0, 20))} is refused`, () => {
      assert.throws(() => checkName('name', name), { name: 'RefusedError', code: 'forbidden' });
    });
  }
});

describe('a path', () => {
  test('is made of its parts and taken apart again', () => {
    for (const [vhost, app, name] of [
      [DEFAULT_VHOST, 'live', 'movie'],
      ['v.org', 'live/inst', 'movie'],
      ['v', 'a/b/c/d', 'e'],
    ] as const) {
      assert.equal(streamPath(vhost, app, name), `${vhost}/${app}/${name}`);
      assert.deepEqual(parsePath(streamPath(vhost, app, name)), { vhost, app, name });
    }
  });

  test('with a bad part is refused', () => {
    for (const bad of refused.filter((name) => name !== 'a/b')) {
      assert.throws(() => streamPath(bad, 'live', 'movie'), RefusedError);
      assert.throws(() => streamPath('v', bad, 'movie'), RefusedError);
      assert.throws(() => streamPath('v', `live/${bad}`, 'movie'), RefusedError);
      assert.throws(() => streamPath('v', 'live', bad), RefusedError);
    }
    assert.throws(() => streamPath('v', 'a/'.repeat(8) + 'a', 'movie'), RefusedError);
  });

  test('never leads out of the folder of its vhost', () => {
    const text = fc.array(fc.constantFrom('/', '.', '..', '\\', 'a', '%2e', '\0')).map((parts) => parts.join(''));
    const property = fc.property(text, text, text, (vhost, app, name) => {
      const path = attempt(() => streamPath(vhost, app, name));
      if (path === undefined) return;
      assert.equal(new URL(`file:///${path}`).pathname, `/${path}`);
      assert.deepEqual(parsePath(path), { vhost, app, name });
    });
    fc.assert(property, { seed: 1, numRuns: 1000 });
  });
});

function attempt(make: () => string): string | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}
