import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adminToken } from './admin-token.ts';
import type { AccessRequest, Action, Verdict } from './gate.ts';

const TOKEN = 'P2EhONX3M1zjXQS0WadgMw';

type Given = {
  action?: Action;
  remote?: string;
  token?: string;
  headers?: AccessRequest['headers'];
  listenHost?: string;
  loopback?: 'like-others';
};

function ask({
  action = 'admin',
  remote = '10.0.0.1',
  token,
  headers = {},
  listenHost,
  loopback,
}: Given): Promise<Verdict> {
  const query = new Map(token === undefined ? [] : [['token', token]]);
  const request: AccessRequest = { action, remote, query, headers, protocol: 'http', session: 'ab12' };
  return adminToken({ adminToken: TOKEN, loopback: loopback ?? 'trusted', listenHost })(
    request,
    new AbortController().signal,
  );
}

test('the token opens, as header or as parameter', async () => {
  assert.equal(await ask({ headers: { authorization: `Bearer ${TOKEN}` } }), 'allow');
  assert.equal(await ask({ headers: { authorization: `bearer  ${TOKEN}` } }), 'allow');
  assert.equal(await ask({ token: TOKEN }), 'allow');
});

test('another token is refused, even from a trusted loopback', async () => {
  const local = { listenHost: '127.0.0.1', remote: '127.0.0.1' };
  const headers = { host: 'localhost:8080' };
  for (const token of ['', 'x', `${TOKEN}x`]) {
    assert.deepEqual(await ask({ ...local, headers, token }), { refuse: 'the admin token is wrong' });
  }
  assert.notEqual(await ask({ ...local, headers: { ...headers, authorization: 'Bearer x' } }), 'allow');
});

test('without token, others are refused', async () => {
  assert.deepEqual(await ask({}), { refuse: 'the admin token is needed' });
  assert.notEqual(await ask({ headers: { authorization: `Basic ${TOKEN}` } }), 'allow');
});

const own: [headers: AccessRequest['headers'], verdict: boolean][] = [
  [{ host: 'localhost:8080' }, true],
  [{ host: '127.0.0.1:8080' }, true],
  [{ host: '[::1]:8080' }, true],
  [{ host: 'localhost:8080', 'x-forwarded-for': '192.0.2.7' }, false],
  [{ host: 'localhost:8080', via: '1.1 proxy' }, false],
  [{ host: 'localhost:8080', origin: 'http://localhost:8080' }, true],
  [{ host: 'localhost:8080', origin: 'http://evil.example' }, false],
  [{ host: 'localhost:8080', origin: 'null' }, false],
  [{ host: 'evil.example:8080' }, false],
  [{ host: 'evil.example:8080', origin: 'http://evil.example:8080' }, false],
  [{}, false],
];

for (const [headers, isAllowed] of own) {
  test(`a browser here that sends ${JSON.stringify(headers)} ${isAllowed ? 'needs no' : 'needs a'} token on loopback`, async () => {
    assert.equal((await ask({ headers, remote: '127.0.0.1', listenHost: '127.0.0.1' })) === 'allow', isAllowed);
  });
}

test('loopback is not trusted when HTTP listens elsewhere too, or the configuration says so', async () => {
  const local = { remote: '127.0.0.1', headers: { host: 'localhost:8080' } };
  assert.notEqual(await ask(local), 'allow');
  assert.notEqual(await ask({ ...local, listenHost: '0.0.0.0' }), 'allow');
  assert.notEqual(await ask({ ...local, listenHost: '::1', loopback: 'like-others' }), 'allow');
  assert.equal(await ask({ ...local, listenHost: '::1' }), 'allow');
});

test('publishing and playing are left to others', async () => {
  for (const action of ['publish', 'play'] as const) assert.equal(await ask({ action, token: TOKEN }), 'pass');
});

test('an empty token cannot be set', () => {
  assert.throws(() => adminToken({ adminToken: '', loopback: 'trusted', listenHost: undefined }), /assertion failed/);
});
