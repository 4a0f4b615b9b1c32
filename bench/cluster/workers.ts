import type { Protocol } from '../load.ts';
import { headwater, note, type Playing, wait, withViewers } from '../measure.ts';
import type { Usage } from '../process.ts';
import { combine, type Figures, type Report, type Row, type Verdict, verdict } from '../report.ts';
import type { Settings } from '../settings.ts';

/** As in `fanout`: gathers reads of viewers, which costs the load core less. Delays are measured with few, who read at once. */
const TICK = 5;
const VIEWERS_FOR_DELAY = 100;
/** How far workers may be apart in viewers, as a part of their mean; and what more of them may cost for each byte. */
const MOST_APART = 0.1;
const MOST_COST = 1.1;
/** What more of them may add to the delay, in milliseconds. */
const MOST_LATER = { 'p50 ms': 1, 'p99 ms': 5 };

/** One stream for many viewers, by one process and by several that share the viewers, on the same cores. */
export async function workers(settings: Settings): Promise<Report> {
  const report: Report = { rows: [], verdicts: [] };
  for (const protocol of settings.protocols) {
    for (const viewers of settings.viewers) {
      const rows = await repeat(settings, protocol, viewers);
      report.rows.push(...rows.values());
      for (const count of settings.workers) if (count > 1) report.verdicts.push(...judge(rows, count, viewers));
    }
  }
  return report;
}

/** Each number of workers in turn, then all over again, so that what else the machine does falls on all alike. */
async function repeat(settings: Settings, protocol: Protocol, viewers: number): Promise<Map<number, Row>> {
  const runs = new Map<number, Figures[]>(settings.workers.map((count) => [count, []]));
  for (let i = 0; i < settings.runs; i++) {
    for (const [count, figures] of runs) {
      note(`${named(count)}, ${protocol}, ${viewers} viewers`);
      figures.push({
        ...(await cost(settings, protocol, viewers, count)),
        ...(await delay(settings, protocol, count)),
      });
    }
  }
  const row = (count: number, figures: Figures[]): Row => ({
    server: named(count),
    protocol,
    figures: combine(figures),
  });
  return new Map(Array.from(runs, ([count, figures]) => [count, row(count, figures)]));
}

function named(workers: number): string {
  return workers === 1 ? headwater.name : `${headwater.name}, ${workers} workers`;
}

/** At bursts of one length: a worker with fewer viewers would gather less. */
function cost(settings: Settings, protocol: Protocol, viewers: number, count: number): Promise<Figures> {
  const options = { protocol, viewers, workers: count, gather: settings.burst, tick: TICK };
  return withViewers(headwater, options, settings, async ({ server, load, beforeEach }) => {
    const joined = server.child.usages();
    load.begin();
    const start = server.child.usage();
    await wait(settings.seconds);
    const end = server.child.usage();
    const { bytes, seconds, viewers: left, checked, stalls } = await load.end();
    return {
      viewers: left,
      'apart %': count === 1 ? Number.NaN : apart(beforeEach, joined) * 100,
      'Mbit/s each': (bytes * 8) / 1e6 / seconds / left,
      'CPU s/Gbit': (end.cpu - start.cpu) / ((bytes * 8) / 1e9),
      'core %': ((end.cpu - start.cpu) / settings.seconds) * 100,
      MiB: end.memory / 1024 / 1024,
      stalls,
      lost: viewers - left,
      faulty: checked.holes + checked.damaged + checked.backwards,
    };
  });
}

/** The most by which the viewers of a worker differ from the mean, as a part of that. The first process only hands them out. */
function apart(before: readonly Usage[], after: readonly Usage[]): number {
  const came = after.slice(1).map(({ files }, i) => files - before[i + 1]!.files);
  const mean = came.reduce((sum, each) => sum + each, 0) / came.length;
  return Math.max(...came.map((each) => Math.abs(each - mean))) / mean;
}

function delay(settings: Settings, protocol: Protocol, count: number): Promise<Figures> {
  const options = { protocol, viewers: VIEWERS_FOR_DELAY, workers: count, tick: 0 };
  return withViewers(headwater, options, settings, async ({ load }: Playing) => {
    load.begin();
    await wait(settings.seconds);
    const { delay: found } = await load.end();
    return { 'p50 ms': found.p50, 'p99 ms': found.p99 };
  });
}

function judge(rows: Map<number, Row>, count: number, viewers: number): Verdict[] {
  const [one, many] = [rows.get(1), rows.get(count)!];
  const what = `${many.protocol}, ${viewers} viewers, ${count} workers`;
  const { stalls, lost, faulty } = many.figures as { stalls: number; lost: number; faulty: number };
  const verdicts = [
    verdict(`viewers of a worker from the mean, ${what}`, many.figures['apart %']! / 100, MOST_APART),
    verdict(`stalls, losses and holes, ${what}`, stalls + lost + faulty, 0),
  ];
  if (!one) return verdicts;
  const ratio = many.figures['CPU s/Gbit']! / one.figures['CPU s/Gbit']!;
  verdicts.push(verdict(`CPU per Gbit by that of one, ${what}`, ratio, MOST_COST));
  for (const [name, most] of Object.entries(MOST_LATER))
    verdicts.push(verdict(`delay ${name} beyond that of one, ${what}`, many.figures[name]! - one.figures[name]!, most));
  return verdicts;
}
