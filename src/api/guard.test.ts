import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startApi, TOKEN } from '../../test/support/api-server.ts';
import { api } from './index.ts';

const METRICS = { access: 'admin', streams: 100 } as const;
const LIST = '/api/v1/streams';
const SESSION = '/api/v1/session';
const bearer = { authorization: `Bearer ${TOKEN}` };

const start = (listenHost?: string) =>
  startApi({ after }, [api(METRICS)], listenHost === undefined ? {} : { listenHost });
/** One that listens to everybody, and one that listens to its own machine alone. */
const [open, local] = [await start(), await start('127.0.0.1')];
const own = local.origin;

/** Logs in and returns the cookie as a browser sends it back. */
async function logIn(headers: Record<string, string> = {}): Promise<string> {
  const response = await open.fetch(SESSION, { method: 'POST', body: JSON.stringify({ token: TOKEN }), headers });
  assert.equal(response.status, 200);
  return response.headers.get('set-cookie')!.split(';')[0]!;
}

type Case = readonly [who: string, server: typeof open, path: string, headers: Record<string, string>, status: number];

const cases: Case[] = [
  ['a visitor without anything', open, LIST, {}, 401],
  ['a visitor with the token', open, LIST, bearer, 200],
  ['a visitor with the token in the URL', open, `${LIST}?token=${TOKEN}`, {}, 200],
  ['a visitor with a wrong token', open, LIST, { authorization: 'Bearer wrong' }, 403],
  ['a visitor with a wrong token in the URL', open, `${LIST}?token=`, {}, 403],
  ['a visitor with an unknown cookie', open, LIST, { cookie: 'headwater=AAAAAAAAAAAAAAAAAAAAAA' }, 401],
  ['a visitor with the token as a cookie', open, LIST, { cookie: `headwater=${TOKEN}` }, 401],
  ['a visitor who asks for one stream', open, `${LIST}/vid-1`, {}, 401],
  ['a visitor who asks for the document', open, '/api/v1/openapi.json', {}, 401],
  ['a visitor who asks for the page', open, '/api', {}, 401],
  ['a visitor who asks for the metrics', open, '/metrics', {}, 401],
  ['a visitor who asks who he is', open, SESSION, {}, 200],
  ['this machine, where HTTP listens on it alone', local, LIST, {}, 200],
  ['this machine, with a wrong token', local, LIST, { authorization: 'Bearer wrong' }, 403],
  ['the own page of this machine', local, LIST, { origin: own }, 200],
  ['a foreign page in a browser on this machine', local, LIST, { origin: 'https://evil.example' }, 401],
];

for (const [who, server, path, headers, status] of cases) {
  test(`${who} gets ${status}`, async () => {
    const response = await server.fetch(path, { headers });
    assert.equal(response.status, status);
    if (status === 200) return;
    const text = await response.text();
    assert.doesNotMatch(text, /vid-|pid/);
    if (path !== '/api') assert.equal((JSON.parse(text) as { code: number }).code, 100);
  });
}

test('a page that has pointed its own name at this machine is a stranger', async () => {
  const { request } = await import('node:http');
  const status = await new Promise((resolve) => {
    request(`${own}${LIST}`, { headers: { host: 'evil.example' } }, (response) =>
      resolve(response.resume().statusCode),
    ).end();
  });
  assert.equal(status, 401);
});

test('the token buys a cookie that holds only a random id', async () => {
  const response = await open.fetch(SESSION, { method: 'POST', body: JSON.stringify({ token: TOKEN }) });
  assert.deepEqual(await response.json(), { code: 0 });
  const header = response.headers.get('set-cookie')!;
  assert.match(header, /^headwater=[\w-]{22}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  assert.ok(!header.includes(TOKEN));
  assert.notEqual(
    header,
    (await open.fetch(SESSION, { method: 'POST', body: JSON.stringify({ token: TOKEN }) })).headers.get('set-cookie'),
  );
});

test('the session says who the visitor is, and nothing more of the server than its version', async () => {
  const cookie = await logIn();
  for (const [headers, admin] of [
    [{}, false],
    [{ cookie }, true],
    [bearer, true],
    [{ authorization: 'Bearer wrong' }, false],
  ] as const) {
    const answer = (await (await open.fetch(SESSION, { headers })).json()) as object;
    assert.deepEqual(Object.keys(answer), ['code', 'admin', 'version']);
    assert.equal((answer as { admin: boolean }).admin, admin);
  }
});

test('a wrong token, and a body that is none, are refused', async () => {
  const cases: [body: string, status: number, code: number][] = [
    ['{"token":"wrong"}', 403, 100],
    ['{"token":""}', 400, 400],
    ['{"token":7}', 400, 400],
    [`{"token":"${'x'.repeat(1025)}"}`, 400, 400],
    ['null', 400, 400],
    ['{', 400, 400],
    ['', 400, 400],
    ['x'.repeat(2 ** 20 + 1), 413, 413],
  ];
  for (const [body, status, code] of cases) {
    const response = await open.fetch(SESSION, { method: 'POST', body });
    assert.equal(response.status, status, body.slice(0, 40));
    assert.equal(((await response.json()) as { code: number }).code, code);
    assert.equal(response.headers.get('set-cookie'), null);
  }
});

test('with its cookie a browser may read, and may change things from our own pages alone', async () => {
  const cookie = await logIn();
  assert.equal((await open.fetch(LIST, { headers: { cookie } })).status, 200);
  const changes: [headers: Record<string, string>, status: number][] = [
    [{ 'sec-fetch-site': 'same-origin' }, 404],
    [{ origin: open.origin }, 404],
    [{ 'sec-fetch-site': 'same-origin', origin: 'https://proxied.example' }, 404],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'none' }, 403],
    [{ 'sec-fetch-site': 'cross-site', origin: open.origin }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{}, 403],
  ];
  for (const [headers, status] of changes) {
    const response = await open.fetch('/api/v1/clients/none', { method: 'DELETE', headers: { cookie, ...headers } });
    assert.equal(response.status, status, JSON.stringify(headers));
  }
  assert.equal((await open.fetch('/api/v1/clients/none', { method: 'DELETE', headers: bearer })).status, 404);
});

test('a foreign page can neither log a browser in nor out', async () => {
  const cookie = await logIn({ origin: open.origin });
  const origin = 'https://evil.example';
  const body = JSON.stringify({ token: TOKEN });
  assert.equal((await open.fetch(SESSION, { method: 'POST', body, headers: { origin } })).status, 403);
  assert.equal((await open.fetch(SESSION, { method: 'DELETE', headers: { cookie, origin } })).status, 403);
  assert.equal((await open.fetch(LIST, { headers: { cookie } })).status, 200);
});

test('logging out ends the cookie, here and in the browser', async () => {
  const cookie = await logIn();
  const response = await open.fetch(SESSION, { method: 'DELETE', headers: { cookie, origin: open.origin } });
  assert.match(response.headers.get('set-cookie')!, /^headwater=; Path=\/; Max-Age=0;/);
  assert.equal((await open.fetch(LIST, { headers: { cookie } })).status, 401);
});

test('after ten wrong tokens an address may not even show the right one, but its logins hold', async () => {
  const server = await start();
  const post = (token: string) => server.fetch(SESSION, { method: 'POST', body: JSON.stringify({ token }) });
  const cookie = (await post(TOKEN)).headers.get('set-cookie')!.split(';')[0]!;
  for (let i = 0; i < 10; i++)
    assert.equal((await server.fetch(LIST, { headers: { authorization: 'Bearer wrong' } })).status, 403);
  assert.equal((await server.fetch(LIST, { headers: bearer })).status, 429);
  assert.equal((await post(TOKEN)).status, 429);
  assert.equal((await server.fetch(LIST, { headers: { cookie } })).status, 200);
  assert.equal((await server.fetch(LIST)).status, 401);
});

test('a 401 comes with a challenge, and no answer tells other sites anything', async () => {
  const response = await open.fetch(LIST, { headers: { origin: 'https://evil.example' } });
  assert.equal(response.headers.get('www-authenticate'), 'Bearer');
  assert.equal(response.headers.get('access-control-allow-origin'), null);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
});
