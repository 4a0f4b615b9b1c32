import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server as HttpServer, request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { makeCertificate } from '../../test/support/certificate.ts';
import { temporaryFolder } from '../../test/support/ffmpeg.ts';
import { needs } from '../../test/support/tools.ts';
import { until } from '../../test/support/until.ts';
import { silentLogger } from '../ops/log.ts';
import { type Exchange, HttpRouter, readBody, sendJson } from './http.ts';
import { forward } from './http-forward.ts';
import { believePeers } from './http-peer.ts';
import { listenInside } from './listen.ts';
import { TlsStore } from './tls.ts';

const limits = { handshake: 1e6, httpHead: 1e6, httpRequest: 1e6, httpIdle: 1e6 };
const CONFIG = { limits, play: { stallTimeout: 1e6 } };

/** Two workers: one that clients come to, and one that it hands everything on to. */
async function setUp(t: TestContext, answer: (exchange: Exchange) => Promise<void> | void, tls?: TlsStore) {
  const door = join(await temporaryFolder(t), 'door');
  const [front, back] = [new HttpRouter(silentLogger, CONFIG), new HttpRouter(silentLogger, CONFIG)];
  front.route(['GET', 'HEAD', 'POST'], /^\//, (exchange) => forward(exchange, door));
  back.route(['GET', 'HEAD', 'POST'], /^\//, answer);
  const inner = believePeers(back.serve());
  await listenInside(inner, door);
  const outer = front.serve(tls);
  await once(outer.listen(0, '127.0.0.1'), 'listening');
  const close = (server: Server) => {
    server.close();
    if ('closeAllConnections' in server) (server as HttpServer).closeAllConnections();
  };
  t.after(() => [outer, inner].forEach(close));
  return { port: (outer.address() as AddressInfo).port, inner };
}

/** Tells what came. */
async function echo({ request: asked, response, peer, url }: Exchange): Promise<void> {
  const body = (await readBody(asked)).toString();
  const { host, cookie, connection } = asked.headers;
  const { remote, isEncrypted } = peer;
  response.setHeader('set-cookie', ['a=1', 'b=2']);
  sendJson(response, 201, {
    method: asked.method,
    url: url.pathname + url.search,
    host,
    cookie,
    connection,
    body,
    remote,
    isEncrypted,
  });
}

test('a request comes to the other worker as it was sent, with who sent it, and the answer back', async (t) => {
  const { port } = await setUp(t, echo);
  const headers = {
    cookie: 'x=y',
    host: 'live.example',
    connection: 'close',
    'headwater-peer': '{"remote":"192.0.2.1","isEncrypted":true}',
  };
  const asking = request({ port, host: '127.0.0.1', path: '/api/%20a?b=c', method: 'POST', headers });
  asking.end('the body');
  const [answer] = await once(asking, 'response');
  assert.deepEqual([answer.statusCode, answer.headers['set-cookie']], [201, ['a=1', 'b=2']]);
  assert.deepEqual(JSON.parse(await text(answer)), {
    method: 'POST',
    url: '/api/%20a?b=c',
    host: 'live.example',
    cookie: 'x=y',
    connection: 'keep-alive',
    body: 'the body',
    remote: '127.0.0.1',
    isEncrypted: false,
  });
});

test('what anybody says of himself from outside is not believed', async (t) => {
  const router = new HttpRouter(silentLogger, CONFIG);
  router.route(['GET'], /^\//, ({ response, remote }) => sendJson(response, 200, { remote }));
  const server = router.serve();
  t.after(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const headers = { 'headwater-peer': '{"remote":"192.0.2.1"}' };
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers });
  assert.deepEqual(await answer.json(), { remote: '127.0.0.1' });
});

test('long answers come whole, answers to HEAD have no body', async (t) => {
  const long = Buffer.alloc(5_000_000, 'headwater');
  const { port } = await setUp(t, ({ response, request: { method } }) => {
    response.writeHead(200, { 'content-length': long.length });
    response.end(method === 'HEAD' ? undefined : long);
  });
  const whole = await fetch(`http://127.0.0.1:${port}/`);
  assert.ok(long.equals(Buffer.from(await whole.arrayBuffer())));
  const head = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), String(long.length));
});

test('when the other worker is not there, the answer is 503; when it goes, the connection breaks', async (t) => {
  const { port, inner } = await setUp(t, ({ response, url }) => {
    if (url.pathname === '/half') response.write('half of it');
    setTimeout(() => response.destroy(), 20);
  });
  const half = await fetch(`http://127.0.0.1:${port}/half`);
  await assert.rejects(half.text());
  assert.equal((await fetch(`http://127.0.0.1:${port}/none`)).status, 503);
  inner.close();
  const gone = await fetch(`http://127.0.0.1:${port}/`);
  assert.equal(gone.status, 503);
  assert.match(await gone.text(), /is being started again/);
});

test('the other worker learns that a client has left', async (t) => {
  let [came, left] = [0, 0];
  const { port } = await setUp(t, ({ response }) => {
    came++;
    response.once('close', () => left++);
  });
  const asking = request({ port, host: '127.0.0.1' }).on('error', () => {});
  asking.end();
  await until('it is asked', () => came);
  asking.destroy();
  await until('it is told', () => left);
});

describe('by HTTP/2', { skip: needs('openssl').skip ?? false }, () => {
  test('requests are handed on as well', async (t) => {
    const certificate = await makeCertificate(t);
    const tls = await TlsStore.open([certificate], silentLogger);
    t.after(() => tls.close());
    const { port } = await setUp(t, echo, tls);
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    t.after(() => session.destroy());
    const stream = session.request({ ':path': '/x', ':method': 'POST', ':authority': 'live.example', cookie: 'x=y' });
    stream.end('the body');
    const [headers] = await once(stream, 'response');
    assert.equal(headers[':status'], 201);
    const told = JSON.parse((await buffer(stream)).toString()) as Record<string, unknown>;
    assert.deepEqual(
      [told['method'], told['host'], told['cookie'], told['body'], told['remote'], told['isEncrypted']],
      ['POST', 'live.example', 'x=y', 'the body', '127.0.0.1', true],
    );
  });
});
