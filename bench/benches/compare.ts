import type { Protocol } from '../load.ts';
import { contestants, headwater, note } from '../measure.ts';
import { combine, type Figures, type Report, type Row, type Verdict, verdict } from '../report.ts';
import type { ServerKind } from '../servers/server.ts';
import type { Settings } from '../settings.ts';

/** What a figure of ours may be at most, and how it is called in the verdict. */
export interface Goal {
  readonly figure: string;
  readonly most: number;
  readonly title: string;
}

type Once = (kind: ServerKind, protocol: Protocol, viewers: number) => Promise<Figures>;

/** Runs every server with every protocol and number of viewers, as often as the settings say, and holds ours against the goals. */
export async function compare(settings: Settings, goals: Goal[], once: Once): Promise<Report> {
  const kinds = contestants(settings);
  const report: Report = { rows: [], verdicts: [] };
  for (const protocol of settings.protocols) {
    for (const viewers of settings.viewers) {
      const able = kinds.filter(({ protocols }) => protocols.includes(protocol));
      const rows = await repeat(able, settings.runs, (kind) => {
        note(`${kind.name}, ${protocol}, ${viewers} viewers`);
        return once(kind, protocol, viewers);
      });
      report.rows.push(...rows.map((row) => ({ ...row, protocol })));
      report.verdicts.push(...judge(rows, goals, `${protocol}, ${viewers} viewers`));
    }
  }
  return report;
}

/** Every server in turn, then all over again, so that what else the machine does falls on all alike. */
async function repeat(kinds: ServerKind[], runs: number, once: (kind: ServerKind) => Promise<Figures>): Promise<Row[]> {
  const figures = kinds.map((): Figures[] => []);
  for (let i = 0; i < runs; i++) {
    for (const [at, kind] of kinds.entries()) figures[at]!.push(await once(kind));
  }
  return kinds.map(({ name }, at) => ({ server: name, figures: combine(figures[at]!) }));
}

function judge(rows: Row[], goals: Goal[], circumstances: string): Verdict[] {
  const ours = rows.find(({ server }) => server === headwater.name);
  if (!ours) return [];
  return goals.map(({ figure, most, title }) => verdict(`${title}, ${circumstances}`, ours.figures[figure]!, most));
}
