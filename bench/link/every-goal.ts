import { note } from '../measure.ts';
import { combine, type Figures, type Report, type Verdict, verdict } from '../report.ts';
import { cross } from './crossing.ts';
import { manyEdges } from './edges.ts';
import { GOALS, judge, judgeLegacy, nameOfPath, ORIGINAL_LAGS, ORIGINAL_RTT } from './goals.ts';
import { manyRestarts } from './restarts.ts';
import type { LinkSettings } from './settings.ts';
import { simulate } from './simulate.ts';
import { TRANSPORTS } from './transports.ts';

/** One thing that the link is to reach. */
interface Trial {
  readonly name: string;
  /** Those of one table have the same figures. */
  readonly table: string;
  readonly run: () => Promise<Report>;
}

/** Unless other numbers are asked for. */
const [EDGES, RESTARTS] = [50, 100];
/** One outage that the latency covers, and one that it does not, in milliseconds. */
const OUTAGES = [300, 3000];
/** A longest lag is told by one moment in which the machine had other work: it is that of the median of so many runs. */
const LEGACY_RUNS = 3;
const LONG_SECONDS = 600;
const LONG_LOSS = 5;

/** All that the link is to reach, one after another; what fails is a figure that is missed. */
export async function everyGoal(settings: LinkSettings, tunnel: string | undefined): Promise<Report> {
  const trials = trialsOf(settings, tunnel);
  const report: Report = { rows: [], verdicts: [] };
  for (const [i, trial] of trials.entries()) {
    note(`${i + 1} of ${trials.length}: ${trial.name}`);
    const { rows, verdicts } = await attempt(trial);
    for (const { server, ...row } of rows)
      report.rows.push({ ...row, table: trial.table, server: rows.length > 1 ? server : trial.name });
    for (const { figure, ...rest } of verdicts) report.verdicts.push({ ...rest, figure: `${trial.name}: ${figure}` });
  }
  const missed = report.verdicts.filter(({ pass }) => !pass);
  note(`${missed.length} of ${report.verdicts.length} figures are missed`);
  return report;
}

async function attempt({ run }: Trial): Promise<Report> {
  try {
    return await run();
  } catch (error) {
    return { rows: [], verdicts: [verdict((error as Error).message, Number.NaN, 0)] };
  }
}

function trialsOf(settings: LinkSettings, tunnel: string | undefined): Trial[] {
  const [edges, restarts] = [settings.edges || EDGES, settings.restarts || RESTARTS];
  const passages = [...ourPassages(settings), ...(tunnel === undefined ? [] : legacyPassages(settings))];
  return [
    ...passages.map((passage) => trialOf(passage, tunnel)),
    { name: `${edges} edges`, table: 'edges', run: () => manyEdges({ ...settings, edges }) },
    { name: `${restarts} restarts`, table: 'restarts', run: () => manyRestarts({ ...settings, restarts }, tunnel) },
    { name: 'simulated', table: 'simulated', run: async () => simulate(settings) },
  ];
}

/** A stream's way across one path. */
interface Passage {
  readonly name: string;
  readonly transport: 'headwater' | 'legacy';
  readonly settings: LinkSettings;
  /** So many, of which each takes its part of the time, lost by seeds of their own. */
  readonly runs: number;
  readonly judge: (figures: Figures) => Verdict[];
}

function trialOf({ name, transport, settings, runs, judge: judged }: Passage, tunnel: string | undefined): Trial {
  const run = async () => {
    const each: Figures[] = [];
    for (let i = 0; i < runs; i++) {
      const its = { ...settings, seconds: settings.seconds / runs, seed: settings.seed + i };
      each.push(await cross(TRANSPORTS[transport], its, tunnel));
    }
    const figures = combine(each);
    return { rows: [{ server: name, figures }], verdicts: judged(figures) };
  };
  return { name, table: 'paths', run };
}

function ourPassages(settings: LinkSettings): Passage[] {
  const passage = (name: string, more: Partial<LinkSettings>): Passage => {
    const its = { ...settings, ...more };
    return { name, transport: 'headwater', settings: its, runs: 1, judge: (figures) => judge(figures, its) };
  };
  const lossy = GOALS.map((goal) => {
    const { burst, streams } = goal;
    const loss = 100 * goal.loss;
    const isLong = settings.long && loss === LONG_LOSS && streams === 1;
    return passage(nameOfPath(goal), { loss, burst, streams, ...(isLong && { seconds: LONG_SECONDS }) });
  });
  const outages = OUTAGES.map((outage) => passage(`outage of ${outage} ms`, { loss: 0, outage }));
  return [passage('0 %, no latency', { loss: 0, latency: 0 }), ...lossy, ...outages];
}

/** In the original's conditions, and with repairs lost as often as media. */
function legacyPassages(settings: LinkSettings): Passage[] {
  return ORIGINAL_LAGS.flatMap((original) =>
    [true, false].map((spareRepairs): Passage => {
      const { rate } = original;
      const loss = 100 * original.loss;
      return {
        name: `legacy, ${rate} Mbit/s, ${loss} %${spareRepairs ? '' : ', repairs as well'}`,
        transport: 'legacy',
        settings: { ...settings, rate, loss, spareRepairs, rtt: ORIGINAL_RTT, jitter: 0 },
        runs: LEGACY_RUNS,
        judge: (figures) => judgeLegacy(figures, original),
      };
    }),
  );
}
