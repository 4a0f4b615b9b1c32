import assert from 'node:assert/strict';
import { promises } from 'node:dns';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { askHttp, callHttp } from './ask-http.ts';

const never = new AbortController().signal;
const asking = { signal: never, patience: 15_000, largest: 1000 };

async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/x?y=z`;
}

test('what another server answers is read whole, whatever its status', async (t) => {
  const url = await serve(t, ({ method, url }, response) => response.writeHead(404).end(`${method} ${url}`));
  assert.equal(await askHttp(url, asking), 'GET /x?y=z');
});

test('what is posted is JSON, and the status is told beside the answer', async (t) => {
  const url = await serve(t, async (request, response) => {
    const { method, headers } = request;
    response
      .writeHead(201)
      .end(`${method} ${headers['content-type']} ${headers['content-length']} ${await text(request)}`);
  });
  const answer = await callHttp(url, { ...asking, json: '{"a":"ä"}' });
  assert.deepEqual(answer, { status: 201, text: 'POST application/json 10 {"a":"ä"}' });
});

test('user and password of a URL are sent along', async (t) => {
  const url = await serve(t, ({ headers }, response) => response.end(headers.authorization));
  const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;
  assert.equal(await askHttp(url.replace('://', '://me:secret@'), asking), basic);
});

test('where the status is enough nothing more is read', async (t) => {
  const url = await serve(t, (_, response) => void response.writeHead(206).write('a'.repeat(100_000)));
  assert.deepEqual(await callHttp(url, { ...asking, isStatusEnough: true }), { status: 206, text: '' });
});

test('an answer may be as large as is said, and no larger', async (t) => {
  const url = await serve(t, (_, response) => response.end('a'.repeat(1000)));
  assert.equal((await askHttp(url, asking)).length, 1000);
  await assert.rejects(askHttp(url, { ...asking, largest: 999 }), /more than 999 bytes/);
});

test('an answer that does not end is waited for as long as is said, or until it is not wanted', async (t) => {
  const url = await serve(t, (_, response) => void response.write('a'));
  await assert.rejects(askHttp(url, { ...asking, patience: 30 }), /no answer within 30 ms/);
  await assert.rejects(askHttp(url, { ...asking, signal: AbortSignal.timeout(30) }), { name: 'AbortError' });
});

test('nobody is followed elsewhere, and who breaks off or does not listen is told', async (t) => {
  const elsewhere = await serve(t, (_, response) => response.writeHead(302, { location: '/elsewhere' }).end('there'));
  assert.equal(await askHttp(elsewhere, asking), 'there');
  const broken = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': 10 });
    response.write('a', () => response.destroy());
  });
  await assert.rejects(askHttp(broken, asking), { code: 'ECONNRESET' });
  await assert.rejects(askHttp('http://127.0.0.1:1/', asking), { code: 'ECONNREFUSED' });
});

test('a host is looked up once for all who ask at the same time', async (t) => {
  const url = (await serve(t, (_, response) => response.end('0'))).replace('127.0.0.1', 'hooks.example');
  const { mock } = t.mock.method(promises, 'lookup', async () => [{ address: '127.0.0.1', family: 4 }]);
  const answers = await Promise.all(Array.from({ length: 10 }, () => askHttp(url, asking)));
  assert.deepEqual([answers.every((answer) => answer === '0'), mock.callCount()], [true, 1]);
  assert.equal(await askHttp(url, asking), '0');
  assert.equal(mock.callCount(), 2, 'and again for who comes later');
});

test('a host that does not exist is told to all who ask for it', async (t) => {
  t.mock.method(promises, 'lookup', () => Promise.reject(new Error('getaddrinfo ENOTFOUND hooks.example')));
  const asked = () => assert.rejects(askHttp('http://hooks.example/', asking), /ENOTFOUND/);
  await Promise.all([asked(), asked()]);
});
