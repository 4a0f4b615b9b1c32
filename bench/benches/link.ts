import { cross } from '../link/crossing.ts';
import { manyEdges } from '../link/edges.ts';
import { everyGoal } from '../link/every-goal.ts';
import { judge, judgeNarrow } from '../link/goals.ts';
import { findTunnel } from '../link/path.ts';
import { manyRestarts } from '../link/restarts.ts';
import type { LinkSettings } from '../link/settings.ts';
import { simulate } from '../link/simulate.ts';
import { TRANSPORTS } from '../link/transports.ts';
import { note } from '../measure.ts';
import type { Report, Row } from '../report.ts';

/** How streams cross a bad path, by our link and by its peers: one after another, over paths that are equally bad. */
export async function link(settings: LinkSettings): Promise<Report> {
  if (settings.all) return everyGoal(settings, await findTunnel(settings.loadCores));
  if (settings.simulate) return simulate(settings);
  if (settings.edges > 0) return manyEdges(settings);
  const tunnel = await findTunnel(settings.loadCores);
  if (settings.restarts > 0) return manyRestarts(settings, tunnel);
  const rows: Row[] = [];
  for (const transport of [TRANSPORTS.headwater, ...settings.peers.map((name) => TRANSPORTS[name])]) {
    if (transport.needsTunnel && tunnel === undefined) continue;
    note(`${transport.name}, ${settings.seconds} s`);
    rows.push({ server: transport.name, figures: await cross(transport, settings, tunnel) });
  }
  const { figures } = rows[0]!;
  const verdicts = judge(figures, settings);
  if (settings.limit <= 0) return { rows, verdicts };
  note(`headwater, its repairs kept from the path, ${settings.seconds} s`);
  const plain = await cross(TRANSPORTS.headwater, { ...settings, withoutRepairs: true }, tunnel);
  rows.splice(1, 0, { server: 'without repairs', figures: plain });
  return { rows, verdicts: [...verdicts, ...judgeNarrow(figures, plain)] };
}
