import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Course, LinkSimulation, type Scenario } from '../../../test/support/link-simulation.ts';
import type { Conditions } from '../../../test/support/network.ts';
import { MILLISECOND, SECOND } from '../../base/clock.ts';

const ms = (time: number) => time * MILLISECOND;
const SCENARIOS = 2500;
/** Records are pushed from here on. */
const BEGIN = SECOND / 2;

/** A path both ways. */
function both(conditions: Conditions): { down: Conditions; up: Conditions } {
  return { down: conditions, up: conditions };
}

/** What must hold whatever happens. `slack` is what the clocks may be apart by. */
function checkOrder({ sent, came, cameAt }: Course, latency: number, slack: number): void {
  let video = -1;
  for (const [i, number] of came.entries()) {
    const { at, kind, startable } = sent[number]!;
    assert.ok(i === 0 || number > came[i - 1]!, `record ${number} comes after ${came[i - 1]}`);
    assert.ok(
      cameAt[i]! - at >= latency - slack,
      `record ${number} comes ${(cameAt[i]! - at) / 1000} ms after it was sent`,
    );
    if (kind !== 'video') continue;
    const before = sent.findLastIndex((each, at) => at < number && each.kind === 'video');
    assert.ok(startable || video === before, `picture ${number} comes without ${before}, which it needs`);
    video = number;
  }
}

/** How many of the records that were due for at least `margin` at the end have not come. */
function missing({ sent, came }: Course, end: number, latency: number, margin = ms(150)): number {
  const numbers = new Set(came);
  return sent.filter(({ at }, number) => at + latency + margin < end && !numbers.has(number)).length;
}

/** Scenarios as they come of their seed alone. */
function scenarioOf(seed: number): Scenario {
  const { simulation } = new LinkSimulation({ seed, duration: 0, latency: 0, ...both({}) });
  const chance = () => simulation.chance();
  const some = (share: number, most: number) => (chance() < share ? chance() * most : 0);
  const way = (): Conditions => ({
    loss: some(0.7, 0.4),
    burst: chance() < 0.3 ? 1 + chance() * 8 : 1,
    delay: ms(1) + chance() * ms(150),
    jitter: some(0.3, ms(40)),
    reorder: some(0.3, 0.5),
    reorderBy: some(1, ms(50)),
    duplicate: some(0.2, 0.2),
    outages: chance() < 0.2 ? [[ms(1200), ms(1200) + chance() * ms(900)]] : [],
    ...(chance() < 0.2 && { rate: 300_000 + chance() * 1_000_000, queue: 5000 + chance() * 30_000 }),
  });
  const kinds = chance();
  const fec = chance() < 0.3 ? 'auto' : chance() < 0.3 ? 0.05 + chance() * 0.9 : 'off';
  return {
    seed,
    duration: 2.5 * SECOND,
    latency: chance() < 0.15 ? 0 : ms(30) + chance() * ms(700),
    down: way(),
    up: way(),
    rate: 200_000 + chance() * 400_000,
    gop: 5 + Math.floor(chance() * 25),
    video: kinds > 0.1,
    audio: kinds < 0.9,
    drift: (chance() - 0.5) * 2e-4,
    fec,
    thorough: true,
  };
}

/** By how much the clocks may be wrong: by as much as one way can be slower than the other. */
function slackOf({ down, up }: Scenario): number {
  const slowest = (way: Conditions) =>
    way.delay! + way.jitter! + way.reorderBy! + (way.rate ? (way.queue! * 8 * SECOND) / way.rate : 0);
  return Math.abs(slowest(down) - up.delay!) / 2 + Math.abs(slowest(up) - down.delay!) / 2 + ms(2);
}

test(`${SCENARIOS} scenarios: nothing is damaged, out of order, early or without what it needs, and little is held`, () => {
  let allRestored = 0;
  for (let seed = 1; seed <= SCENARIOS; seed++) {
    const scenario = scenarioOf(seed);
    try {
      const simulation = new LinkSimulation(scenario).run();
      const [course] = simulation.courses as [Course];
      checkOrder(course, scenario.latency, slackOf(scenario));
      assert.ok(simulation.mostHeld < 2_000_000, `${simulation.mostHeld} bytes held`);
      const { received, repaired, restored, abandoned } = course.receiver.counters;
      assert.ok(received + repaired + restored + abandoned <= course.sender.counters.packets, 'no packet counts twice');
      allRestored += restored;
    } catch (error) {
      throw new Error(`seed ${seed}: ${JSON.stringify(scenario)}`, { cause: error });
    }
  }
  assert.ok(allRestored > 1000, `parity has restored ${allRestored} packets`);
});

describe('without loss', () => {
  for (const latency of [0, ms(20), ms(500)]) {
    test(`nothing is missing or asked for at ${latency / 1000} ms, whatever the order packets come in`, () => {
      for (let seed = 1; seed <= 10; seed++) {
        const way = latency === 0 ? { delay: ms(30) } : { delay: ms(5), reorder: 0.3, reorderBy: ms(4) };
        const { courses } = new LinkSimulation({ seed, duration: 4 * SECOND, latency, ...both(way) }).run();
        assert.equal(missing(courses[0]!, 4 * SECOND, latency), 0, `seed ${seed}`);
        assert.equal(courses[0]!.receiver.counters.abandoned, 0);
      }
    });
  }

  test('latency 0 adds 30 ms at most to the way, for 99 records of 100', () => {
    const way = { delay: ms(50) };
    const { courses } = new LinkSimulation({ seed: 1, duration: 20 * SECOND, latency: 0, ...both(way) }).run();
    assert.ok(delays(courses[0]!).at(-Math.ceil(courses[0]!.came.length / 100))! <= ms(80));
  });

  test('a latency is kept within 2 ms, though the clocks drift apart', () => {
    const scenario = { seed: 2, duration: 30 * SECOND, latency: ms(500), drift: 1e-4, ...both({ delay: ms(50) }) };
    const sorted = delays(new LinkSimulation(scenario).run().courses[0]!);
    assert.ok(sorted[0]! >= ms(498) && sorted.at(-1)! <= ms(502), `${sorted[0]} to ${sorted.at(-1)}`);
  });
});

function delays({ sent, came, cameAt }: Course): Float64Array {
  return Float64Array.from(came, (number, i) => cameAt[i]! - sent[number]!.at).sort();
}

describe('at a latency of 500 ms and a round trip of 100 ms', () => {
  const figures: [name: string, way: Conditions, residual: number, overhead: number][] = [
    ['5 %', { loss: 0.05 }, 0, 0.08],
    ['10 %', { loss: 0.1 }, 1e-4, 0.15],
    ['20 %', { loss: 0.2 }, 3e-4, 0.35],
    ['30 %', { loss: 0.3 }, 2e-3, 0.6],
    ['10 % in bursts of 5', { loss: 0.1, burst: 5 }, 2e-4, 0.15],
  ];
  for (const [name, way, residual, overhead] of figures) {
    test(`a loss of ${name} is repaired within its bounds`, () => {
      const scenario = { seed: 3, duration: 40 * SECOND, latency: ms(500), ...both({ ...way, delay: ms(50) }) };
      const simulation = new LinkSimulation(scenario).run();
      const { sent, abandoned } = simulation.packets;
      assert.ok(abandoned / sent <= residual, `${abandoned} of ${sent} are missing`);
      assert.ok(simulation.overhead <= overhead, `overhead ${simulation.overhead}`);
    });
  }

  test('ten streams fare as one, and none waits for another', () => {
    const way = { loss: 0.05, delay: ms(50) };
    const scenario = { seed: 4, duration: 10 * SECOND, latency: ms(500), streams: 10, rate: 2_000_000, ...both(way) };
    const { courses } = new LinkSimulation(scenario).run();
    assert.equal(courses.length, 10);
    for (const course of courses) {
      assert.equal(missing(course, 10 * SECOND, ms(500)), 0);
      assert.ok(delays(course).at(-1)! <= ms(502));
    }
  });

  test('an outage of 300 ms is repaired whole, wherever it falls', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const from = 3 * SECOND + seed * ms(170);
      const way: Conditions = { delay: ms(50), outages: [[from, from + ms(300)]] };
      const { courses } = new LinkSimulation({ seed, duration: 7 * SECOND, latency: ms(500), ...both(way) }).run();
      assert.equal(missing(courses[0]!, 7 * SECOND, ms(500)), 0, `seed ${seed}`);
    }
  });

  test('after an outage of 3 s play goes on within 1 s, at a key frame', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const end = 6 * SECOND + seed * ms(170);
      const way: Conditions = { delay: ms(50), outages: [[end - 3 * SECOND, end]] };
      const simulation = new LinkSimulation({ seed, duration: end + 3 * SECOND, latency: ms(500), ...both(way) }).run();
      const course = simulation.courses[0]!;
      const first = course.came.findIndex(
        (number, i) => course.cameAt[i]! > end && course.sent[number]!.kind === 'video',
      );
      assert.ok(
        course.cameAt[first]! <= end + SECOND,
        `seed ${seed}: after ${(course.cameAt[first]! - end) / 1000} ms`,
      );
      assert.equal(course.sent[course.came[first]!]!.startable, true);
      checkOrder(course, ms(500), ms(2));
    }
  });

  test('whichever side starts anew, every record after that is played', () => {
    for (const restart of ['restartEdge', 'restartOrigin'] as const) {
      const way = { loss: 0.05, delay: ms(50) };
      const simulation = new LinkSimulation({ seed: 5, duration: 8 * SECOND, latency: ms(500), ...both(way) });
      for (let round = 1; round <= 3; round++) {
        simulation.run(round * 2 * SECOND);
        simulation[restart]();
        const restarted = simulation.simulation.now;
        simulation.run(restarted + 1.7 * SECOND);
        const { sent, came } = simulation.courses[0]!;
        const after = [...sent.keys()].filter((number) => sent[number]!.at > restarted);
        const due = after.filter((number) => sent[number]!.at < simulation.simulation.now - ms(700));
        assert.ok(due.length > 50);
        assert.deepEqual(
          due.filter((number) => !came.includes(number)),
          [],
          `${restart}, round ${round}`,
        );
      }
    }
  });
});

describe('with parity where there is no time for repairs', () => {
  /** From here on it is known what the path loses. */
  const KNOWN = 6 * SECOND;

  const cases: [rtt: number, latency: number, loss: number, burst: number, residual: number, overhead: number][] = [
    [100, 100, 0.01, 1, 1e-4, 0.26],
    [100, 100, 0.05, 1, 5e-4, 0.5],
    [100, 150, 0.05, 1, 5e-4, 0.35],
    [100, 200, 0.1, 1, 5e-4, 0.4],
    [200, 300, 0.1, 1, 1e-3, 0.42],
    [100, 200, 0.05, 5, 2e-3, 0.9],
  ];
  for (const [rtt, latency, loss, burst, residual, overhead] of cases) {
    const name = `${100 * loss} %${burst > 1 ? ` in bursts of ${burst}` : ''} at ${latency} ms and a round trip of ${rtt} ms`;
    test(`a loss of ${name} is restored within its bounds`, () => {
      const way = { loss, burst, delay: ms(rtt / 2) };
      const scenario = { seed: 8, duration: 40 * SECOND, latency: ms(latency), fec: 'auto', ...both(way) } as const;
      const simulation = new LinkSimulation(scenario).run(KNOWN);
      const before = simulation.packets;
      const after = simulation.run().packets;
      const [sent, abandoned] = [after.sent - before.sent, after.abandoned - before.abandoned];
      assert.ok(abandoned / sent <= residual, `${abandoned} of ${sent} are missing`);
      assert.ok(simulation.overhead <= overhead, `overhead ${simulation.overhead}`);
    });
  }

  test('it ends by itself when nothing is lost any more', () => {
    const scenario = { seed: 9, duration: 500 * SECOND, latency: ms(150), rate: 500_000, fec: 'auto' } as const;
    const way = { delay: ms(50) };
    const simulation = new LinkSimulation({ ...scenario, down: { ...way, loss: 0.05 }, up: way }).run(10 * SECOND);
    const { counters } = simulation.courses[0]!.receiver;
    assert.ok(counters.restored > 0);
    simulation.down.conditions = way;
    simulation.run(480 * SECOND);
    const { parity } = simulation.courses[0]!.receiver.counters;
    simulation.run();
    assert.equal(simulation.courses[0]!.receiver.counters.parity, parity);
  });

  test('a full path is left to the media', () => {
    const rate = 4_250_000 / 0.95;
    const down: Conditions = { delay: ms(50), rate, queue: (rate / 8) * 0.03 };
    const scenario = { seed: 6, duration: 120 * SECOND, latency: ms(150), down, up: { delay: ms(50) } };
    const lostWith = (fec: 'auto' | 'off') => {
      const simulation = new LinkSimulation({ ...scenario, fec }).run(60 * SECOND);
      const before = simulation.packets;
      return simulation.run().packets.lost - before.lost;
    };
    assert.ok(lostWith('auto') < 1.1 * lostWith('off'), `${lostWith('auto')} and ${lostWith('off')} are lost`);
  });
});

test('on a full path with a greedy flow beside, repairs lower what is lost in the end and hardly raise what is lost on the way', () => {
  for (const [part, queue] of [
    [0.7, 0.1],
    [0.95, 0.1],
    [0.95, 0.03],
  ] as const) {
    const rate = 4_250_000 / part;
    const way: Conditions = { delay: ms(50), rate, queue: (rate / 8) * queue };
    const scenario = { duration: 20 * SECOND, latency: ms(500), down: way, up: { delay: ms(50) }, greedy: true };
    const sum = { sent: 0, lost: 0, plainLost: 0, missing: 0, plainMissing: 0, others: 0, plainOthers: 0 };
    for (const seed of [6, 7, 8]) {
      const repaired = new LinkSimulation({ ...scenario, seed }).run();
      const plain = new LinkSimulation({ ...scenario, seed, withoutRepair: true }).run();
      sum.sent += plain.packets.sent;
      sum.lost += repaired.packets.lost;
      sum.plainLost += plain.packets.lost;
      sum.missing += repaired.packets.abandoned;
      sum.plainMissing += plain.packets.abandoned;
      sum.others += repaired.greedy!.delivered;
      sum.plainOthers += plain.greedy!.delivered;
    }
    assert.ok(sum.plainLost > 0.02 * sum.sent, 'the path is full');
    assert.ok(sum.missing < sum.plainMissing, 'fewer are missing in the end');
    assert.ok(sum.lost < sum.plainLost * 1.1, `${sum.lost} and ${sum.plainLost} are lost`);
    assert.ok(sum.others > sum.plainOthers / 2, 'the other flow goes on');
  }
});

test('a scenario is the same each time it is run', () => {
  const run = () => {
    const { courses, controlBytes } = new LinkSimulation(scenarioOf(77)).run();
    return { came: courses[0]!.came, at: courses[0]!.cameAt, controlBytes };
  };
  assert.deepEqual(run(), run());
  assert.ok(run().at.every((at) => at >= BEGIN));
});
