import { wait, withViewers } from '../measure.ts';
import type { Report } from '../report.ts';
import type { Settings } from '../settings.ts';
import { compare, type Goal } from './compare.ts';

const GOALS: Goal[] = [
  { figure: 'p50 ms', most: 5, title: 'delay p50 in ms' },
  { figure: 'p99 ms', most: 20, title: 'delay p99 in ms' },
];

/** How long a frame takes from the publisher's write to the viewer's read. The floor is its own publisher. */
export function latency(settings: Settings): Promise<Report> {
  return compare(settings, GOALS, (kind, protocol, viewers) =>
    withViewers(kind, { protocol, viewers, tick: 0 }, settings, async ({ load }) => {
      load.begin();
      await wait(settings.seconds);
      const { delay, checked, viewers: left } = await load.end();
      const { holes, damaged, backwards } = checked;
      const times = { 'p50 ms': delay.p50, 'p99 ms': delay.p99, 'max ms': delay.max };
      return { viewers, ...times, frames: delay.count, lost: viewers - left, faulty: holes + damaged + backwards };
    }),
  );
}
