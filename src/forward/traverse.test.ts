import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessRequest } from '../access/gate.ts';
import { RefusedError } from '../base/errors.ts';
import { Dialers } from '../net/dialers.ts';
import { noSiblings } from '../net/siblings.ts';
import type { PlayWish, Taker } from '../net/takers.ts';
import { traverse } from './traverse.ts';

const never = new AbortController().signal;
const wish: AccessRequest = {
  action: 'play',
  path: 'v/live/movie',
  remote: '203.0.113.5',
  query: new Map([['token', 'x']]),
  protocol: 'rtmp',
  session: 's',
};

type Ask = Taker['ask'];
const allows: Ask = async () => {};
const refuses: Ask = () => Promise.reject(new RefusedError('forbidden', 'not you'));
const isDead: Ask = () => Promise.reject(new Error('connection refused'));
const hangs: Ask = (_, signal) =>
  new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

function askedOf(asks: readonly Ask[], request: AccessRequest = wish) {
  const takers = asks.map((ask) => ({ ask }) as Taker);
  const context = { takers: { find: async () => takers }, dialers: new Dialers('edge'), siblings: noSiblings() };
  return traverse(context as never)(request, never);
}

test('the first origin that answers decides', async () => {
  assert.equal(await askedOf([isDead, hangs, allows]), 'pass');
  assert.deepEqual(await askedOf([isDead, hangs, refuses]), { refuse: 'not you' });
});

test('where none answers nobody may play', async () => {
  assert.deepEqual(await askedOf([isDead]), { refuse: 'no origin could be asked' });
  assert.deepEqual(await askedOf([]), { refuse: 'no origin could be asked' });
});

test('an origin is told who it is, and by which servers the question came', async () => {
  const heard: PlayWish[] = [];
  const hear: Ask = async (told) => void heard.push(told);
  await askedOf([hear], { ...wish, via: 'another' });
  const { path, remote, query, protocol } = wish;
  assert.deepEqual(heard, [{ path, remote, query, protocol, via: 'another edge' }]);
});

test('publishers, administrators and other nodes are not its business', async () => {
  assert.equal(await askedOf([refuses], { ...wish, action: 'publish' }), 'pass');
  assert.equal(await askedOf([refuses], { ...wish, action: 'admin' }), 'pass');
  assert.equal(await askedOf([refuses], { ...wish, protocol: 'relay' }), 'pass');
});
