import { contestants, floor, headwater, note, startSource, wait, withServer } from '../measure.ts';
import { combine, type Figures, type Report, type Row, type Verdict, verdict } from '../report.ts';
import type { ServerKind } from '../servers/server.ts';
import type { Settings } from '../settings.ts';

const KILOBITS = 200;
const SETTLE_SECONDS = 3;
/** The floor reads at once, or gathers for so many milliseconds. */
const FLOOR_GATHERS = [0, 40, 100];
const MOST_CORE_PERCENT = 55;
const MOST_POINTS_ABOVE_FLOOR = 25;
const MOST_KIBIBYTES = 250;

/** What it costs to take in many streams that nobody watches. */
export async function publish(settings: Settings): Promise<Report> {
  const runs = new Map<string, Figures[]>();
  for (let i = 0; i < settings.runs; i++) {
    for (const kind of contestants(settings)) {
      for (const gather of kind === floor ? FLOOR_GATHERS : [undefined]) {
        const label = gather === undefined ? kind.name : floorName(gather);
        note(`${label}, ${settings.publishers} publishers`);
        runs.set(label, [...(runs.get(label) ?? []), await once(kind, settings, gather)]);
      }
    }
  }
  const rows = [...runs].map(([server, figures]) => ({ server, protocol: 'rtmp', figures: combine(figures) }));
  return { rows, verdicts: judge(rows, settings.publishers) };
}

function floorName(gather: number): string {
  return gather === 0 ? floor.name : `${floor.name}, ${gather} ms`;
}

interface Sent {
  readonly bytes: number;
  /** What the publishers could not write yet, in bytes. */
  readonly backlog: number;
}

function once(kind: ServerKind, settings: Settings, gather: number | undefined): Promise<Figures> {
  const options = { task: 'publish', ...(gather === undefined ? {} : { gather }) } as const;
  return withServer(kind, options, settings, async (server) => {
    const { child } = server;
    const before = child.usage();
    const source = await startSource(server, settings, settings.publishers, KILOBITS);
    const sent = (): Promise<Sent> => (source.say('report'), source.answer<Sent>());
    try {
      await wait(SETTLE_SECONDS);
      const [first, start, sourceStart] = [await sent(), child.usage(), source.usage()];
      await wait(settings.seconds);
      const [last, end, sourceEnd] = [await sent(), child.usage(), source.usage()];
      return {
        publishers: settings.publishers,
        'kbit/s each': ((last.bytes - first.bytes) * 8) / 1000 / settings.seconds / settings.publishers,
        'read ms': (settings.seconds * 1000 * settings.publishers) / (end.reads - start.reads),
        'core %': ((end.cpu - start.cpu) / settings.seconds) * 100,
        'KiB/publisher': (end.memory - before.memory) / 1024 / settings.publishers,
        'backlog KiB': last.backlog / 1024,
        'load %': ((sourceEnd.cpu - sourceStart.cpu) / settings.seconds) * 100,
      };
    } finally {
      await source.stop();
    }
  });
}

function judge(rows: Row[], publishers: number): Verdict[] {
  const ours = rows.find(({ server }) => server === headwater.name)?.figures;
  if (!ours) return [];
  const core = ours['core %']!;
  const verdicts = [verdict(`% of a core for ${publishers} publishers`, core, MOST_CORE_PERCENT)];
  const bare = alike(
    rows.filter(({ server }) => server.startsWith(floor.name)),
    ours['read ms']!,
  );
  if (bare) {
    const above = core - bare.figures['core %']!;
    verdicts.push(verdict(`points above the ${bare.server}, which reads as often`, above, MOST_POINTS_ABOVE_FLOOR));
  }
  return [...verdicts, verdict('KiB a publisher', ours['KiB/publisher']!, MOST_KIBIBYTES)];
}

/** The row whose time between two reads is most like ours. */
function alike(rows: Row[], interval: number): Row | undefined {
  const distance = ({ figures }: Row): number => Math.abs(Math.log(figures['read ms']! / interval));
  return rows.toSorted((a, b) => distance(a) - distance(b))[0];
}
