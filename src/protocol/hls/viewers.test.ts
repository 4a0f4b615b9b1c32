import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { OPTIONS } from '../../../test/support/hls-stage.ts';
import { VIDEO } from '../../../test/support/tracks.ts';
import { AccessGate, type AccessRequest } from '../../access/gate.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { loadConfig } from '../../config/load.ts';
import { coreOptions } from '../../config/options.ts';
import { checkPlaylist } from '../../container/hls/check.ts';
import { Files } from '../../hub/files.ts';
import { Hub } from '../../hub/hub.ts';
import { Pasts } from '../../hub/past.ts';
import type { Publisher } from '../../hub/publisher.ts';
import { Sessions } from '../../hub/session.ts';
import type { Context } from '../../module.ts';
import { HttpRouter } from '../../net/http.ts';
import { noSiblings } from '../../net/siblings.ts';
import { silentLogger } from '../../ops/log.ts';
import { hls } from './index.ts';

const PATH = '__defaultVhost__/live/movie';
const never = new AbortController().signal;

interface Owner {
  after(end: () => unknown): void;
}

/** The module with what it needs, on a clock of its own, behind real HTTP. */
async function setUp(owner: Owner, { patience = '0s', viewers = 100 } = {}) {
  const clock = new VirtualClock();
  const text = JSON.stringify({ play: { wait: patience }, limits: { connectionsPerAddress: viewers } });
  const config = loadConfig(z.strictObject(coreOptions), { file: { name: 'test', text } });
  const sessions = new Sessions(clock);
  const asked: AccessRequest[] = [];
  const gate = async (request: AccessRequest) => {
    asked.push(request);
    return request.query.get('ticket') === 'wrong' ? { refuse: 'a wrong ticket' } : ('allow' as const);
  };
  const hub = new Hub({ ...config.publish, window: config.window, segment: 2 * SECOND }, clock);
  const context: Partial<Context> = {
    config,
    clock,
    siblings: noSiblings(),
    log: silentLogger,
    hub,
    sessions,
    files: new Files(),
    pasts: new Pasts(),
    access: new AccessGate([gate]),
    memory: { isFull: false } as Context['memory'],
    dispatch: { isDraining: false, elsewhere: () => undefined } as Partial<Context['dispatch']> as Context['dispatch'],
    http: new HttpRouter(silentLogger, config),
  };
  let requests = 0;
  const reply = context.http!.reply.bind(context.http);
  context.http!.reply = (pattern, headers, handle) =>
    reply(pattern, headers, (question) => {
      requests++;
      return handle(question);
    });
  await hls({ ...OPTIONS, window: 9 }).start(context as Context);
  const server = context.http!.serve() as Server;
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => sockets.push(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  owner.after(() => {
    server.closeAllConnections();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = (path: string) => fetch(new URL(path, origin));
  /** Asks, and resolves when all these requests wait for something; to their answers. */
  const wait = async (...paths: string[]) => {
    const before = requests;
    const answers = paths.map(get);
    await settle(() => requests === before + paths.length);
    await turn();
    return answers;
  };
  const viewing = () => [...sessions].filter(({ protocol }) => protocol === 'hls');
  const publish = (path = PATH) =>
    hub.publish(path, sessions.open({ protocol: 'test', remote: '', close: () => {} }), never);
  return { clock, hub, sessions, asked, get, wait, origin, viewing, publish };
}

/** Writes pictures up to a moment in milliseconds, a key frame a second, as time passes. */
async function write(publisher: Publisher, clock: VirtualClock, from: number, to: number): Promise<void> {
  publisher.announce(new Set(['video']));
  for (let ms = from; ms < to; ms += 40) {
    clock.advance(40 * MILLISECOND);
    const time = ms * MILLISECOND;
    publisher.write({ track: VIDEO, dts: time, pts: time, keyframe: ms % 1000 === 0, data: new Uint8Array(20) });
    await Promise.resolve();
  }
}

/** A stream of four seconds that somebody watches: the URL of its media playlist. */
async function begin(owner: Owner, options?: Parameters<typeof setUp>[1]) {
  const all = await setUp(owner, options);
  const publisher = await all.publish();
  await write(publisher, all.clock, 0, 1000);
  const url = await variant(all.get, '/live/movie.m3u8');
  await write(publisher, all.clock, 1000, 4520);
  return { ...all, publisher, url };
}

async function variant(get: (path: string) => Promise<Response>, path: string): Promise<string> {
  const answer = await get(path);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return new URL(text.trimEnd().split('\n').at(-1)!, answer.url).href;
}

/** What the playlist says comes next: as directives, and as the URL of the part. */
async function hintOf(get: (path: string) => Promise<Response>, url: string) {
  const [, segment, part] = /HINT:.*URI="(\d+)\.(\d+)\.m4s"/.exec(await (await get(url)).text())!;
  return { directives: `?_HLS_msn=${segment}&_HLS_part=${part}`, part: new URL(`${segment}.${part}.m4s`, url).href };
}

async function statusAndText(answer: Promise<Response>): Promise<[number, string]> {
  const { status } = await answer;
  return [status, await (await answer).text()];
}

/** Lets what is under way go on until `isDone`. */
async function settle(isDone: () => boolean): Promise<void> {
  while (!isDone()) await turn();
}

test('the gate is asked for each stream, with what stands in the URL, and its no is the answer', async (t) => {
  const { asked, get, viewing } = await begin(t);
  assert.deepEqual(
    [asked.length, asked[0]!.path, asked[0]!.protocol, asked[0]!.session],
    [1, PATH, 'hls', viewing()[0]!.id],
  );
  const url = await variant(get, '/live/movie.m3u8?ticket=right');
  await get(url);
  assert.match(url, /\?ticket=right$/);
  assert.deepEqual([asked.length, asked[1]!.query.get('ticket')], [2, 'right']);
  for (const refused of [
    '/live/movie.m3u8?ticket=wrong',
    `/live/hls-${'x'.repeat(22)}/movie/media.m3u8?ticket=wrong`,
  ]) {
    const [status, text] = await statusAndText(get(refused));
    assert.equal(status, 403);
    assert.match(text, /a wrong ticket/);
  }
  assert.equal(viewing().length, 2);
});

test('a viewer of whom nothing is heard is gone after ten seconds, and comes back with its playlist', async (t) => {
  const { clock, get, url, viewing, hub } = await begin(t);
  clock.advance(9 * SECOND);
  assert.equal((await get(url)).status, 200);
  clock.advance(9 * SECOND);
  assert.deepEqual([viewing().length, hub.find(PATH)!.readers.size], [1, 1]);
  clock.advance(2 * SECOND);
  await settle(() => viewing().length === 0);
  assert.equal(hub.find(PATH)!.readers.size, 0);
  const segment = /^\d+\.m4s$/m.exec(await (await get(url)).text())![0];
  assert.equal(viewing().length, 1);
  assert.equal((await get(new URL(segment, url).href)).status, 200);
});

test('one who waits is not silent, and what does not come in time is said so', async (t) => {
  const { clock, get, url, viewing, wait } = await begin(t);
  const { directives, part } = await hintOf(get, url);
  const waiting = await wait(url + directives, part);
  clock.advance(6 * SECOND);
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [503, 503],
  );
  assert.equal(viewing().length, 1);
});

test('one who was sent away gets nothing more, not even what he waits for', async (t) => {
  const { clock, get, url, viewing, publisher, wait } = await begin(t);
  const { part } = await hintOf(get, url);
  const [waiting] = await wait(part);
  viewing()[0]!.close(new RefusedError('kicked', 'closed by an administrator'));
  await settle(() => viewing().length === 0);
  await write(publisher, clock, 4520, 5000);
  assert.equal((await waiting!).status, 403);
  assert.equal((await get(url)).status, 403);
  clock.advance(601 * SECOND);
  assert.equal((await get(part)).status, 404);
});

test('requests that wait are limited, and so are viewers', async (t) => {
  const { get, url, origin } = await begin(t, { viewers: 2 });
  const { directives } = await hintOf(get, url);
  const statuses = Array.from({ length: 7 }, async () => (await get(url + directives)).status);
  assert.equal(await Promise.race(statuses), 503);
  assert.equal((await get('/live/movie.m3u8')).status, 200);
  assert.equal((await get('/live/movie.m3u8')).status, 503);
  assert.equal((await fetch(`${origin}/live/movie.m3u8`, { method: 'HEAD' })).status, 503);
});

test('a request for the head alone leaves no viewer', async (t) => {
  const { origin, viewing } = await begin(t);
  const { status, headers } = await fetch(`${origin}/live/movie.m3u8`, { method: 'HEAD' });
  assert.deepEqual([status, headers.get('content-type')], [200, 'application/vnd.apple.mpegurl']);
  await settle(() => viewing().length === 1);
});

test('a stream that nobody publishes is waited for as configured', async (t) => {
  const { get, wait, clock, publish, viewing } = await setUp(t, { patience: '5s' });
  const patient = get('/live/movie.m3u8');
  await settle(() => viewing().length === 1);
  await write(await publish(), clock, 0, 1000);
  assert.equal((await patient).status, 200);
  const [late] = await wait('/live/other.m3u8');
  clock.advance(5 * SECOND);
  assert.equal((await late!).status, 404);
});

test('a reload that skips leaves out what the player has', async (t) => {
  const { clock, get, url, publisher } = await begin(t);
  await write(publisher, clock, 4520, 24_000);
  const [full, delta] = await Promise.all(
    [get(url), get(`${url}?_HLS_skip=YES`)].map(async (each) => (await each).text()),
  );
  const segments = (text: string) => text.match(/^\d+\.m4s$/gm)!;
  const skipped = Number(/SKIPPED-SEGMENTS=(\d+)/.exec(delta!)?.[1]);
  assert.ok(skipped >= 1, delta);
  assert.deepEqual([checkPlaylist(full!), checkPlaylist(delta!)], [[], []]);
  assert.deepEqual(segments(delta!), segments(full!).slice(skipped));
});

test('who watches when the stream ends is told so, and can still load all of it', async (t) => {
  const { get, clock, url, publisher, viewing, hub } = await begin(t);
  await get(url);
  publisher.close(true);
  clock.advance(5 * SECOND);
  assert.equal(hub.find(PATH), undefined);
  const text = await (await get(url)).text();
  assert.match(text, /#EXT-X-ENDLIST\n$/);
  for (const segment of text.match(/^\d+\.m4s$/gm)!) assert.equal((await get(new URL(segment, url).href)).status, 200);
  assert.equal((await get('/live/movie.m3u8')).status, 404);
  assert.equal(viewing().length, 1);
});

test('a token stays with the vhost with which it began', async (t) => {
  const { get, url, publish, clock } = await begin(t);
  const other = new URL(url);
  other.searchParams.set('vhost', 'example.com');
  await write(await publish('example.com/live/second'), clock, 0, 1000);
  other.pathname = other.pathname.replace('/movie/', '/second/');
  assert.equal((await get(other.href)).status, 403);
});
