import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Identity } from '../../src/cluster/identity.ts';
import { LinkNode } from '../link/node.ts';
import type { Pictures, Watched } from '../link/watcher.ts';
import { note, wait } from '../measure.ts';
import { Child, freePorts } from '../process.ts';
import { combine, type Figures, type Report, type Row, type Verdict, verdict } from '../report.ts';
import { spread } from '../statistics.ts';
import { Cleanup } from './cleanup.ts';
import type { ClusterSettings } from './settings.ts';

const HERE = '127.0.0.1';
/** Of each stream. */
const KILOBITS = 1000;
const HOPS = 2;
const SETTLE_SECONDS = 3;
/** How late the link hands media on, so that there is time for repairs. */
const LATENCY_MS = 100;
const MOST_ADDED_MS = 10;
const WAYS = { QUIC: 'off', 'the link': `${HERE}:0` } as const;
/** How streams get from node to node. */
type Way = keyof typeof WAYS;

/**
 * What a hop costs for each stream, and how much later it makes it: origin, edge, and an edge of that one. From the delay of each picture
 * that of the same picture at a viewer of the origin is taken off. The nodes share all cores: on one, which the three keep busy by 70 %,
 * each would wait for the other two, as nodes of different machines do not.
 */
export async function relay(settings: ClusterSettings): Promise<Report> {
  const [rows, verdicts]: [Row[], Verdict[]] = [[], []];
  for (const way of Object.keys(WAYS) as Way[]) {
    const runs: Figures[] = [];
    for (let i = 0; i < settings.runs; i++) {
      note(`${settings.relayed} streams over ${HOPS} hops by ${way}`);
      const cleanup = new Cleanup();
      runs.push(await chain(way, settings, cleanup).finally(() => cleanup.run()));
    }
    const figures = combine(runs);
    rows.push({ server: `relay by ${way}, ${settings.relayed} streams`, figures });
    verdicts.push(
      verdict(`delay added by a hop, p99 ms, by ${way}`, figures['added p99 ms']!, MOST_ADDED_MS),
      verdict(`missing and faulty, by ${way}`, figures['missing']! + figures['faulty']!, 0),
    );
  }
  return { rows, verdicts };
}

async function chain(way: Way, settings: ClusterSettings, cleanup: Cleanup): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'headwater-bench-'));
  cleanup.after(() => rmSync(folder, { recursive: true, force: true }));
  const first = await node(way, settings, cleanup, folder, 'origin');
  const middle = await node(way, settings, cleanup, folder, 'middle', first);
  const last = await node(way, settings, cleanup, folder, 'last', middle);
  await child(settings, cleanup, 'source.ts', KILOBITS, first.rtmp, settings.relayed);
  const near = await child(settings, cleanup, 'watcher.ts', HERE, first.http, 'http-flv', settings.relayed);
  const far = await child(settings, cleanup, 'watcher.ts', HERE, last.http, 'http-flv', settings.relayed);
  await wait(SETTLE_SECONDS);
  for (const watcher of [near, far]) watcher.say('begin');
  const hops = [first, middle, last];
  const before = hops.map(({ process }) => process.usage().cpu);
  await wait(settings.seconds);
  const used = hops.map(({ process }, i) => process.usage().cpu - before[i]!);
  for (const watcher of [near, far]) watcher.say('end');
  const [there, here] = [await near.answer<Watched>(), await far.answer<Watched>()];
  for (const watcher of [near, far]) watcher.say('pictures');
  const later = spread(delaysAdded(await near.answer<Pictures>(), await far.answer<Pictures>()));
  const planned = way === 'QUIC' ? 0 : LATENCY_MS;
  const added = (of: 'p50' | 'p99') => later[of] / HOPS - planned;
  return {
    'core % a stream': (100 * used[1]!) / settings.seconds / settings.relayed,
    'CPU s/Gbit': (used[1]! * 1e6) / (KILOBITS * settings.relayed * settings.seconds),
    'all nodes %': (100 * used.reduce((sum, each) => sum + each, 0)) / settings.seconds,
    'origin p50 ms': there.delay.p50,
    'origin p99 ms': there.delay.p99,
    'added p50 ms': added('p50'),
    'added p99 ms': added('p99'),
    missing: here.missing,
    faulty: here.faulty + there.faulty,
  };
}

/** How much later each picture was read at the far end than at the near one, in milliseconds. */
function delaysAdded(near: Pictures, far: Pictures): number[] {
  return far.flatMap((stream, i) => {
    const there = new Map(near[i]);
    return stream.flatMap(([written, delay]) => (there.has(written) ? [delay - there.get(written)!] : []));
  });
}

interface Hop {
  readonly process: LinkNode;
  readonly rtmp: number;
  readonly http: number;
  /** Where the next one fetches. */
  readonly url: string;
}

/** A node that fetches from the one `before`, and lets another one fetch. */
async function node(
  way: Way,
  { serverCores, loadCores }: ClusterSettings,
  cleanup: Cleanup,
  folder: string,
  name: string,
  before?: Hop,
): Promise<Hop> {
  const [link, rtmp, http] = (await freePorts(3)) as [number, number, number];
  const state = join(folder, name);
  const cores = `${serverCores},${loadCores}`;
  const place = { end: { address: HERE, listen: HERE, enter: [] }, cores, folder };
  const origins = before ? [before.url] : [];
  const process = await LinkNode.start(name, place, {
    rtmp: { listen: `${HERE}:${rtmp}` },
    http: { listen: `${HERE}:${http}` },
    relay: { listen: `${HERE}:${link}`, media: WAYS[way], latency: `${LATENCY_MS}ms`, state, origins },
  });
  cleanup.after(() => process.stop());
  return { process, rtmp, http, url: `headwater://${HERE}:${link}?join=${Identity.open(state).joinToken}` };
}

/** A publisher or viewer of the streams; resolves when all is under way. */
async function child(
  { loadCores }: ClusterSettings,
  cleanup: Cleanup,
  script: string,
  ...args: readonly (string | number)[]
): Promise<Child> {
  const command = [process.execPath, join(import.meta.dirname, '../link', script), ...args.map(String)];
  const started = new Child(script, loadCores, command);
  cleanup.after(() => started.stop());
  await started.answer();
  return started;
}
