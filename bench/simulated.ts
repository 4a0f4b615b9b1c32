import { MILLISECOND, SECOND } from '../src/base/clock.ts';
import { LinkSimulation, type Scenario } from '../test/support/link-simulation.ts';
import type { Conditions } from '../test/support/network.ts';

/** What a number of runs gave, added up. */
export interface Sum {
  sent: number;
  abandoned: number;
  lost: number;
  overhead: number;
  greedy: number;
  latest: number;
}

/** A longer run is cut into runs of this, each with a seed of its own, which begin with a clock that is not known yet. */
export const RUN = 60 * SECOND;

/** What is simulated, but for its seed and its length. */
export type Path = Omit<Scenario, 'seed' | 'duration'>;

/** Runs a path until so many packets were sent; of each run, what comes before `from` does not count. */
export function simulate(path: Path, packets: number, from = 0): Sum {
  const sum: Sum = { sent: 0, abandoned: 0, lost: 0, overhead: 0, greedy: 0, latest: 0 };
  for (let seed = 1; sum.sent < packets; seed++) add(sum, { ...path, seed, duration: RUN }, from);
  return { ...sum, overhead: sum.overhead / sum.sent };
}

function add(sum: Sum, scenario: Scenario, from: number): void {
  const simulation = new LinkSimulation(scenario).run(from);
  const before = simulation.packets;
  const { sent, abandoned, lost } = simulation.run().packets;
  sum.sent += sent - before.sent;
  sum.abandoned += abandoned - before.abandoned;
  sum.lost += lost - before.lost;
  sum.overhead += simulation.overhead * (sent - before.sent);
  sum.greedy += simulation.greedy?.delivered ?? 0;
  for (const course of simulation.courses) {
    for (const [i, number] of course.came.entries()) {
      sum.latest = Math.max(sum.latest, course.cameAt[i]! - course.sent[number]!.at);
    }
  }
}

/** The same conditions both ways; `loss` in percent, times in milliseconds. */
export function path(loss: number, rtt: number, latency: number, more: Partial<Path> = {}, burst = 1): Path {
  const way: Conditions = { loss: loss / 100, burst, delay: (rtt * MILLISECOND) / 2 };
  return { down: way, up: way, latency: latency * MILLISECOND, ...more };
}

/** What stayed missing, and what it cost not to have more missing, for a table. */
export function residualOf(sum: Sum): string {
  return `${sum.abandoned === 0 ? '–' : power(sum)} (${Math.round(100 * sum.overhead)} %)`;
}

/** The share of packets that stayed missing, for a table. */
export function power({ abandoned, sent }: Sum): string {
  return abandoned === 0 ? '0' : (abandoned / sent).toExponential(1);
}

/** A share, for a table. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
