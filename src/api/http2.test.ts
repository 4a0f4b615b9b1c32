import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startApi, TOKEN } from '../../test/support/api-server.ts';
import { TlsStore } from '../net/tls.ts';
import { silentLogger } from '../ops/log.ts';
import { consolePages } from './console.ts';
import { health } from './health.ts';
import { api } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'headwater-h2-'));
after(() => rmSync(folder, { recursive: true }));
const certificate = { cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
const files = ['-keyout', certificate.key, '-out', certificate.cert, '-subj', '/CN=localhost', '-days', '2'];
execFileSync(
  'openssl',
  ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', ...files],
  { stdio: 'pipe' },
);
const tls = await TlsStore.open([certificate], silentLogger);
after(() => tls.close());
const dist = join(folder, 'dist');
mkdirSync(dist);
writeFileSync(join(dist, 'index.html'), `<!doctype html>${'<p>much of the same</p>'.repeat(40)}`);

const modules = [api({ access: 'admin', streams: 1 }), health(), consolePages(dist)];
const server = await startApi({ after }, modules, { tls, listenHost: '127.0.0.1' });
const client = connect(server.origin, { rejectUnauthorized: false });
after(() => client.close());

async function ask(
  headers: Record<string, string>,
  body?: string,
): Promise<{ headers: IncomingHttpHeaders; body: Buffer }> {
  const stream = client.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const answer = new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve));
  const parts = (await stream.toArray()) as Buffer[];
  return { headers: await answer, body: Buffer.concat(parts) };
}

test('the API, its page, the console, metrics and health are served over HTTP/2', async () => {
  const authorization = `Bearer ${TOKEN}`;
  for (const path of [
    '/api/v1/streams',
    '/api/v1/summaries',
    '/api',
    '/metrics',
    '/healthz',
    '/',
    '/play/live/movie',
  ]) {
    const { headers, body } = await ask({ ':path': path, authorization });
    assert.equal(headers[':status'], 200, path);
    assert.ok(body.length > 10);
  }
});

test('HEAD, 304 and errors have no surprises over HTTP/2', async () => {
  const head = await ask({ ':method': 'HEAD', ':path': '/' });
  assert.deepEqual([head.headers[':status'], head.body.length], [200, 0]);
  assert.equal((await ask({ ':path': '/', 'if-none-match': head.headers.etag! })).headers[':status'], 304);
  assert.equal((await ask({ ':method': 'HEAD', ':path': '/healthz' })).headers[':status'], 200);
  assert.equal((await ask({ ':path': '/api/v1/nothing' })).headers[':status'], 404);
});

test('this machine is trusted over HTTP/2 as it is over HTTP/1, and foreign pages are not', async () => {
  assert.equal((await ask({ ':path': '/api/v1/streams' })).headers[':status'], 200);
  assert.equal((await ask({ ':path': '/api/v1/streams', origin: server.origin })).headers[':status'], 200);
  assert.equal((await ask({ ':path': '/api/v1/streams', origin: 'https://evil.example' })).headers[':status'], 401);
  assert.equal((await ask({ ':path': '/api/v1/streams', ':authority': 'evil.example' })).headers[':status'], 401);
});

test('a request without the body that it should have is answered over HTTP/2, and so is one with too much', async () => {
  const post = { ':method': 'POST', ':path': '/api/v1/session', origin: server.origin };
  assert.equal((await ask(post)).headers[':status'], 400);
  assert.equal((await ask(post, '')).headers[':status'], 400);
  assert.equal((await ask(post, 'x'.repeat(2 ** 20 + 1))).headers[':status'], 413);
  assert.equal((await ask({ ':path': '/healthz' })).headers[':status'], 200, 'the connection goes on');
});

test('a login over HTTP/2 has a cookie for TLS alone', async () => {
  const login = await ask(
    { ':method': 'POST', ':path': '/api/v1/session', origin: server.origin },
    JSON.stringify({ token: TOKEN }),
  );
  assert.equal(login.headers[':status'], 200);
  const [header] = login.headers['set-cookie']!;
  assert.match(header!, /; Secure$/);
  const cookie = header!.split(';')[0]!;
  const change = { ':method': 'DELETE', ':path': '/api/v1/clients/none', cookie };
  assert.equal((await ask({ ...change, origin: server.origin })).headers[':status'], 404);
  assert.equal((await ask({ ...change, origin: 'https://evil.example' })).headers[':status'], 403);
});
