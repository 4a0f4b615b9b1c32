import { type Figures, type Verdict, verdict } from '../report.ts';
import type { LinkSettings } from './settings.ts';

/** What the link is to reach with a latency of 500 ms, over a path of 100 ms there and back. */
export interface Goal {
  /** The share of the packets that is lost, and how many in a row. */
  readonly loss: number;
  readonly burst: number;
  readonly streams: number;
  /** The share that may stay lost. */
  readonly residual: number;
  /** Repairs, requests and reports as a share of the media; absent where nothing is asked. */
  readonly overhead?: number;
}

/** The paths that are spoken of; real runs are held against the same figures as simulated ones. */
export const GOALS: readonly Goal[] = [
  { loss: 0, burst: 1, streams: 1, residual: 0 },
  { loss: 0.05, burst: 1, streams: 1, residual: 0 },
  { loss: 0.1, burst: 1, streams: 1, residual: 1e-5, overhead: 0.15 },
  { loss: 0.2, burst: 1, streams: 1, residual: 1e-4, overhead: 0.35 },
  { loss: 0.3, burst: 1, streams: 1, residual: 1e-3, overhead: 0.6 },
  { loss: 0.1, burst: 5, streams: 1, residual: 1e-5 },
  { loss: 0.05, burst: 1, streams: 10, residual: 0 },
];

/** A goal's path in a few words. */
export function nameOfPath({ loss, burst, streams }: Goal): string {
  return [`${100 * loss} %`, burst > 1 && `bursts of ${burst}`, streams > 1 && `${streams} streams`]
    .filter(Boolean)
    .join(', ');
}

/** What the original nodes reached where media was lost and repairs took 40 ms there and back: how late the latest frame came. */
export interface OriginalLag {
  /** Of the stream, in Mbit/s. */
  readonly rate: number;
  readonly loss: number;
  /** From the frame that came soonest after its time, in milliseconds. */
  readonly lag: number;
}

/** Their lags on one machine, as they were measured once. */
export const ORIGINAL_LAGS: readonly OriginalLag[] = [
  { rate: 0.9, loss: 0.01, lag: 806 },
  { rate: 0.9, loss: 0.05, lag: 849 },
  { rate: 6, loss: 0.01, lag: 330 },
  { rate: 6, loss: 0.05, lag: 4115 },
];
export const ORIGINAL_RTT = 40;
/** Of the original's lag, what ours may have. */
const SHARE_OF_LAG = 1 / 4;

const GOAL_LATENCY = 500;
const GOAL_RTT = 100;
/** In milliseconds. */
const MOST_AT_ONCE = 30;
const MOST_ASTRAY = 10;
const MOST_TO_RESUME = 1000;

/** Whether the path is one that the goals are about. */
export function isComparable({ latency, rtt, limit }: LinkSettings): boolean {
  return latency >= GOAL_LATENCY && rtt <= GOAL_RTT && limit === 0;
}

/** Holds a real run against what can be asked of it. */
export function judge(figures: Figures, settings: LinkSettings): Verdict[] {
  const verdicts = [verdict('pictures that cannot be decoded', figures['faulty']!, 0)];
  const goal = GOALS.find(
    ({ loss, burst, streams }) =>
      loss === settings.loss / 100 && burst === settings.burst && streams === settings.streams,
  );
  if (goal && isComparable(settings) && settings.outage <= 0) {
    const most = Math.ceil(goal.residual * figures['packets']!);
    verdicts.push(verdict('holes', figures['holes']!, most));
    if (goal.overhead !== undefined)
      verdicts.push(verdict('overhead in %', figures['overhead %']!, 100 * goal.overhead));
  }
  return [...verdicts, ...judgeTimes(figures, settings)];
}

/** Holds a run of the legacy link, in the original's conditions, against the original. */
export function judgeLegacy(figures: Figures, { lag }: OriginalLag): Verdict[] {
  return [
    verdict('frames missing', figures['missing']!, 0),
    verdict('longest lag in ms', figures['lag ms']!, lag * SHARE_OF_LAG),
  ];
}

/** What is lost on the way may differ by so much from run to run. */
const [ALIKE_FACTOR, ALIKE_POINTS] = [1.1, 0.5];

/** Holds a run on a narrow path against one whose repairs were kept from it: they must not make anything worse. */
export function judgeNarrow(repaired: Figures, plain: Figures): Verdict[] {
  const mostLost = ALIKE_FACTOR * plain['path loss %']! + ALIKE_POINTS;
  return [
    verdict('path loss % with repairs', repaired['path loss %']!, mostLost),
    verdict('frames missing with repairs', repaired['missing']!, plain['missing']!),
  ];
}

function judgeTimes(figures: Figures, { latency, loss, rtt, outage }: LinkSettings): Verdict[] {
  const verdicts: Verdict[] = [];
  if (outage > 0 && outage < latency && loss === 0)
    verdicts.push(verdict('frames missing after the outage', figures['missing']!, 0));
  if (outage > latency) verdicts.push(verdict('ms until play went on', figures['resume ms']!, MOST_TO_RESUME));
  if (loss > 0 || outage > 0) return verdicts;
  if (latency === 0) return [...verdicts, verdict('added delay p99 in ms', figures['p99 ms']!, MOST_AT_ONCE)];
  const astray = Math.abs(figures['p50 ms']! + rtt / 2 - latency);
  return [...verdicts, verdict('hand-over, ms from where it is to be', astray, MOST_ASTRAY)];
}
