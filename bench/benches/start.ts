import { contestants, headwater, note, wait, withServer } from '../measure.ts';
import { combine, type Figures, type Report, type Row, verdict } from '../report.ts';
import type { Settings } from '../settings.ts';

const MOST_MILLISECONDS = 500;
const SETTLE_SECONDS = 1;

/** How long a server takes from its start to its listening, its files being in the system's cache. */
export async function start(settings: Settings): Promise<Report> {
  const rows: Row[] = [];
  for (const kind of contestants(settings)) {
    const runs: Figures[] = [];
    for (let i = -1; i < settings.runs; i++) {
      note(i < 0 ? `${kind.name}, to warm up` : kind.name);
      const figures = await withServer(kind, { task: 'play' }, settings, async ({ child, startup }) => {
        await wait(SETTLE_SECONDS);
        return { 'start ms': startup, 'idle MiB': child.usage().memory / 1024 / 1024 };
      });
      if (i >= 0) runs.push(figures);
    }
    rows.push({ server: kind.name, figures: combine(runs) });
  }
  const ours = rows.find(({ server }) => server === headwater.name);
  return { rows, verdicts: ours ? [verdict('start in ms', ours.figures['start ms']!, MOST_MILLISECONDS)] : [] };
}
