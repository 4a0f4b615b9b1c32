import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { freePort } from '../../test/support/nginx.ts';
import type { TraceAnswer } from '../api/trace.ts';
import { coreOptions } from '../config/options.ts';
import { httpOptions } from '../protocol/http/options.ts';
import { linesOf, trace } from './trace.ts';

const configSchema = z.strictObject({ http: httpOptions, ...coreOptions });
const since_ms = 1_790_000_000_000;
const PUBLISHER = { id: 'publ', type: 'fmle-publish', remote: '192.0.2.17', since_ms };
const ORIGIN = {
  ...{ node: 'bbb', host: 'origin', address: '192.0.2.4:4242', gets: PUBLISHER, loss: null },
  sends: { id: 'send', type: 'relay-play', remote: '192.0.2.9', since_ms },
  ...{ added_ms: 0, total_ms: 0, total_p99_ms: 0 },
};
const EDGE = {
  ...{ node: 'aaa', host: 'edge', address: '', loss: { packets: 1000, lost: 25, residual: 1 } },
  sends: { id: 'view', type: 'flv-play', remote: '192.0.2.77', since_ms },
  gets: { id: 'pull', type: 'relay-publish', remote: '192.0.2.4:4242', since_ms },
  ...{ added_ms: 101.2, total_ms: 101.2, total_p99_ms: 110.5 },
};
const WAY: TraceAnswer = { session: 'view', stream: 'live/movie', complete: true, gap: '', hops: [EDGE, ORIGIN] };

test('every node of a way is a block, which says from whom the stream comes and what the way costs', () => {
  assert.deepEqual(linesOf(WAY), [
    'view: live/movie, 2 nodes, 101.2 ms after it came in',
    '',
    'edge, node aaa',
    '  sends  view  flv-play to 192.0.2.77',
    '  gets   pull  relay-publish from 192.0.2.4:4242: +101.2 ms, in all 101.2 ms (p99 110.5 ms), 2.5 % of packets lost, 1 of 1000 for good',
    '',
    'origin at 192.0.2.4:4242, node bbb',
    '  sends  send  relay-play to 192.0.2.9',
    '  gets   publ  fmle-publish from 192.0.2.17',
  ]);
});

test('what is not known is said to be unknown', () => {
  const unknown = { added_ms: null, total_ms: null, total_p99_ms: null, loss: null };
  const hop = { ...EDGE, ...unknown, node: '' };
  const lines = linesOf({ ...WAY, complete: false, gap: 'it does not answer', hops: [hop] });
  assert.deepEqual(lines, [
    'view: live/movie, 1 node, delay unknown',
    '',
    'edge',
    '  sends  view  flv-play to 192.0.2.77',
    '  gets   pull  relay-publish from 192.0.2.4:4242: delay unknown',
    '',
    'further: it does not answer',
  ]);
  const some = linesOf({ ...WAY, hops: [{ ...hop, total_ms: 5, total_p99_ms: 6 }] });
  assert.equal(some[4], '  gets   pull  relay-publish from 192.0.2.4:4242: in all 5 ms (p99 6 ms)');
});

/** Runs the command in a folder with this configuration; resolves to its exit code and what it printed. */
async function run(t: TestContext, yaml: string | undefined, api?: string): Promise<{ code: number; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'headwater-trace-'));
  t.after(() => rmSync(folder, { recursive: true }));
  if (yaml !== undefined) writeFileSync(join(folder, 'headwater.yaml'), yaml);
  const before = readdirSync(folder);
  let text = '';
  const stdout = { write: (more: string) => (text += more) };
  const args = { command: 'trace', session: 'a/b', ...(api !== undefined && { api }) } as const;
  const code = await trace({ folder, env: {}, stdout }, args, configSchema);
  assert.deepEqual(readdirSync(folder), before);
  return { code, text };
}

/** Serves an API; resolves to its port. */
async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

test('the server of the configuration is asked, with its token', async (t) => {
  const asked: unknown[] = [];
  const port = await serve(t, ({ url, headers }, response) => {
    asked.push([url, headers.authorization]);
    response.end(JSON.stringify({ code: 0, trace: WAY }));
  });
  const { code, text } = await run(t, `http: { listen: ":${port}" }\naccess: { adminToken: my-token }\n`);
  assert.equal(code, 0);
  assert.equal(text, `${linesOf(WAY).join('\n')}\n`);
  await run(t, `http: { listen: ":1", listenApi: "127.0.0.1:${port}" }\n`);
  await run(t, undefined, `http://127.0.0.1:${port}`);
  const url = '/api/v1/trace/a%2Fb';
  assert.deepEqual(asked, [
    [url, 'Bearer my-token'],
    [url, undefined],
    [url, undefined],
  ]);
});

test('a way that ends before the publisher is printed, and is a failure', async (t) => {
  const way = { ...WAY, complete: false, gap: 'origin:4242 does not tell more' };
  const port = await serve(t, (_, response) => response.end(JSON.stringify({ trace: way })));
  const { code, text } = await run(t, undefined, `http://127.0.0.1:${port}`);
  assert.equal(code, 1);
  assert.match(text, /\nfurther: origin:4242 does not tell more\n$/);
});

test('one who cannot be asked, or does not know, is told of in one line', async (t) => {
  const answering = (status: number, body: string) => serve(t, (_, response) => response.writeHead(status).end(body));
  const [refusing, lacking, other] = await Promise.all([
    answering(401, '{"code":100,"error":"the admin token is needed"}'),
    answering(404, '{"code":2049,"error":"no client has the id a/b"}'),
    answering(200, '<html>'),
  ]);
  const cases: [yaml: string, message: RegExp][] = [
    [
      `http: { listen: ":${await freePort()}" }`,
      /^the server at http:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/,
    ],
    ['http: { listen: "off" }', /^the API listens nowhere by this configuration; --api says where it is$/],
    ['http: { listen: "127.0.0.1:0" }', /^the port of the API is the system's choice; --api says which$/],
    [`http: { listen: ":${refusing}" }`, /wants its own admin token/],
    [`http: { listen: ":${lacking}" }`, /^no client has the id a\/b$/],
    [`http: { listen: ":${other}" }`, /is no server of Headwater: it answers with status 200$/],
  ];
  for (const [yaml, message] of cases) await assert.rejects(run(t, yaml), { name: 'AskError', message });
});
