import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { startApi } from '../../test/support/api-server.ts';
import { consolePages } from './console.ts';
import { api } from './index.ts';

const INDEX = `<!doctype html><title>Headwater</title>${'<p>much of the same</p>'.repeat(40)}`;
const SCRIPT = 'console.log("much of the same");'.repeat(40);

const folder = mkdtempSync(join(tmpdir(), 'headwater-console-'));
after(() => rmSync(folder, { recursive: true }));
const dist = join(folder, 'dist');
mkdirSync(join(dist, 'assets'), { recursive: true });
writeFileSync(join(folder, 'secret.txt'), 'secret');
writeFileSync(join(dist, 'index.html'), INDEX);
writeFileSync(join(dist, 'favicon.svg'), '<svg/>');
writeFileSync(join(dist, 'player.js'), SCRIPT);
writeFileSync(join(dist, 'assets/index-k7FZvR9_.js'), SCRIPT);

const server = await startApi({ after }, [api({ access: 'admin', streams: 1 }), consolePages(dist)]);
const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const plain = { 'accept-encoding': 'identity' };

test('every page of the console is the one page', async () => {
  for (const path of [
    '/',
    '/play/live/movie',
    '/play/live/movie.v2?via=ws',
    '/room/live/movie.v2',
    '/room/7',
    '/index.html',
  ]) {
    const response = await server.fetch(path, { headers: html });
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.equal(response.headers.get('cache-control'), 'no-cache');
    assert.equal(await response.text(), INDEX);
  }
});

test('the page of a lesson may connect to other nodes, and other pages may load the library', async () => {
  const policyOf = async (path: string) =>
    (await server.fetch(path, { headers: html })).headers.get('content-security-policy')!;
  assert.match(await policyOf('/room/live/movie'), /connect-src 'self' http: https: ws: wss:;/);
  assert.match(await policyOf('/play/live/movie'), /connect-src 'self' ws: wss:;/);
  const allowed = async (path: string) => (await server.fetch(path)).headers.get('access-control-allow-origin');
  assert.equal(await allowed('/player.js'), '*');
  assert.equal(await allowed('/favicon.svg'), null);
});

test('what is neither a page nor a file is not found', async () => {
  const cases: [path: string, headers: Record<string, string>][] = [
    ['/rooms/7', { accept: 'application/json' }],
    ['/live/movie.flv', html],
    ['/assets/', { accept: '*/*' }],
    ['/assets/index-00000000.js', html],
    ['/secret.txt', html],
  ];
  for (const [path, headers] of cases) assert.equal((await server.fetch(path, { headers })).status, 404, path);
  assert.equal((await server.fetch('/', { method: 'POST' })).status, 404);
});

test('the API is not taken for a page', async () => {
  const response = await server.fetch('/api/v1/nothing', { headers: html });
  assert.equal(response.status, 404);
  assert.equal(((await response.json()) as { code: number }).code, 404);
});

test('no path leads out of the folder', async () => {
  const { hostname, port } = new URL(server.origin);
  for (const path of [
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..\\secret.txt',
  ]) {
    const socket = connect(Number(port), hostname);
    socket.end(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const answer = Buffer.concat(await socket.toArray()).toString();
    assert.match(answer, /^HTTP\/1\.1 404 /, path);
  }
});

test('all that is served is under a strict policy', async () => {
  for (const path of ['/', '/favicon.svg', '/assets/index-k7FZvR9_.js']) {
    const { headers } = await server.fetch(path);
    assert.equal(
      headers.get('content-security-policy'),
      "default-src 'self'; style-src 'self'; media-src 'self' blob:; connect-src 'self' ws: wss:; worker-src blob: 'self'; " +
        "frame-ancestors 'none'; base-uri 'none'",
    );
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('referrer-policy'), 'same-origin');
  }
});

test('what has a hash in its name may be kept for ever', async () => {
  const response = await server.fetch('/assets/index-k7FZvR9_.js');
  assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal(response.headers.get('content-type'), 'text/javascript; charset=utf-8');
  assert.equal(await response.text(), SCRIPT);
});

test('those who take gzip get gzip, under a tag of its own', async () => {
  const { hostname, port } = new URL(server.origin);
  const socket = connect(Number(port), hostname);
  socket.end('GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br, gzip;q=0.5\r\nConnection: close\r\n\r\n');
  const answer = Buffer.concat(await socket.toArray());
  const [head, body] = [
    answer.subarray(0, answer.indexOf('\r\n\r\n')).toString(),
    answer.subarray(answer.indexOf('\r\n\r\n') + 4),
  ];
  assert.match(head, /content-encoding: gzip/);
  assert.match(head, /vary: accept-encoding/);
  assert.equal(gunzipSync(body).toString(), INDEX);
  for (const coding of ['identity', 'br', 'gzip;q=0', 'gzip;q=0.000', 'xgzip']) {
    const { headers } = await server.fetch('/', { headers: { 'accept-encoding': coding } });
    assert.equal(headers.get('content-encoding'), null, coding);
    assert.equal(headers.get('content-length'), String(INDEX.length));
    assert.ok(!head.includes(headers.get('etag')!));
  }
});

test('those who have a file already are not sent it again', async () => {
  const etag = (await server.fetch('/', { headers: plain })).headers.get('etag')!;
  for (const tags of [etag, `"other", ${etag}`, `W/${etag}`, '*']) {
    const response = await server.fetch('/', { headers: { ...plain, 'if-none-match': tags } });
    assert.equal(response.status, 304, tags);
    assert.equal(response.headers.get('etag'), etag);
    assert.equal(await response.text(), '');
  }
  assert.equal((await server.fetch('/', { headers: { ...plain, 'if-none-match': '"other"' } })).status, 200);
});

test('HEAD tells what GET would send', async () => {
  const response = await server.fetch('/', { method: 'HEAD', headers: plain });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-length'), String(INDEX.length));
  assert.equal(await response.text(), '');
});

test('where the console is not built, one line says how to build it', async (t) => {
  const bare = await startApi(t, [consolePages(join(folder, 'nowhere'))]);
  for (const path of ['/', '/play/live/movie']) {
    const response = await bare.fetch(path, { headers: html });
    assert.equal(response.status, 503);
    assert.equal(await response.text(), 'The console is not built. Build it: npm run build -w console\n');
  }
  assert.equal((await bare.fetch('/favicon.svg')).status, 404);
});
