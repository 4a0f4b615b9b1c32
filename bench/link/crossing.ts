import { note, wait } from '../measure.ts';
import type { Figures } from '../report.ts';
import { GreedyFlow } from './greedy.ts';
import { onPath } from './ground.ts';
import type { Path, Report as PathReport } from './path.ts';
import type { LinkSettings } from './settings.ts';
import type { Crossing, Transport } from './transports.ts';
import type { Watched } from './watcher.ts';

/** Time for a stream to get going, in seconds, but no more than is measured: congestion windows and estimates find their size. */
const SETTLE_SECONDS = 5;

/** Has streams cross by one transport; without a `tunnel`, through a relay for UDP. */
export async function cross(
  transport: Transport,
  settings: LinkSettings,
  tunnel: string | undefined,
): Promise<Figures> {
  return onPath(transport.kind, settings, tunnel, async (ground, started) => {
    const { path } = ground;
    const crossing = await transport.start(ground, started);
    const beside = settings.beside && (await GreedyFlow.start(path, settings.loadCores, started));
    await wait(Math.min(SETTLE_SECONDS, settings.seconds));
    const figures = await measure({ ...crossing, beside }, path, settings);
    for (const warning of new Set(crossing.nodes.flatMap(({ warnings }) => warnings))) note(`  ${warning}`);
    return figures;
  });
}

/** What is measured. */
interface Measured extends Crossing {
  readonly beside: GreedyFlow | undefined;
}

/** What the processes tell at one moment. */
interface Reading {
  readonly path: PathReport;
  readonly cpu: readonly number[];
  /** Of frames that were published. */
  readonly bytes: number;
  /** That came by the flow beside. */
  readonly besideBytes: number;
}

async function read({ nodes, source, beside }: Measured, path: Path): Promise<Reading> {
  source.say('report');
  const { bytes } = await source.answer<{ bytes: number }>();
  const besideBytes = (await beside?.received()) ?? 0;
  return { path: await path.report(), cpu: nodes.map((node) => node.usage().cpu), bytes, besideBytes };
}

async function measure(crossing: Measured, path: Path, settings: LinkSettings): Promise<Figures> {
  const { watcher } = crossing;
  watcher.say('begin');
  const before = await read(crossing, path);
  await wait(settings.seconds / 2);
  const outage = settings.outage > 0 ? await path.outage(settings.outage) : undefined;
  await wait(settings.seconds / 2);
  watcher.say('end');
  const watched = await watcher.answer<Watched>();
  return figuresOf(watched, before, await read(crossing, path), settings, outage?.at);
}

function figuresOf(
  watched: Watched,
  before: Reading,
  after: Reading,
  settings: LinkSettings,
  outageEnd?: number,
): Figures {
  const [from, to] = [before.path, after.path];
  const wire = to.down.bytes - from.down.bytes + to.up.bytes - from.up.bytes;
  const media = to.down.media - from.down.media;
  const all = watched.frames + watched.missing;
  const added = (delay: number): number => (watched.delay.count > 0 ? delay - settings.rtt / 2 : Number.NaN);
  const cpu = after.cpu.map((seconds, index) => seconds - before.cpu[index]!);
  return {
    'path loss %': (100 * (to.down.mediaLost - from.down.mediaLost)) / (to.down.mediaPackets - from.down.mediaPackets),
    frames: all,
    missing: watched.missing,
    holes: watched.holes,
    packets: to.down.mediaPackets - from.down.mediaPackets,
    'residual packets': watched.residual ?? Number.NaN,
    faulty: watched.faulty,
    'overhead %': media > 0 ? (100 * (wire - media)) / media : Number.NaN,
    'wire %': (100 * wire) / (after.bytes - before.bytes),
    'p50 ms': added(watched.delay.p50),
    'p95 ms': added(watched.delay.p95),
    'p99 ms': added(watched.delay.p99),
    'max ms': added(watched.delay.max),
    'lag ms': watched.delay.max - watched.delay.min,
    stalls: watched.stalls,
    'gap ms': watched.gap,
    ...(outageEnd !== undefined && settings.outage > settings.latency && { 'resume ms': watched.gapEnded - outageEnd }),
    lost: watched.endings,
    ...(settings.beside && { 'TCP Mbit/s': (8 * (after.besideBytes - before.besideBytes)) / settings.seconds / 1e6 }),
    'origin CPU s': cpu[0] ?? Number.NaN,
    'edge CPU s': cpu[1] ?? Number.NaN,
  };
}
