import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { askForLines, type DispatchError, type Wish } from './dispatch.ts';
import { type Line, readLines, readMove } from './line.ts';
import { Suspicion } from './suspicion.ts';
import { isClearlyWorse, stallsTooOften, Trials } from './trials.ts';

const BASE = 'http://192.0.2.4:8080';
const told = {
  id: 'a/http-flv',
  node: 'a',
  name: 'Shanghai 1',
  region: 'cn-east',
  protocol: 'http-flv',
  url: 'http://192.0.2.7:8080/live/movie.flv?sign=1',
  delay_ms: 120,
  load: 0.34,
  has_stream: true,
};

test('lines are read as they are told, and URLs may be relative', () => {
  const own = { id: 'b', protocol: 'ws-flv', url: '/live/movie.flv' };
  const { lines, events } = readLines(
    { stream: 'live/movie', lines: [told, own], events: '/api/v1/lines/events?a=1' },
    BASE,
  );
  assert.deepEqual(lines[0], told);
  assert.deepEqual(
    [lines[1]!.url, lines[1]!.name, lines[1]!.load],
    ['ws://192.0.2.4:8080/live/movie.flv', 'b', undefined],
  );
  assert.equal(events, `${BASE}/api/v1/lines/events?a=1`);
});

test('whatever is told instead, it is no line and nothing is thrown', () => {
  const strange = [
    undefined,
    null,
    7,
    'x',
    [],
    {},
    { lines: 7 },
    { lines: [null, { id: 1 }, { ...told, url: 'http://' }] },
  ];
  for (const answer of strange) assert.deepEqual(readLines(answer, BASE), { lines: [], events: '' });
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (answer, text) => {
      readLines(answer, BASE);
      readMove(text, BASE);
    }),
    { seed: 5 },
  );
});

test('a move is to a line, or away from nodes', () => {
  assert.deepEqual(readMove(JSON.stringify({ to: told }), BASE), { to: told });
  assert.deepEqual(readMove(JSON.stringify({ to: told, from: ['a', 7] }), BASE), { to: told, from: ['a'] });
  assert.deepEqual(readMove('{"exclude":["a",7]}', BASE), { exclude: ['a'] });
  for (const data of ['', '{', '{}', '{"to":{}}']) assert.equal(readMove(data, BASE), undefined, data);
});

const line = (id: string, delay_ms?: number): Line => ({ ...told, id, node: id, delay_ms });
const [a, b, c] = [line('a'), line('b'), line('c')];

test('lines that have failed are left alone for a while, longer each time', () => {
  const trials = new Trials();
  assert.equal(trials.best([a, b, c], 0), a);
  assert.equal(trials.best([a, b, c], 0, a), b);
  trials.failed(a, 0);
  assert.equal(trials.best([a, b], 1000), b);
  assert.equal(trials.best([a, b], 6000), a);
  trials.failed(a, 6000);
  assert.equal(trials.best([a, b], 12_000), b);
  assert.deepEqual(trials.nodes([a, b], 12_000), ['a']);
  trials.worked(a);
  assert.equal(trials.best([a, b], 12_000), a);
});

test('where all have failed, that is tried whose failure is longest ago', () => {
  const trials = new Trials();
  for (const [at, each] of [a, b, c].entries()) trials.failed(each, at);
  assert.equal(trials.best([a, b, c], 10), undefined);
  assert.equal(trials.oldest([b, c, a]), a);
  assert.equal(trials.oldest([]), undefined);
});

test('a line is left for stalls that follow each other, or where another one is much earlier', () => {
  assert.ok(!stallsTooOften([1000], 2000));
  assert.ok(stallsTooOften([1000, 9000], 10_000));
  assert.ok(!stallsTooOften([1000, 30_000], 31_000));
  assert.ok(isClearlyWorse(line('a', 900), line('b', 100)));
  assert.ok(!isClearlyWorse(line('a', 300), line('b', 100)));
  assert.ok(!isClearlyWorse(line('a', 900), line('b')));
});

test('beside a line that is silent another one is tried, now and again, and which of the two is dead is told by what comes', () => {
  const suspicion = new Suspicion();
  const other = () => b;
  assert.equal(suspicion.look(a, 1000, 10_000, other), undefined);
  assert.equal(suspicion.look(a, 2000, 11_000, other), b);
  assert.equal(suspicion.settle(), a);
  assert.equal(suspicion.settle(), undefined);
  assert.equal(
    suspicion.look(b, 2000, 15_000, () => c),
    undefined,
  );
  assert.equal(
    suspicion.look(b, 8000, 21_000, () => c),
    c,
  );
  suspicion.drop();
  assert.equal(suspicion.settle(), undefined);
});

test('a line that is alone is opened anew when it has been silent for long, and is not to blame', () => {
  const suspicion = new Suspicion();
  const none = () => undefined;
  assert.equal(suspicion.look(a, 10_000, 20_000, none), undefined);
  assert.equal(suspicion.look(a, 16_000, 26_000, none), a);
  assert.equal(suspicion.settle(), undefined);
});

async function ask(t: TestContext, answer: RequestListener, exclude: readonly string[] = [], reserve = true) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const wish: Wish = {
    stream: 'live/a movie',
    server: base,
    query: '?token=1',
    viewer: 'v',
    region: '',
    protocols: ['http-flv', 'ws-flv'],
    lines: undefined,
  };
  return { base, lines: askForLines(wish, exclude, reserve) };
}

test('a server is asked for what the viewer wishes', async (t) => {
  const bodies: unknown[] = [];
  const { lines } = await ask(
    t,
    async (request, response) => {
      bodies.push(request.url, JSON.parse(Buffer.concat(await request.toArray()).toString()));
      response.end(JSON.stringify({ lines: [told], events: '' }));
    },
    ['z'],
  );
  assert.deepEqual((await lines).lines, [told]);
  const body = { stream: 'live/a movie', viewer: 'v', protocols: ['http-flv', 'ws-flv'], exclude: ['z'] };
  assert.deepEqual(bodies, ['/api/v1/lines?token=1', body]);
});

test('who only wants to look has no place kept', async (t) => {
  let body: unknown;
  const { lines } = await ask(
    t,
    async (request, response) => {
      body = JSON.parse(Buffer.concat(await request.toArray()).toString());
      response.end('{"lines": []}');
    },
    [],
    false,
  );
  await lines;
  assert.equal((body as { reserve: unknown }).reserve, false);
});

test('one that has no lines to give is the only line itself', async (t) => {
  const { base, lines } = await ask(t, (_, response) => void response.writeHead(404).end('{}'));
  const [only] = (await lines).lines;
  assert.equal(only!.url, `${base}/live/a%20movie.flv?token=1`);
  assert.equal(only!.protocol, 'http-flv');
});

test('why there are none is told', async (t) => {
  const { lines } = await ask(t, (_, response) => void response.writeHead(403).end('{}'));
  await assert.rejects(lines, ({ failure }: DispatchError) => failure.kind === 'status' && failure.status === 403);
  const broken = await ask(t, ({ socket }) => void socket.destroy());
  await assert.rejects(broken.lines, ({ failure }: DispatchError) => failure.kind === 'network');
});
