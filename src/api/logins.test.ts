import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { Logins } from './logins.ts';

const HOUR = 3600 * SECOND;

function request(cookie = '', encrypted = false): IncomingMessage {
  return { headers: { cookie }, socket: { encrypted } } as unknown as IncomingMessage;
}

function setUp() {
  const clock = new VirtualClock();
  const logins = new Logins(clock);
  const logIn = () => logins.add(request()).split(';')[0]!;
  return { clock, logins, logIn };
}

test('a login holds for twelve hours', () => {
  const { clock, logins, logIn } = setUp();
  const cookie = logIn();
  clock.advance(12 * HOUR - 1);
  assert.ok(logins.has(request(cookie)));
  clock.advance(1);
  assert.ok(!logins.has(request(cookie)));
});

test('the cookie is found among others, and only under its name', () => {
  const { logins, logIn } = setUp();
  const cookie = logIn();
  assert.ok(logins.has(request(`theme=dark; ${cookie}; lang=en`)));
  assert.ok(!logins.has(request(`not${cookie}`)));
  assert.ok(!logins.has(request(`x=1, ${cookie}`)));
  assert.ok(!logins.has(request()));
});

test('the cookie stays on TLS where it came by TLS', () => {
  const { logins } = setUp();
  assert.match(logins.add(request('', true)), /; Secure$/);
  assert.doesNotMatch(logins.add(request('', false)), /Secure/);
});

test('of very many logins the oldest ends', () => {
  const { logins, logIn } = setUp();
  const [first, second] = [logIn(), logIn()];
  for (let i = 0; i < 998; i++) logIn();
  assert.ok(logins.has(request(first)));
  logIn();
  assert.ok(!logins.has(request(first)));
  assert.ok(logins.has(request(second)));
});
