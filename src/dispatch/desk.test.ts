import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as drained } from 'node:timers/promises';
import { Simulation } from '../../test/support/network.ts';
import { anyCandidate, anyWish, Rush } from '../../test/support/rush.ts';
import { type Clock, MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import { MemoryPlaces, PLACE_LIFE, type Places, UNLIMITED } from '../net/places.ts';
import { Desk } from './desk.ts';
import { fieldOfViewer } from './rank.ts';

/** Twenty nodes, the greatest of which takes four times as many as the least; 11,000 in all. */
const CAPACITIES = Array.from({ length: 20 }, (_, i) => 220 + 660 * (i / 19)).map(Math.round);

function fieldOf(...ids: string[]) {
  return fieldOfViewer(
    ids.map((id) => anyCandidate(id)),
    anyWish,
  );
}

/** A clock that an event moves, and what runs it. */
function simulated(seed: number): { simulation: Simulation; clock: Clock; run: (until: number) => Promise<void> } {
  const simulation = new Simulation(seed);
  const clock: Clock = {
    now: () => simulation.now,
    wall: () => simulation.now,
    after(delay, action) {
      let isCancelled = false;
      simulation.at(simulation.now + delay, () => isCancelled || action());
      return () => void (isCancelled = true);
    },
  };
  const run = async (until: number) => {
    await drained();
    while (simulation.next <= until) {
      simulation.run(simulation.next);
      await drained();
    }
  };
  return { simulation, clock, run };
}

/** Places that are some milliseconds away. */
function faraway(places: Places, { simulation }: { simulation: Simulation }): Places {
  const away = <T>(act: () => Promise<T>) =>
    new Promise<T>((resolve) => {
      const way = () => simulation.now + (1 + simulation.random.below(4)) * MILLISECOND;
      simulation.at(way(), () => void act().then((answer) => simulation.at(way(), () => resolve(answer))));
    });
  return {
    offer: (...told) => away(() => places.offer(...told)),
    reserve: (wanted) => away(() => places.reserve(wanted)),
  };
}

describe('10,000 viewers who come to 20 unequal nodes within 10 s, sent by two', () => {
  for (const [seed, load] of [
    [1, 1],
    [2, 1],
    [3, 1.3],
  ] as const) {
    test(`none of which is ever too full (seed ${seed}, ${load * 91} % of all places)`, async () => {
      const world = simulated(seed);
      const places = new MemoryPlaces(world.clock);
      const two = [faraway(places, world), faraway(places, world)];
      const joins = Math.round(10_000 * load);
      const rush = new Rush({
        ...{ seed, capacities: CAPACITIES, joins, lasting: 10 * SECOND, places: two, clock: world.clock },
      });
      void rush.begin();
      await world.run(13 * SECOND);
      const { fullest, spread, refused, viewers } = rush.outcome;
      const all = viewers.reduce((sum, each) => sum + each, 0);
      assert.equal(all + refused, joins);
      assert.ok(fullest <= 1, `the fullest has ${fullest}`);
      assert.ok(spread <= 0.05, `spread ${spread}`);
      // Those on the way keep a place that may be counted twice until the node tells of them.
      if (load <= 1) assert.equal(refused, 0);
      else assert.ok(all >= 0.97 * 11_000, `${all} came in`);
    });
  }
});

test('one who asks again has one place, wherever that is', async () => {
  const clock = new VirtualClock();
  const places = new MemoryPlaces(clock);
  await places.offer('a', { share: 0, cost: 0.5, places: 2 }, []);
  await places.offer('b', { share: 0, cost: 0.5, places: 2 }, []);
  const desk = new Desk(places, clock);
  for (const field of [fieldOf('a'), fieldOf('a'), fieldOf('b')]) await desk.take('x', field);
  assert.deepEqual(
    [...desk.rooms].map(([id, { reserved }]) => [id, reserved]),
    [
      ['a', 0],
      ['b', 1],
    ],
  );
});

test('a place is kept for ten seconds, or until its viewer has come', async () => {
  const clock = new VirtualClock();
  const places = new MemoryPlaces(clock);
  const desk = new Desk(places, clock);
  const offer = (left: number, arrived: string[] = []) =>
    places.offer('a', { share: 0, cost: 0.5, places: left }, arrived);
  await offer(2);
  assert.equal(await desk.take('x', fieldOf('a')), 'a');
  assert.equal(await desk.take('y', fieldOf('a')), 'a');
  assert.equal(await desk.take('z', fieldOf('a')), undefined);
  await offer(1, ['x']);
  assert.equal(await desk.take('z', fieldOf('a')), undefined);
  clock.advance(PLACE_LIFE);
  assert.equal(await desk.take('z', fieldOf('a')), 'a');
});

test('all who come at the same time are asked for together, and each sees the place of the one before him', async () => {
  const clock = new VirtualClock();
  const memory = new MemoryPlaces(clock);
  for (const id of ['a', 'b']) await memory.offer(id, { share: 0, cost: 0.01, places: UNLIMITED }, []);
  const calls: number[] = [];
  const places: Places = {
    offer: (...told) => memory.offer(...told),
    reserve(wanted) {
      calls.push(wanted.length);
      return memory.reserve(wanted);
    },
  };
  const desk = new Desk(places, clock);
  const taken = await Promise.all(Array.from({ length: 100 }, (_, i) => desk.take(`${i}`, fieldOf('a', 'b'))));
  assert.equal(taken.filter((id) => id === 'a').length, 50);
  assert.ok(calls.length <= 3, `${calls}`);
});

test('while nobody can be asked one goes on with what is known', async () => {
  const clock = new VirtualClock();
  const memory = new MemoryPlaces(clock);
  for (const id of ['a', 'b']) await memory.offer(id, { share: 0, cost: 0.01, places: 10 }, []);
  let isDown = false;
  const places: Places = {
    offer: (...told) => memory.offer(...told),
    reserve: (wanted) => (isDown ? Promise.reject(new Error('down')) : memory.reserve(wanted)),
  };
  const desk = new Desk(places, clock);
  await desk.look();
  isDown = true;
  const take = async (i: number) => desk.take(`${i}`, fieldOf('a', 'b'));
  const taken = [];
  for (let i = 0; i < 20; i++) taken.push(await take(i));
  assert.equal(taken.filter((id) => id === 'a').length, 10);
  assert.equal(await take(20), undefined);
});

test('nobody is turned away because of what is not known yet', async () => {
  const clock = new VirtualClock();
  const never: Places = { offer: async () => {}, reserve: () => Promise.reject(new Error('down')) };
  assert.equal(await new Desk(never, clock).take('x', fieldOf('a')), 'a');
  const places = new MemoryPlaces(clock);
  await places.offer('a', { share: 0, cost: 0.01, places: 1 }, []);
  assert.equal(await new Desk(places, clock).take('x', fieldOf('a')), 'a');
});
