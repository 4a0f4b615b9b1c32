import { MILLISECOND, SECOND } from '../../src/base/clock.ts';
import { LinkSimulation } from '../../test/support/link-simulation.ts';
import { note } from '../measure.ts';
import { type Report, type Row, type Verdict, verdict } from '../report.ts';
import { GOALS, type Goal, isComparable, nameOfPath } from './goals.ts';
import type { LinkSettings } from './settings.ts';

/** Each simulation has a seed of its own, and lasts so long. */
const DURATION = 60 * SECOND;
/** So many packets must have crossed to tell that none stays lost, or fewer to see one in so many. */
const MOST_PACKETS = 3_000_000;
const LEAST_PACKETS = 300_000;
const TO_BE_SURE = 30;
const SEED_STEP = 7919;

/** What many simulations of one path gave together. */
interface Sum {
  packets: number;
  lost: number;
  abandoned: number;
  /** In packets, as if all were equally long. */
  overhead: number;
}

/** The paths of {@link GOALS} in the simulator, which sees in a minute what a real run sees in hours. */
export function simulate(settings: LinkSettings): Report {
  const rows: Row[] = [];
  const verdicts: Verdict[] = [];
  for (const goal of GOALS) {
    const name = nameOfPath(goal);
    note(name);
    const { packets, lost, abandoned, overhead } = simulateGoal(goal, settings);
    const figures = {
      packets,
      'lost %': (100 * lost) / packets,
      'stay lost': abandoned,
      residual: abandoned / packets,
    };
    rows.push({ server: name, figures: { ...figures, 'overhead %': (100 * overhead) / packets } });
    if (!isComparable(settings)) continue;
    verdicts.push(verdict(`residual, ${name}`, abandoned / packets, goal.residual));
    if (goal.overhead !== undefined)
      verdicts.push(verdict(`overhead in %, ${name}`, (100 * overhead) / packets, 100 * goal.overhead));
  }
  return { rows, verdicts };
}

function simulateGoal(goal: Goal, settings: LinkSettings): Sum {
  const wanted = Math.min(MOST_PACKETS, Math.max(LEAST_PACKETS, TO_BE_SURE / goal.residual));
  const sum = { packets: 0, lost: 0, abandoned: 0, overhead: 0 };
  for (let seed = settings.seed + 1; sum.packets < wanted; seed++) {
    const simulation = simulateOnce(goal, settings, seed * SEED_STEP);
    const { sent, lost, abandoned } = simulation.packets;
    sum.packets += sent;
    sum.lost += lost;
    sum.abandoned += abandoned;
    sum.overhead += simulation.overhead * sent;
  }
  return sum;
}

function simulateOnce({ loss, burst, streams }: Goal, settings: LinkSettings, seed: number): LinkSimulation {
  const { rtt, jitter, latency, rate } = settings;
  const way = { loss, burst, delay: (rtt / 2) * MILLISECOND, jitter: jitter * MILLISECOND };
  const scenario = {
    down: way,
    up: way,
    streams,
    rate: rate * 1e6,
    latency: latency * MILLISECOND,
    fec: 'auto',
  } as const;
  return new LinkSimulation({ ...scenario, seed, duration: DURATION }).run();
}
