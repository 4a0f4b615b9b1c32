import { withViewers } from '../measure.ts';
import type { Report } from '../report.ts';
import type { Settings } from '../settings.ts';
import { compare, type Goal } from './compare.ts';

const JOINS_A_SECOND = 20;
const GOALS: Goal[] = [
  { figure: 'p50 ms', most: 2, title: 'first key frame p50 in ms' },
  { figure: 'p99 ms', most: 30, title: 'first key frame p99 in ms' },
];

/** How long a viewer waits, from connecting to its first whole key frame, while others watch the same stream. */
export function join(settings: Settings): Promise<Report> {
  return compare(settings, GOALS, (kind, protocol, viewers) =>
    withViewers(kind, { protocol, viewers, tick: 0 }, settings, async ({ load }) => {
      const { key, failed } = await load.join(JOINS_A_SECOND * settings.seconds, JOINS_A_SECOND);
      return { viewers, 'p50 ms': key.p50, 'p99 ms': key.p99, 'max ms': key.max, joins: key.count, failed };
    }),
  );
}
