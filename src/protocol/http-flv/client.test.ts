import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { mutate } from '../../../test/fuzz/mutate.ts';
import { Random } from '../../../test/fuzz/random.ts';
import { dialingContext, FETCHED, pullOnce } from '../../../test/support/dialing.ts';
import { flvFile } from '../../../test/support/flv.ts';
import { synthetic } from '../../../test/support/synthetic.ts';
import { needs } from '../../../test/support/tools.ts';
import type { Owner } from '../../../test/support/until.ts';
import { httpFlvDialer } from './client.ts';

type Answer = (response: ServerResponse, via: string) => void;

async function startWeb(owner: Owner, answer: Answer): Promise<string> {
  const server = createServer((request, response) => answer(response, String(request.headers.via)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  owner.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/live/movie.flv`;
}

async function pull(owner: Owner, answer: Answer, context = dialingContext()): Promise<Error> {
  return pullOnce(context, httpFlvDialer(context), await startWeb(owner, answer));
}

const redirect =
  (location: string): Answer =>
  (response) =>
    void response.writeHead(302, { location }).end();

describe('a server that misbehaves ends the session, and nothing else', () => {
  const cases: [name: string, answer: Answer, reason: RegExp][] = [
    ['that says nothing', () => {}, /took too long to answer/],
    ['that has no such stream', (response) => void response.writeHead(404).end(), /answers 404/],
    ['that hangs up', (response) => void response.destroy(), /the connection broke/],
    ['that sends no FLV', (response) => void response.end('<html>not at all</html>'), /FLV signature expected/],
    ['that ends at once', (response) => void response.end(), /ended the stream/],
    ['that sends nothing more', (response) => response.writeHead(200).flushHeaders(), /no frame came in time/],
    ['that redirects to a file', redirect('file:///etc/passwd'), /no URL of HTTP/],
    ['that redirects to itself', redirect('/live/movie.flv'), /more than 3 times/],
    [
      'that announces a tag of 16 MB',
      (response) =>
        void response.write(Buffer.concat([flvFile([]), Uint8Array.of(9, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0)])),
      /FLV tag of 16777215 bytes/,
    ],
  ];
  for (const [name, answer, reason] of cases) {
    test(name, async (t) => {
      const context = dialingContext();
      const cause = await pull(t, answer, context);
      assert.match(cause.message, reason);
      assert.match(cause.name, /^(ProtocolError|RefusedError|Departure)$/);
      assert.equal(context.sessions.size, 0);
    });
  }
});

test('a stream is fetched through a redirect, and the server is told who asks', needs('ffmpeg'), async (t) => {
  const context = dialingContext();
  const tags = await synthetic({ frames: 10, size: 100, gop: 5 });
  let asked = '';
  const target = await startWeb(t, (response, via) => {
    asked = via;
    response.end(flvFile(tags));
  });
  assert.match((await pull(t, redirect(target), context)).message, /ended the stream/);
  assert.equal(asked, `1.1 ${context.dialers.id}`);
  assert.equal(context.hub.find(FETCHED)!.counters.videoFrames, 10);
});

test('whatever a server sends instead of FLV, the session ends as it should', needs('ffmpeg'), async (t) => {
  const random = new Random(9);
  const seed = new Uint8Array(flvFile(await synthetic({ frames: 3, size: 50, gop: 2 })));
  const context = dialingContext();
  const url = await startWeb(t, (response) => void response.end(mutate(seed, random, [seed])));
  for (let i = 0; i < 200; i++) {
    const cause = await pullOnce(context, httpFlvDialer(context), url);
    assert.match(cause.name, /^(ProtocolError|RefusedError|Departure)$/, cause.message);
  }
});
