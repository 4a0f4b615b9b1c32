import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { MILLISECOND, VirtualClock } from '../base/clock.ts';
import { type Paced, Pacer, type PacerOptions } from './pacer.ts';

/** An outlet whose bursts take as long as it is told. */
class TestOutlet implements Paced {
  readonly began: number[] = [];
  /** How long it was let write each time, in milliseconds. */
  readonly turns: number[] = [];
  lagging = false;
  isClosed = false;
  /** How long a burst takes in all, and how much of it is left. */
  cost = 0;
  #left = 0;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  close(): void {
    this.isClosed = true;
  }

  begin(): void {
    this.began.push(this.#clock.now() / MILLISECOND);
    this.#left = this.cost;
  }

  flush(deadline: number): boolean {
    const spent = Math.min(this.#left, Math.max(deadline - this.#clock.now(), 0));
    this.#clock.advance(spent);
    this.turns.push(spent / MILLISECOND);
    this.#left -= spent;
    return this.#left === 0;
  }
}

function setUp(options: PacerOptions = { burstMin: 0, burstMax: 350 * MILLISECOND }) {
  mock.timers.enable({ apis: ['setImmediate'] });
  const clock = new VirtualClock();
  const faults: unknown[] = [];
  const pacer = new Pacer(options, clock, (error) => faults.push(error));
  /** Lets `ms` pass, a millisecond at a time, timers and immediates included. */
  const pass = (ms: number) => {
    for (let i = 0; i < ms; i++) {
      mock.timers.tick(0);
      clock.advance(MILLISECOND);
      mock.timers.tick(0);
    }
  };
  return {
    clock,
    pacer,
    faults,
    pass,
    outlet: () => new TestOutlet(clock),
    [Symbol.dispose]: () => mock.timers.reset(),
  };
}

test('with little to do, what has come goes out at once', () => {
  using world = setUp();
  const outlet = world.outlet();
  for (let i = 0; i < 3; i++) {
    world.pacer.wake(outlet);
    world.pacer.wake(outlet);
    world.pass(40);
  }
  assert.deepEqual(outlet.began, [0, 40, 80]);
});

test('the longer writing takes, the longer frames are gathered, up to the ceiling', () => {
  for (const [cost, least, most] of [
    [3, 10, 12],
    [30, 100, 110],
    [200, 350, 360],
  ] as const) {
    using world = setUp();
    const outlet = world.outlet();
    outlet.cost = cost * MILLISECOND;
    for (let i = 0; i < 1000; i++) {
      world.pacer.wake(outlet);
      world.pass(1);
    }
    const gaps = outlet.began.slice(1).map((at, i) => at - outlet.began[i]!);
    assert.ok(gaps.length > 1);
    for (const gap of gaps) assert.ok(gap >= least && gap <= most, `${cost} ms of writing every ${gap} ms`);
  }
});

test('a fixed length is kept whatever the load', () => {
  using world = setUp({ burstMin: 100 * MILLISECOND, burstMax: 100 * MILLISECOND });
  const outlet = world.outlet();
  for (let i = 0; i < 450; i++) {
    world.pacer.wake(outlet);
    world.pass(1);
  }
  assert.equal(outlet.began.length, 5);
});

test('a long burst is interrupted, so that publishers and joiners have their turn', () => {
  using world = setUp();
  const outlet = world.outlet();
  outlet.cost = 20 * MILLISECOND;
  world.pacer.wake(outlet);
  mock.timers.tick(0);
  assert.deepEqual(
    outlet.turns,
    Array.from({ length: 10 }, () => 2),
  );
});

test('viewers that lag are looked at again though nothing new comes', () => {
  using world = setUp();
  const outlet = world.outlet();
  outlet.lagging = true;
  world.pacer.wake(outlet);
  world.pass(35);
  assert.ok(outlet.began.length >= 3);
  outlet.lagging = false;
  world.pass(20);
  const { length } = outlet.began;
  world.pass(100);
  assert.equal(outlet.began.length, length);
});

test('what is new does not wait for those who lag, who are looked at with it', () => {
  using world = setUp();
  const [lagging, prompt] = [world.outlet(), world.outlet()];
  lagging.lagging = true;
  world.pacer.wake(lagging);
  world.pass(3);
  world.pacer.wake(prompt);
  world.pass(20);
  assert.deepEqual(prompt.began, [3]);
  assert.deepEqual(lagging.began, [0, 3, 13, 23]);
});

test('an outlet that throws is reported and closed, and the others are served', () => {
  using world = setUp();
  const [broken, sound] = [world.outlet(), world.outlet()];
  broken.begin = () => {
    throw new Error('a bug');
  };
  for (const outlet of [broken, sound]) world.pacer.wake(outlet);
  world.pass(5);
  assert.equal(world.faults.length, 1);
  assert.equal(sound.began.length, 1);
  broken.begin = () => {};
  broken.flush = () => {
    throw new Error('another bug');
  };
  for (const outlet of [broken, sound]) world.pacer.wake(outlet);
  world.pass(5);
  assert.equal(world.faults.length, 2);
  assert.ok(broken.isClosed);
  assert.equal(sound.began.length, 2);
});

test('many outlets with one viewer each are interrupted as well', () => {
  using world = setUp();
  const outlets = Array.from({ length: 10 }, world.outlet);
  for (const outlet of outlets) {
    outlet.cost = MILLISECOND;
    world.pacer.wake(outlet);
  }
  const turns: number[] = [];
  const count = () => {
    turns.push(outlets.filter(({ began }) => began.length > 0).length);
    if (turns.at(-1)! < 10) setImmediate(count);
  };
  setImmediate(count);
  mock.timers.tick(0);
  assert.deepEqual(turns, [2, 4, 6, 8, 10]);
});
