import { Cleanup } from '../cluster/cleanup.ts';
import { answers } from '../dispatch/answers.ts';
import { drain } from '../dispatch/drain.ts';
import { kill } from '../dispatch/kill.ts';
import { rushInMemory, rushInRedis } from '../dispatch/rush.ts';
import { note } from '../measure.ts';
import { type Figures, type Report, type Row, verdict } from '../report.ts';
import type { Settings } from '../settings.ts';

/** Lines: how fast they are given, whether they spread viewers as they should, and what becomes of viewers when a node goes. */
export async function dispatch(settings: Settings): Promise<Report> {
  const rows: Row[] = [];
  const measure = async (server: string, take: (cleanup: Cleanup) => Promise<Figures>): Promise<Figures> => {
    note(server);
    const cleanup = new Cleanup();
    try {
      const figures = await take(cleanup);
      rows.push({ server, figures });
      return figures;
    } finally {
      await cleanup.run();
    }
  };
  const given = await measure('lines', (cleanup) => answers(cleanup, settings, 1));
  await measure('lines, by 2 workers', (cleanup) => answers(cleanup, settings, 2));
  const memory = await measure('10,000 joins, in memory', rushInMemory);
  const redis = await measure('10,000 joins, by Redis', rushInRedis);
  const killed = await measure('edge killed', (cleanup) => kill(cleanup, settings.viewers[0]!));
  const drained = await measure('node drained', drain);
  const worst = (name: string) => Math.max(memory[name]!, redis[name]!);
  return {
    rows,
    verdicts: [
      verdict('5,000 answers with lines, ms', 5_000_000 / given['answers/s']!, 1000),
      verdict('an answer with lines, p99, ms', given['p99 ms']!, 20),
      verdict('the fullest of 20 nodes, % of what it is built for', worst('fullest %'), 105),
      verdict('how far a node is from the mean, % of that', worst('spread %'), 5),
      verdict('play again through another line after a kill, p95, ms', killed['again p95 ms']!, 1500),
      verdict('viewers of a drained node that lost a frame', drained['viewers that lost a frame']!, 0),
      verdict('reconnects of a publisher of a drained node', drained['reconnects of a publisher']!, 1),
    ],
  };
}
