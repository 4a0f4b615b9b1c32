import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anyCandidate, anyFront, anyWish } from '../../test/support/rush.ts';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { Sessions } from '../hub/session.ts';
import { MemoryPlaces } from '../net/places.ts';
import { Audience } from './audience.ts';
import { Desk } from './desk.ts';
import { Moves, moveNews, readMoveNews } from './moves.ts';

const { path } = anyWish;
const NODES = ['a', 'b', 'c'].map((id) =>
  anyCandidate(id, { front: { ...anyFront, region: id === 'c' ? 'far' : '' } }),
);

/** Node `a`, its sessions, and those who listen to it. */
function node() {
  const clock = new VirtualClock();
  clock.advance(SECOND);
  const sessions = new Sessions(clock);
  const audience = new Audience(clock, 10);
  const desk = new Desk(new MemoryPlaces(clock), clock);
  const moves = new Moves({ audience, nodes: { all: NODES, id: 'a' }, desk, sessions, clock });
  const watch = (at = path, protocol = 'http-flv') => {
    const session = sessions.open({ protocol, remote: '', close() {} });
    session.role = 'play';
    session.path = at;
    return () => sessions.remove(session);
  };
  const told: string[] = [];
  const listen = (ticket: string, nodes: readonly string[], at = path) => {
    const asked = { ticket, path: at, protocols: ['http-flv'], region: '', query: '', host: '' };
    audience.give(ticket, nodes);
    audience.join(asked, (event, data) => {
      const { to, from, exclude } = data as { to?: { node: string }; from?: string[]; exclude?: string[] };
      told.push(`${ticket} ${event} ${to?.node ?? ''} from ${from?.join() ?? ''} not ${exclude?.join() ?? ''}`);
    });
  };
  return { clock, moves, watch, listen, told };
}

test('a move is followed: who is told, and who of those that are to go has gone', () => {
  const { clock, moves, watch, listen, told } = node();
  const leaves = [watch(), watch(), watch()];
  watch('__defaultVhost__/live/other');
  watch(path, 'relay');
  for (const ticket of ['x', 'y']) listen(ticket, ['a', 'b']);
  listen('z', ['b']);
  listen('w', ['a'], '__defaultVhost__/live/other');
  moves.begin({ id: 'm', node: 'a', path, to: 'b' });
  clock.advance(0);
  assert.deepEqual(moves.tallies, [{ id: 'm', meant: 2, told: 1, viewers: 3, stay: 3 }]);
  leaves[0]!();
  clock.advance(SECOND / 10);
  // Who comes later is not meant.
  watch();
  assert.deepEqual(moves.tallies, [{ id: 'm', meant: 2, told: 2, viewers: 3, stay: 2 }]);
  assert.deepEqual(told, ['x move b from a not ', 'y move b from a not ']);
});

test('who is to leave which node is said by node, region, where they go, or where they do not', () => {
  const leaving = (wish: object) => {
    const { moves, watch, clock } = node();
    watch();
    clock.advance(1);
    moves.begin({ id: 'm', ...wish });
    return moves.tallies[0]!.viewers;
  };
  assert.deepEqual(
    [{ node: 'a' }, { node: 'b' }, { region: 'far' }, { region: '' }, { path, to: 'b' }, { path, to: 'a' }].map(
      leaving,
    ),
    [1, 0, 0, 1, 1, 0],
  );
  assert.deepEqual(
    [
      { path, exclude: ['a'] },
      { path, exclude: ['b'] },
      { node: 'a', to: 'a' },
    ].map(leaving),
    [1, 0, 0],
  );
});

test('a move has a pace of its own, is begun once, and is forgotten', () => {
  const { clock, moves, listen, told } = node();
  for (let i = 0; i < 6; i++) listen(`${i}`, ['a']);
  const move = { id: 'm', node: 'a', pace: 2 };
  for (let i = 0; i < 2; i++) moves.begin(readMoveNews(JSON.parse(JSON.stringify(moveNews(move))))!);
  clock.advance(SECOND);
  assert.equal(told.length, 3);
  clock.advance(10 * SECOND);
  assert.equal(told.length, 6);
  assert.match(told[0]!, /^0 move {2}from {2}not a$/);
  for (let i = 0; i < 9; i++) moves.begin({ id: `more ${i}`, node: 'b' });
  assert.deepEqual([moves.tallies.length, moves.tallies[0]!.id], [8, 'more 1']);
  clock.advance(301 * SECOND);
  assert.deepEqual(moves.tallies, []);
});

test('news of a move are read with care', () => {
  assert.equal(readMoveNews({ type: 'move', node: 'a' })!.node, 'a', 'as nodes of older versions tell it');
  assert.ok(readMoveNews({ type: 'move', node: 'a' })!.id.length > 0);
  for (const wrong of [
    { type: 'else' },
    { type: 'move', pace: 0 },
    { type: 'move', pace: 1e6 },
    { type: 'move', to: 7 },
  ])
    assert.equal(readMoveNews(wrong), undefined);
});
