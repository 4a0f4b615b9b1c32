import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { type Asked, Audience } from './audience.ts';

function asked(ticket: string): Asked {
  return { ticket, path: '__defaultVhost__/live/movie', protocols: ['http-flv'], region: '', query: '', host: '' };
}

test('who listens is told a few at a time, those who have left meanwhile are not', () => {
  const clock = new VirtualClock();
  const audience = new Audience(clock, 100);
  const told: string[] = [];
  const leaves = Array.from({ length: 50 }, (_, i) => audience.join(asked(`${i}`), (event) => void told.push(event)));
  const telling = audience.tell(
    ({ ticket }) => ticket !== '0',
    () => ['move', {}],
  );
  assert.deepEqual({ ...telling }, { meant: 49, told: 0 });
  assert.equal(told.length, 0);
  clock.advance(0);
  assert.equal(told.length, 5);
  clock.advance(SECOND / 4);
  assert.equal(told.length, 30);
  for (const leave of leaves.slice(40)) leave();
  clock.advance(SECOND);
  assert.equal(told.length, 39);
  assert.deepEqual([telling.told, audience.isIdle], [39, true]);
});

test('each is told at a pace of its own, and of too many at once the oldest no further', () => {
  const clock = new VirtualClock();
  const audience = new Audience(clock, 100);
  const told: string[] = [];
  for (let i = 0; i < 10; i++) audience.join(asked(`${i}`), (event) => void told.push(event));
  const all = () => true;
  const slow = audience.tell(all, () => ['slow', {}], 2);
  audience.tell(all, () => ['fast', {}]);
  clock.advance(SECOND);
  assert.equal(told.filter((event) => event === 'fast').length, 10);
  assert.equal(slow.told, 3);
  for (let i = 0; i < 16; i++) audience.tell(all, () => ['more', {}], 1);
  clock.advance(10 * SECOND);
  assert.equal(slow.told, 3);
  assert.equal(told.filter((event) => event === 'more').length, 160);
  assert.ok(audience.isIdle);
});

test('it is known which nodes somebody may be at, also when he has come anew', () => {
  const audience = new Audience(new VirtualClock(), 100);
  audience.give('x', ['a', 'b']);
  audience.join(asked('x'), () => {});
  audience.give('x', ['c']);
  const nodes: unknown[] = [];
  audience.tell(
    (listener) => {
      nodes.push([...listener.nodes!].join(''));
      return false;
    },
    () => undefined,
  );
  assert.deepEqual(nodes, ['abc']);
});

test('what somebody is told is asked when it is his turn', () => {
  const clock = new VirtualClock();
  const audience = new Audience(clock, 1);
  const told: object[] = [];
  for (const ticket of ['x', 'y']) audience.join(asked(ticket), (_, data) => void told.push(data));
  let count = 0;
  audience.tell(
    () => true,
    ({ ticket }) => ['move', { ticket, count: count++ }],
  );
  clock.advance(0);
  assert.deepEqual([told, count], [[{ ticket: 'x', count: 0 }], 1]);
  audience.close();
  clock.advance(SECOND);
  assert.equal(told.length, 1);
});
