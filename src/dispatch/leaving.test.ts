import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { Sessions } from '../hub/session.ts';
import { silentLogger } from '../ops/log.ts';
import { Leaving, type LeavingGround } from './leaving.ts';

function node() {
  const clock = new VirtualClock();
  const sessions = new Sessions(clock);
  const closed: string[] = [];
  const add = (role: 'play' | 'publish', protocol = 'http-flv') => {
    const session = sessions.open({
      protocol,
      remote: '192.0.2.1',
      close({ code }) {
        closed.push(`${role} ${code}`);
        sessions.remove(session);
      },
    });
    session.role = role;
  };
  const grace = 10 * SECOND;
  const alone = { workers: 1, away: () => ({ viewers: 0, publishers: 0 }) };
  const leave = (canGo = true, node: Pick<LeavingGround, 'workers' | 'away'> = alone) =>
    new Leaving({ sessions, clock, log: silentLogger, ...node, pace: 40, grace, canGo: () => canGo });
  return { clock, sessions, closed, add, leave };
}

test('viewers are closed a few at a time after the grace, then publishers, other nodes never', () => {
  const { clock, closed, add, leave } = node();
  for (let i = 0; i < 39; i++) add('play');
  add('publish', 'rtmp');
  add('play', 'relay');
  const leaving = leave();
  // What players need who are told one after another is beside the grace.
  clock.advance(10.99 * SECOND);
  assert.equal(closed.length, 0);
  clock.advance(0.01 * SECOND);
  assert.deepEqual(closed, ['play shutdown', 'play shutdown']);
  clock.advance(2 * SECOND);
  assert.equal(closed.length, 40);
  assert.equal(closed.at(-1), 'publish shutdown');
  add('play');
  clock.advance(SECOND);
  assert.equal(closed.length, 41);
  leaving.stop();
  add('play');
  clock.advance(SECOND);
  assert.equal(closed.length, 41);
});

test('what records is no viewer for whom publishers would wait: it ends with them', () => {
  const { clock, closed, add, leave } = node();
  add('play', 'record');
  add('publish', 'rtmp');
  leave();
  clock.advance(12 * SECOND);
  assert.deepEqual(closed, ['publish shutdown']);
});

test('nobody is closed who has nowhere to go', () => {
  const { clock, closed, add, leave } = node();
  add('play');
  leave(false);
  clock.advance(60 * SECOND);
  assert.deepEqual(closed, []);
});

test('of several workers each takes its part of the pace, and keeps publishers until no viewer is left anywhere', () => {
  const { clock, closed, add, leave } = node();
  for (let i = 0; i < 39; i++) add('play');
  add('publish', 'rtmp');
  const others = { viewers: 1, publishers: 0 };
  leave(true, { workers: 4, away: () => others });
  // The one at another worker has his time as well.
  clock.advance(11.03 * SECOND);
  assert.equal(closed.length, 2);
  clock.advance(SECOND);
  assert.equal(closed.length, 2 + 10);
  clock.advance(10 * SECOND);
  assert.equal(closed.length, 39);
  others.viewers = 0;
  clock.advance(SECOND);
  assert.equal(closed.at(-1), 'publish shutdown');
});
