import { setImmediate as drained } from 'node:timers/promises';
import { type Clock, SECOND } from '../../src/base/clock.ts';
import { RedisDirectory } from '../../src/cluster/directory/redis.ts';
import { NO_LOAD } from '../../src/net/cluster.ts';
import { MemoryPlaces, type Places } from '../../src/net/places.ts';
import { silentLogger } from '../../src/ops/log.ts';
import { systemClock } from '../../src/ops/system-clock.ts';
import { Simulation } from '../../test/support/network.ts';
import { startRedis } from '../../test/support/redis.ts';
import { anyFront, Rush, type RushOutcome } from '../../test/support/rush.ts';
import type { Owner } from '../../test/support/until.ts';
import type { Figures } from '../report.ts';

/** From 220 to 880 viewers, 11,000 together. */
const CAPACITIES = Array.from({ length: 20 }, (_, i) => Math.round(220 + (660 * i) / 19));
const PLAN = { seed: 1, capacities: CAPACITIES, joins: 10_000, lasting: 10 * SECOND };
const DISPATCHERS = 2;
/** When the last ones have come. */
const END = PLAN.lasting + 3 * SECOND;

/** Ten thousand come within ten seconds to twenty unequal nodes, sent by two who know of each other by memory alone. */
export async function rushInMemory(): Promise<Figures> {
  const simulation = new Simulation(PLAN.seed);
  const clock: Clock = {
    now: () => simulation.now,
    wall: () => simulation.now,
    after(delay, action) {
      simulation.at(simulation.now + delay, action);
      return () => {};
    },
  };
  const places = new MemoryPlaces(clock);
  const rush = new Rush({ ...PLAN, places: Array<Places>(DISPATCHERS).fill(places), clock });
  void rush.begin();
  await drained();
  while (simulation.next <= END) {
    simulation.run(simulation.next);
    await drained();
  }
  return figuresOf(rush.outcome);
}

/** The same in real time, by a real Redis. */
export async function rushInRedis(owner: Owner): Promise<Figures> {
  const redis = await startRedis(owner);
  const open = async (): Promise<Places> => {
    const directory = await RedisDirectory.open(redis.url, 'rush', silentLogger);
    owner.after(() => directory.close());
    return {
      async offer(id, ...told) {
        await directory.beat({ id, role: 'edge', version: '1', since: 5, load: NO_LOAD, front: anyFront }, []);
        await directory.offer(id, ...told);
      },
      reserve: (wanted) => directory.reserve(wanted),
    };
  };
  const places = [await open(), await open()];
  const rush = new Rush({ ...PLAN, places, clock: systemClock });
  await rush.begin();
  const { outcome } = rush;
  rush.end();
  return figuresOf(outcome);
}

function figuresOf({ fullest, spread, refused }: RushOutcome): Figures {
  return { 'fullest %': 100 * fullest, 'spread %': 100 * spread, refused };
}
