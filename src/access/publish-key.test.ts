import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessRequest, Action, Verdict } from './gate.ts';
import { publishKey } from './publish-key.ts';

const KEY = 'aGVhZHdhdGVyIGlzIGZ1bg';
const LOCAL = ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'];
const REMOTE = ['10.0.0.1', '::ffff:10.0.0.1', '1.127.0.0', '::', '', 'fe80::1', '127.0.0.1.evil'];

type Given = { action?: Action; remote?: string; key?: string; publishers?: 'key' | 'callbacks' };

function ask(
  loopback: 'trusted' | 'like-others',
  { action = 'publish', remote = '10.0.0.1', key, publishers = 'key' }: Given,
): Promise<Verdict> {
  const query = new Map(key === undefined ? [] : [['key', key]]);
  const request: AccessRequest = { action, path: 'v/live/movie', remote, query, protocol: 'rtmp', session: 'ab12' };
  return publishKey({ publishers, publishKey: KEY, loopback })(request, new AbortController().signal);
}

test('the key opens, from everywhere', async () => {
  for (const remote of [...LOCAL, ...REMOTE])
    assert.equal(await ask('like-others', { remote, key: KEY }), 'allow', remote);
});

test('another key, or none, is refused with the reason', async () => {
  for (const key of ['', 'x', KEY.slice(1), `${KEY}x`, KEY.toUpperCase()]) {
    assert.deepEqual(await ask('trusted', { key }), { refuse: 'the publish key is wrong' });
  }
  assert.deepEqual(await ask('trusted', {}), { refuse: 'a publish key is needed' });
});

test('this machine itself needs no key where loopback is trusted', async () => {
  for (const remote of LOCAL) {
    assert.equal(await ask('trusted', { remote }), 'allow', remote);
    assert.notEqual(await ask('like-others', { remote }), 'allow', remote);
  }
  for (const remote of REMOTE) assert.notEqual(await ask('trusted', { remote }), 'allow', remote);
});

test('playing and administering are left to others', async () => {
  for (const action of ['play', 'admin'] as const) assert.equal(await ask('trusted', { action, key: KEY }), 'pass');
});

test('where callbacks decide, the key neither opens nor is needed', async () => {
  for (const key of [undefined, 'x', KEY])
    assert.equal(await ask('trusted', { remote: '127.0.0.1', publishers: 'callbacks', ...(key && { key }) }), 'pass');
});

test('an empty key cannot be set', () => {
  assert.throws(() => publishKey({ publishers: 'key', publishKey: '', loopback: 'trusted' }), /assertion failed/);
});
