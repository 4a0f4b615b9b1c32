import { MILLISECOND } from '../../../base/clock.ts';
import { inMs, inPercent } from '../figures.ts';
import type { Rule } from '../rule.ts';

/** A process has one thread: beyond this it has no room for the next hundred viewers, and then none at all. */
const BUSY = 0.85;
const OVER = 0.97;
const LATE = 100 * MILLISECOND;
const VERY_LATE = 500 * MILLISECOND;

/** A process of this node has more to do than it can. */
export const nodeBusy: Rule = {
  name: 'node-busy',
  where: 'node',
  what: 'Worker {worker} of this node was at work {busy_percent} % of the last minute, and what it had to do waited up to {delay_ms} ms: frames leave it late, for all streams.',
  remedy:
    'Send viewers to other nodes, or add one as an edge; with cores to spare set cluster.workers to auto. If something else takes the machine, move that.',
  judge({ loads }) {
    const bad = loads.filter(({ busy, delay }) => busy >= BUSY || delay >= LATE);
    return bad.map(({ worker, busy, delay }) => {
      const figures = { worker, busy_percent: inPercent(busy), delay_ms: inMs(delay) };
      return { severity: busy >= OVER || delay >= VERY_LATE ? ('error' as const) : ('warning' as const), figures };
    });
  },
};
