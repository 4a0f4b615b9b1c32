import type { Protocol } from '../load.ts';
import { contestants, floor, headwater, note, wait, withViewers } from '../measure.ts';
import { combine, type Figures, type Report, type Row, type Verdict, verdict } from '../report.ts';
import type { ServerKind } from '../servers/server.ts';
import type { Settings } from '../settings.ts';

/** Gathers reads of viewers that are written to many times in between; shorter than any burst that matters. */
const TICK = 5;
/** Below so many viewers, what the heap grows by on its own outweighs what they need. */
const VIEWERS_FOR_MEMORY = 5000;
/** What our CPU time for a byte may be, as a part of that of others. */
const MOST_OF: Record<string, number> = { floor: 1.25, 'nginx-rtmp': 0.35, 'node-media-server': 0.2 };
const MOST_KIBIBYTES = 20;
const FIXED = 'headwater, fixed';

/** What it costs to serve one stream to many viewers. */
export async function fanout(settings: Settings): Promise<Report> {
  const kinds = contestants(settings);
  const report: Report = { rows: [], verdicts: [] };
  for (const protocol of settings.protocols) {
    for (const viewers of settings.viewers) {
      const able = kinds.filter(({ protocols }) => protocols.includes(protocol));
      const rows = await repeat(able, protocol, viewers, settings);
      report.rows.push(...rows.values());
      report.verdicts.push(...judge(rows, viewers));
    }
  }
  return report;
}

/** Every server in turn, then all over again, so that what else the machine does falls on all alike. */
async function repeat(
  kinds: ServerKind[],
  protocol: Protocol,
  viewers: number,
  settings: Settings,
): Promise<Map<string, Row>> {
  const runs = new Map<string, Figures[]>();
  const run = async (label: string, kind: ServerKind, gather?: number): Promise<Figures> => {
    note(`${label}, ${protocol}, ${viewers} viewers`);
    const figures = await once(kind, protocol, viewers, settings, gather);
    runs.set(label, [...(runs.get(label) ?? []), figures]);
    return figures;
  };
  for (let i = 0; i < settings.runs; i++) {
    let ours: number | undefined;
    for (const kind of kinds) {
      if (kind === floor) await run(kind.name, kind, ours ?? settings.burst);
      else if (kind !== headwater) await run(kind.name, kind);
      else {
        ours = (await run(kind.name, kind))['burst ms'];
        await run(FIXED, kind, settings.burst);
      }
    }
  }
  const rows = [...runs].map(([server, figures]): [string, Row] => [
    server,
    { server, protocol, figures: combine(figures) },
  ]);
  return new Map(rows);
}

async function once(
  kind: ServerKind,
  protocol: Protocol,
  viewers: number,
  settings: Settings,
  gather: number | undefined,
): Promise<Figures> {
  const options = { protocol, viewers, tick: TICK, ...(gather === undefined ? {} : { gather }) };
  return withViewers(kind, options, settings, async ({ server, load, before }) => {
    const loadBefore = load.usage().cpu;
    load.begin();
    const start = server.child.usage();
    await wait(settings.seconds);
    const end = server.child.usage();
    const received = await load.end();
    const { checked } = received;
    return {
      viewers: received.viewers,
      'burst ms': received.burst,
      'Mbit/s each': (received.bytes * 8) / 1e6 / received.seconds / received.viewers,
      'CPU s/Gbit': (end.cpu - start.cpu) / ((received.bytes * 8) / 1e9),
      'core %': ((end.cpu - start.cpu) / settings.seconds) * 100,
      'KiB/viewer': (end.memory - before.memory) / 1024 / viewers,
      'gap ms': received.gap,
      stalls: received.stalls,
      lost: viewers - received.viewers,
      faulty: checked.holes + checked.damaged + checked.backwards,
      'load %': ((load.usage().cpu - loadBefore) / settings.seconds) * 100,
    };
  });
}

function judge(rows: Map<string, Row>, viewers: number): Verdict[] {
  const ours = rows.get(headwater.name);
  const fixed = rows.get(FIXED);
  if (!ours || !fixed) return [];
  const verdicts: Verdict[] = [];
  for (const row of rows.values()) {
    const most = MOST_OF[row.server];
    if (most === undefined) continue;
    const own = row.server === floor.name ? ours : fixed;
    const ratio = own.figures['CPU s/Gbit']! / row.figures['CPU s/Gbit']!;
    verdicts.push(verdict(`${own.server} / ${row.server}, ${row.protocol}, ${viewers} viewers, CPU`, ratio, most));
  }
  const { stalls, lost, faulty } = ours.figures as { stalls: number; lost: number; faulty: number };
  verdicts.push(verdict(`stalls, losses and holes, ${ours.protocol}, ${viewers} viewers`, stalls + lost + faulty, 0));
  if (viewers >= VIEWERS_FOR_MEMORY) {
    verdicts.push(
      verdict(`KiB a viewer, ${ours.protocol}, ${viewers} viewers`, ours.figures['KiB/viewer']!, MOST_KIBIBYTES),
    );
  }
  return verdicts;
}
