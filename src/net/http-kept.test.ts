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
import { until } from '../../test/support/until.ts';
import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { silentLogger } from '../ops/log.ts';
import { HttpRouter, readBody, sendJson } from './http.ts';
import { LARGEST_HEAD } from './http-head.ts';
import { type Question, Reply } from './http-reply.ts';
import { TlsStore } from './tls.ts';

const SHORT = 0.3 * SECOND;
const limits = { handshake: 5 * SECOND, httpHead: 5 * SECOND, httpRequest: 5 * SECOND, httpIdle: SHORT };
const LARGE = new Uint8Array(64 * 1024 * 1024);
const LONG = LARGE.subarray(0, LARGE.length / 4);
const shared = new Reply(200, { 'content-type': 'text/plain' }, [Buffer.from('sha'), Buffer.from('red')]);

/** The questions that came, and those that wait for an answer. */
const asked: Question[] = [];
const waiting: PromiseWithResolvers<Reply>[] = [];
const router = new HttpRouter(silentLogger, { limits, play: { stallTimeout: 2 * SHORT } });
router.reply(/^\/(?<name>[^/]+)\.txt$/, { 'access-control-allow-origin': '*' }, (question) => {
  asked.push(question);
  const { name } = question.params;
  if (name === 'none') throw new RefusedError('not-found', 'there is none');
  if (name === 'later') return waiting[waiting.push(Promise.withResolvers<Reply>()) - 1]!.promise;
  if (name === 'large') return new Reply(200, {}, [LARGE]);
  if (name === 'long') return new Reply(200, {}, [LONG]);
  return shared;
});
router.route(['GET'], /^\/page$/, ({ response }) => sendJson(response, 200, 'a page'));
router.route(['POST'], /^\/echo$/, async ({ request, response }) => {
  sendJson(response, 200, (await readBody(request)).toString());
});

const get = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');

/** A client that keeps its connection. */
class Client {
  readonly socket: Socket;
  #text = '';
  #closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined).on('close', () => (this.#closed = true));
    socket.on('data', (bytes: Buffer) => (this.#text += bytes.toString('latin1')));
  }

  /** Sends pieces, each on its own. */
  async say(...pieces: readonly string[]): Promise<void> {
    for (const piece of pieces) {
      await new Promise((resolve) => this.socket.write(piece, 'latin1', resolve));
      await immediate();
    }
  }

  /** The next answer: what its head says and its body. */
  async hear(isHead = false): Promise<{ status: number; head: string; body: string }> {
    const [head, length] = await until('an answer', () => {
      const end = this.#text.indexOf('\r\n\r\n');
      const text = this.#text.slice(0, end);
      const size = isHead ? 0 : Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
      return end >= 0 && this.#text.length >= end + 4 + size ? ([text, size] as const) : undefined;
    });
    const start = head.length + 4;
    const body = this.#text.slice(start, start + length);
    this.#text = this.#text.slice(start + length);
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, body };
  }

  async ask(...pieces: readonly string[]) {
    await this.say(...pieces);
    return this.hear();
  }

  closed(): Promise<unknown> {
    return until('the end', () => this.#closed);
  }
}

for (const scheme of ['http', 'https'] as const) {
  describe(`replies by ${scheme}`, scheme === 'https' ? needs('openssl') : {}, () => {
    let port = 0;
    let open: () => Promise<Client>;
    const ends: (() => Promise<void> | void)[] = [];

    before(async () => {
      const owner = { after: (end: () => Promise<void> | void) => void ends.unshift(end) };
      const tls = scheme === 'https' ? await TlsStore.open([await makeCertificate(owner)], silentLogger) : undefined;
      const server = router.serve(tls);
      await once(server.listen(0, '127.0.0.1'), 'listening');
      owner.after(() => void server.close());
      owner.after(() => tls?.close());
      port = (server.address() as AddressInfo).port;
      open = async () => {
        const socket = tls
          ? connectTls({ port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
          : connect({ port, noDelay: true });
        await once(socket, tls ? 'secureConnect' : 'connect');
        owner.after(() => void socket.destroy());
        return new Client(socket);
      };
    });
    after(async () => {
      for (const end of ends) await end();
    });

    const isPlain = () => !(asked.at(-1)!.request instanceof IncomingMessage);

    test('are given one after another on a kept connection, without node:http', async () => {
      const client = await open();
      for (let i = 0; i < 3; i++) {
        const { status, head, body } = await client.ask(get(`/a%20b.txt?i=${i}`, 'Connection: keep-alive'));
        assert.deepEqual([status, body, isPlain()], [200, 'shared', true]);
        assert.match(head, /\r\ndate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\ncontent-type: text\/plain\r\n/);
        const { params, url, remote } = asked.at(-1)!;
        assert.deepEqual([params.name, url.search, remote], ['a b', `?i=${i}`, '127.0.0.1']);
      }
    });

    test('have no body for HEAD, and may be refusals', async () => {
      const client = await open();
      await client.say(get('/a.txt').replace('GET', 'HEAD'));
      assert.match((await client.hear(true)).head, /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 6/);
      const { status, head, body } = await client.ask(get('/none.txt'));
      assert.deepEqual([status, JSON.parse(body)], [404, { code: 'not-found', error: 'there is none' }]);
      assert.match(head, /access-control-allow-origin: \*/);
      assert.equal((await client.ask(get('/%zz.txt'))).status, 400);
      assert.equal((await client.ask(get('/a.txt'))).body, 'shared');
      assert.ok(isPlain());
    });

    test('are the same however requests come, by node:http where they are not plain', async () => {
      for (const odd of [
        get('/a.txt', 'Accept: \xe9'),
        get('/a.txt', 'Connection: close'),
        get('/a.txt').replace('HTTP/1.1', 'HTTP/1.0'),
        `\r\n${get('/a.txt')}`,
      ]) {
        for (const before of [true, false]) {
          const client = await open();
          if (before) assert.equal((await client.ask(get('/a.txt'))).body, 'shared');
          assert.deepEqual([(await client.ask(odd)).body, isPlain()], ['shared', false], odd);
        }
      }
    });

    test('are the same wherever requests are cut', async () => {
      const whole = get('/a.txt');
      const cuts = Array.from(whole, async (_, at) => {
        const client = await open();
        await client.ask(whole);
        return (await client.ask(whole.slice(0, at), whole.slice(at))).body;
      });
      assert.deepEqual([...new Set(await Promise.all(cuts))], ['shared']);
    });

    test('go together with everything else on one connection', async () => {
      const client = await open();
      assert.equal((await client.ask(get('/a.txt'))).body, 'shared');
      assert.equal((await client.ask(get('/page'))).body, '"a page"');
      assert.equal((await client.ask(get('/a.txt'))).body, 'shared');
      const post = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';
      assert.equal((await client.ask(post)).body, '"hello"');
    });

    test('come in the order of the requests, for those who do not wait for them', async () => {
      const client = await open();
      await client.say(get('/later.txt'), get('/a.txt') + get('/page'));
      await until('the first waits', () => waiting.length === 1);
      waiting.pop()!.resolve(new Reply(200, {}, [Buffer.from('at last')]));
      const bodies = [];
      for (let i = 0; i < 3; i++) bodies.push((await client.hear()).body);
      assert.deepEqual(bodies, ['at last', 'shared', '"a page"']);
    });

    test('are waited for as long as it takes', async () => {
      const client = await open();
      await client.say(get('/later.txt'));
      await until('it waits', () => waiting.length === 1);
      await new Promise((resolve) => setTimeout(resolve, (2.5 * SHORT) / 1000));
      waiting.pop()!.resolve(shared);
      assert.equal((await client.hear()).body, 'shared');
      await client.closed();
    });

    test('are not waited for by one who leaves, nor by one who says too much meanwhile', async () => {
      for (const leave of [
        (client: Client) => void client.socket.end(),
        (client: Client) => void client.socket.destroy(),
        (client: Client) => void client.socket.write('x'.repeat(LARGEST_HEAD + 1)),
      ]) {
        const client = await open();
        await client.say(get('/later.txt'));
        await until('it waits', () => waiting.length === 1);
        const { signal } = asked.at(-1)!;
        leave(client);
        await until('the server notices', () => signal.aborted);
        waiting.pop()!.resolve(shared);
        await client.closed();
      }
    });

    for (const [name, ...headers] of [['the bare socket'], ['node:http', 'Accept: \xe9']] as const) {
      test(`are taken back from one who takes nothing of them, by ${name}`, async () => {
        const client = await open();
        client.socket.pause();
        client.socket.write(get('/large.txt', ...headers), 'latin1');
        await until('all is taken back', async () => {
          const { socket } = asked.at(-1)!.request;
          return socket.destroyed && socket.writableLength === 0;
        });
        assert.equal(isPlain(), headers.length === 0);
      });
    }

    test('are not heaped up for one who asks on and takes nothing, who is cut off', async () => {
      const client = await open();
      client.socket.pause();
      const before = asked.length;
      const ask = () => client.socket.write(get('/large.txt', `Padding: ${'x'.repeat(LARGEST_HEAD / 2)}`), 'latin1');
      ask();
      await until('it is asked', () => asked.length > before);
      const asking = setInterval(ask, 10);
      await client.closed().finally(() => clearInterval(asking));
      assert.equal(asked.length - before, 1);
    });

    test('come to the last one for one who asks on and takes them late', async () => {
      const client = await open();
      client.socket.pause();
      for (const path of ['/long.txt', '/a.txt', '/long.txt']) await client.say(get(path));
      await client.say(get('/a.txt') + get('/page'));
      client.socket.resume();
      const lengths = [];
      for (let i = 0; i < 5; i++) lengths.push((await client.hear()).body.length);
      assert.deepEqual(lengths, [LONG.length, 6, LONG.length, 6, '"a page"'.length]);
    });

    test('go over HTTP/2 as well', { skip: scheme === 'http' && 'HTTP/2 needs TLS' }, async () => {
      const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
      const ask = async (method: string, path: string) => {
        const stream = session.request({ ':method': method, ':path': path });
        const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
        return [headers[':status'], Buffer.concat((await stream.toArray()) as Buffer[]).toString()];
      };
      assert.deepEqual(await ask('GET', '/a.txt'), [200, 'shared']);
      assert.deepEqual(await ask('HEAD', '/a.txt'), [200, '']);
      assert.deepEqual(await ask('GET', '/none.txt'), [404, '{"code":"not-found","error":"there is none"}']);
      session.close();
    });
  });
}
