import assert from 'node:assert/strict';
import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { makeCertificate } from '../../test/support/certificate.ts';
import { needs } from '../../test/support/tools.ts';
import { within } from '../../test/support/until.ts';
import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { silentLogger } from '../ops/log.ts';
import { hangUp } from './hang-up.ts';
import { HttpRouter, readBody, sendJson } from './http.ts';
import type { Download } from './http-download.ts';
import { TlsStore } from './tls.ts';

const HEAD_TIME = 0.3 * SECOND;
const STALL = 0.3 * SECOND;
const limits = { handshake: 5 * SECOND, httpHead: HEAD_TIME, httpRequest: 5 * SECOND, httpIdle: 5 * SECOND };
const get = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');
const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4);
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

/** The last request for a download that came, and who sent it. */
let last: { download: Download; remote: string };
const router = new HttpRouter(silentLogger, { limits, play: { stallTimeout: STALL } });
router.download(/^\/(?<name>[^/]+)\.flv$/, (download) => {
  last = { download, remote: download.remote };
  if (download.params['name'] === 'none') throw new RefusedError('not-found', 'there is none');
  const sink = download.begin(200, { 'content-type': 'video/x-flv' });
  if (download.params['name'] === 'endless') return;
  if (download.request.method === 'GET') sink.write(`bytes of ${download.params['name']}`);
  hangUp(sink);
});
router.route(['GET'], /^\/page$/, ({ response }) => sendJson(response, 200, 'a page'));
router.route(['POST'], /^\/echo$/, async ({ request, response }) => {
  sendJson(response, 200, (await readBody(request)).toString());
});

/** Sends pieces, each on its own, and resolves to all that comes until the server ends the connection. */
async function ask(socket: Socket, ...pieces: readonly string[]): Promise<string> {
  const parts: Buffer[] = [];
  socket.on('error', () => undefined).on('data', (bytes: Buffer) => parts.push(bytes));
  const closed = once(socket, 'close');
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, 'latin1', resolve));
    await immediate();
  }
  await within('the end', closed);
  return Buffer.concat(parts).toString('latin1');
}

for (const scheme of ['http', 'https'] as const) {
  describe(`a server of ${scheme}`, scheme === 'https' ? needs('openssl') : {}, () => {
    let open: () => Promise<Socket>;
    let port = 0;
    const ends: (() => Promise<void> | void)[] = [];

    before(async () => {
      const owner = { after: (end: () => Promise<void> | void) => void ends.unshift(end) };
      const tls = scheme === 'https' ? await TlsStore.open([await makeCertificate(owner)], silentLogger) : undefined;
      const server = router.serve(tls);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      owner.after(() => void server.close());
      owner.after(() => tls?.close());
      port = (server.address() as AddressInfo).port;
      open = async () => {
        const socket = tls
          ? connectTls({ port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
          : connect({ port, noDelay: true });
        await once(socket, tls ? 'secureConnect' : 'connect');
        return socket;
      };
    });
    after(async () => {
      for (const end of ends) await end();
    });

    test('serves a plain request for a download without node:http', async () => {
      const answer = await ask(await open(), get('/a%20b.flv?x=1', 'User-Agent: me'));
      const { request, url } = last.download;
      assert.ok(!(request instanceof IncomingMessage));
      assert.match(
        answer,
        /^HTTP\/1\.1 200 OK\r\ndate: .* GMT\r\nconnection: close\r\ncontent-type: video\/x-flv\r\n\r\n/,
      );
      assert.equal(bodyOf(answer), 'bytes of a b');
      assert.deepEqual([url.search, request.headers['user-agent'], last.remote], ['?x=1', 'me', '127.0.0.1']);
    });

    test('answers in the same way however the request is cut', async () => {
      const whole = get('/a.flv', 'Accept: */*');
      const cuts = Array.from(whole, async (_, at) =>
        bodyOf(await ask(await open(), whole.slice(0, at), whole.slice(at))),
      );
      assert.deepEqual([...new Set(await Promise.all(cuts))], ['bytes of a']);
    });

    test('serves what is not plain by node:http, and in the same way', async () => {
      for (const odd of [
        get('/a.flv', 'Accept: \xe9'),
        get('/a.flv', 'Accept: a', 'Accept: b'),
        get('/a.flv').replace('/a', 'http://x/a'),
        get('/a.flv', 'Content-Length: 3') + 'abc',
        get('/a.flv', 'Upgrade: h2c'),
        get('/a.flv') + get('/a.flv'),
        `\r\n${get('/a.flv')}`,
      ]) {
        const answer = await ask(await open(), odd);
        assert.ok(last.download.request instanceof IncomingMessage, odd);
        assert.equal(bodyOf(answer), 'bytes of a');
      }
    });

    test('tells why it refuses, and to HEAD only that it does', async () => {
      for (const request of [get('/none.flv'), get('/none.flv', 'Accept: \xe9')]) {
        const answer = await ask(await open(), request);
        assert.equal(statusOf(answer), 404);
        assert.match(answer, /\r\ncontent-type: application\/json; charset=utf-8\r\n/);
        assert.deepEqual(JSON.parse(bodyOf(answer)), { code: 'not-found', error: 'there is none' });
        const toHead = await ask(await open(), request.replace('GET', 'HEAD'));
        assert.deepEqual([statusOf(toHead), bodyOf(toHead)], [404, '']);
      }
      assert.equal(statusOf(await ask(await open(), get('/%zz.flv'))), 400);
      assert.equal(statusOf(await ask(await open(), get('/a.flv').replace('Host', 'Hose'))), 400);
    });

    test('serves pages as ever, and a download behind one', async () => {
      const post = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';
      const socket = await open();
      const answers = ask(socket, post, get('/page'));
      await once(socket, 'data');
      socket.write(get('/a.flv'));
      const all = await answers;
      assert.match(all, /"hello"HTTP\/1\.1 200 OK\r\n[^]*"a page"HTTP\/1\.1 200 OK\r\n[^]*bytes of a$/);
    });

    test('closes one that says nothing, and one that leaves before it has said something', async () => {
      assert.equal(await ask(await open()), '');
      const socket = await open();
      socket.end();
      assert.equal(await ask(socket), '');
    });

    for (const [name, leave] of [
      ['goes on to talk', (socket: Socket) => socket.write('noise')],
      ['says that it has had enough', (socket: Socket) => socket.end()],
    ] as const) {
      test(`lets go of one that ${name}`, async () => {
        const socket = await open();
        const answer = ask(socket, get('/endless.flv'));
        await once(socket, 'data');
        leave(socket);
        assert.equal(statusOf(await answer), 200);
      });
    }

    test('serves downloads over HTTP/2', { skip: scheme === 'http' && 'HTTP/2 needs TLS' }, async () => {
      const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
      const askHttp2 = async (method: string, path: string) => {
        const stream = session.request({ ':method': method, ':path': path });
        const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
        return [headers[':status'], Buffer.concat((await stream.toArray()) as Buffer[]).toString()];
      };
      assert.deepEqual(await askHttp2('GET', '/a.flv'), [200, 'bytes of a']);
      assert.deepEqual(await askHttp2('HEAD', '/a.flv'), [200, '']);
      assert.deepEqual(await askHttp2('GET', '/none.flv'), [404, '{"code":"not-found","error":"there is none"}']);
      assert.deepEqual(await askHttp2('HEAD', '/none.flv'), [404, '']);
      session.close();
    });
  });
}
