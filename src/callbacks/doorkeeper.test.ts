import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessRequest, Verdict } from '../access/gate.ts';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { type Session, Sessions } from '../hub/session.ts';
import type { HttpAnswer } from '../net/ask-http.ts';
import { Callbacks } from '../net/callbacks.ts';
import { silentLogger } from '../ops/log.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { callbacksOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { Rules } from './rules.ts';

const PATH = '__defaultVhost__/live/movie';
const YES = { status: 200, text: '0' };
const NO = { status: 200, text: '1' };
const EVENTS = ['on_connect', 'on_close', 'on_publish', 'on_unpublish', 'on_play', 'on_stop'];

/** A door, at which sessions come and go. */
function stage(answer: (action: string) => HttpAnswer | Promise<HttpAnswer> = () => YES, timeout = 5 * SECOND) {
  const clock = new VirtualClock();
  const sessions = new Sessions(clock);
  const callbacks = new Callbacks();
  const log = silentLogger;
  const heard: string[] = [];
  const send = async ({ json }: { json: string | undefined }) => {
    const { action, stream = '' } = JSON.parse(json!) as { action: string; stream?: string };
    heard.push(`${action} ${stream}`.trim());
    return answer(action);
  };
  const rule = Object.fromEntries(EVENTS.map((event) => [event, ['http://10.0.0.7/']]));
  const rules = new Rules(callbacksOptions.parse({ rules: [rule] } as never).rules);
  const outbox = new Outbox({ send, clock, log, callbacks, retry: 60 * SECOND, queue: 100 });
  const identity = { server: 'vid-1', service: 'a', pid: '1' };
  const context = { sessions, callbacks, clock, log };
  const door = new Doorkeeper({ context, rules, identity, outbox, send, timeout });
  sessions.onLeave((session, isGone) => door.leave(session, isGone));
  const come = (protocol = 'rtmp', isInner = false) =>
    sessions.open({ protocol, remote: '192.0.2.7', isInner, close() {} });
  const ask = (action: AccessRequest['action'], session: Session | string, more: Partial<AccessRequest> = {}) => {
    const [id, protocol] = typeof session === 'string' ? [session, 'http'] : [session.id, session.protocol];
    const place = action === 'connect' ? { app: '__defaultVhost__/live' } : { path: PATH };
    const request = { action, ...place, remote: '192.0.2.7', query: new Map(), protocol, session: id, ...more };
    return door.judge(request, new AbortController().signal);
  };
  return { sessions, door, heard, come, ask, callbacks };
}

async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
}

function isRefused(verdict: Verdict): boolean {
  return typeof verdict === 'object';
}

test('everything that was granted has its end, in order, and nothing else has', async () => {
  const { sessions, door, heard, come, ask } = stage();
  const session = come();
  await ask('connect', session);
  await ask('publish', session);
  sessions.settle(session);
  await turn();
  await ask('play', session, { path: '__defaultVhost__/live/other' });
  sessions.remove(session);
  await turn();
  await turn();
  const [connected, published, unpublished, ...rest] = heard;
  assert.deepEqual([connected, published, unpublished], ['on_connect', 'on_publish movie', 'on_unpublish movie']);
  assert.deepEqual(rest, ['on_play other', 'on_stop other', 'on_close']);
  assert.ok(door.isAlone);
});

test('who was refused is not told to have left', async () => {
  const { sessions, door, heard, come, ask } = stage(() => NO);
  for (const action of ['connect', 'publish', 'play'] as const) {
    const session = come();
    assert.ok(isRefused(await ask(action, session)), action);
    sessions.remove(session);
  }
  await turn();
  assert.deepEqual(heard, ['on_connect', 'on_publish movie', 'on_play movie']);
  assert.ok(door.isAlone);
});

test('a session is asked about once for each stream, also where it asks twice at the same time', async () => {
  const { heard, come, ask } = stage();
  const session = come('hls');
  const both = await Promise.all([ask('play', session), ask('play', session)]);
  assert.deepEqual([...both, await ask('play', session)], ['pass', 'pass', 'pass']);
  await ask('play', session, { path: '__defaultVhost__/live/other' });
  assert.deepEqual(heard, ['on_play movie', 'on_play other']);
});

test('one who was refused twice at the same time is so both times, and asked about again later', async () => {
  const { heard, come, ask } = stage(() => NO);
  const session = come('hls');
  const both = await Promise.all([ask('play', session), ask('play', session)]);
  assert.ok(both.every(isRefused));
  assert.ok(isRefused(await ask('play', session)));
  assert.equal(heard.length, 2);
});

test('one who leaves before he is let in is told to have left all the same', async () => {
  const answer = Promise.withResolvers<HttpAnswer>();
  const { sessions, door, heard, come, ask } = stage((action) => (action === 'on_play' ? answer.promise : YES));
  const session = come();
  const asked = ask('play', session);
  await turn();
  sessions.remove(session);
  answer.resolve(YES);
  await asked;
  await turn();
  assert.deepEqual(heard, ['on_play movie', 'on_stop movie']);
  assert.ok(door.isAlone);
});

test('one who publishes again is kept out by nobody who only was to hear that he did not any more', async (t) => {
  const never = Promise.withResolvers<HttpAnswer>();
  const answer = (action: string) => (action === 'on_unpublish' ? never.promise : YES);
  const { sessions, heard, come, ask } = stage(answer, SECOND / 5);
  // What ends a wait keeps no process alive.
  const awake = setInterval(() => {}, 1000);
  t.after(() => clearInterval(awake));
  const before = come();
  await ask('publish', before);
  sessions.remove(before);
  assert.equal(await ask('publish', come()), 'pass');
  assert.deepEqual(heard, ['on_publish movie', 'on_unpublish movie', 'on_publish movie']);
});

test('one session is not let in for any number of streams', async () => {
  const { sessions, door, heard, come, ask } = stage();
  const session = come('hls');
  const verdicts: Verdict[] = [];
  for (let i = 0; i < 150; i++) verdicts.push(await ask('play', session, { path: `__defaultVhost__/live/${i}` }));
  assert.deepEqual([verdicts.filter(isRefused).length, heard.length], [50, 100]);
  assert.equal(await ask('play', session, { path: '__defaultVhost__/live/0' }), 'pass', 'what it is in for it is');
  sessions.remove(session);
  assert.ok(door.isAlone);
});

test('no more are asked about at the same time than may be: who comes then is refused', async () => {
  const answer = Promise.withResolvers<HttpAnswer>();
  const { heard, ask, callbacks } = stage(() => answer.promise);
  const asked = Array.from({ length: 5000 }, () => ask('play', 'nobody'));
  assert.deepEqual(await ask('play', 'nobody'), { refuse: 'on_play could not be asked' });
  assert.deepEqual([heard.length, callbacks.of('on_play').dropped], [5000, 1]);
  answer.resolve(YES);
  assert.ok((await Promise.all(asked)).every((verdict) => verdict === 'pass'));
  assert.equal(await ask('play', 'nobody'), 'pass');
});

test('nobody is asked about here who is asked about elsewhere', async () => {
  const { heard, come, ask } = stage(() => NO);
  const session = come();
  assert.equal(await ask('play', come('relay')), 'pass', 'a node, which asks about its own viewers');
  assert.equal(await ask('play', come('relay', true)), 'pass', 'a worker');
  assert.equal(await ask('play', session, { isEnquiry: true }), 'pass');
  assert.equal(await ask('play', come('relay', true), { protocol: 'rtmp' }), 'pass', 'a worker, for its own viewer');
  assert.equal(await ask('publish', session, { originDecides: true }), 'pass');
  assert.equal(await ask('admin', session), 'pass');
  assert.deepEqual(heard, []);
});

test('clients of another node, and requests without a session, are asked about each time', async () => {
  const { heard, come, ask } = stage();
  const node = come('relay');
  for (let i = 0; i < 2; i++) await ask('play', node, { protocol: 'rtmp' });
  for (let i = 0; i < 2; i++) await ask('play', 'nobody');
  await ask('publish', node);
  assert.deepEqual(heard, [...Array.from({ length: 4 }, () => 'on_play movie'), 'on_publish movie']);
});

test('a server that fails lets nobody in, and that is counted', async () => {
  const { come, ask, callbacks } = stage(() => Promise.reject(new Error('connect ECONNREFUSED')));
  assert.deepEqual(await ask('play', come()), { refuse: 'on_play could not be asked' });
  assert.equal(callbacks.of('on_play').failed, 1);
});
