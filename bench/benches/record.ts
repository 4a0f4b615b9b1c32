import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from '../../src/record/manifest.ts';
import { MANIFEST, PART } from '../../src/record/places.ts';
import { verify } from '../../src/record/verify.ts';
import { prepareClip } from '../clip.ts';
import { headwater, note, startSource, wait, withServer } from '../measure.ts';
import { fullDisk } from '../record/full-disk.ts';
import { compareWhole } from '../record/whole.ts';
import { combine, type Figures, type Report, type Row, type Verdict, verdict } from '../report.ts';
import type { Settings } from '../settings.ts';
import type { SourceReport } from '../source.ts';

const KILOBITS = 1000;
const SETTLE_SECONDS = 3;
/** A server is killed after so many seconds at least, and at most so many more. */
const [FIRST_KILL, KILL_WITHIN] = [1.5, 3];
/** What is only compared with is known after so many. */
const ENOUGH_SECONDS = 30;
const MOST_LOST = 1000;
/** Bytes written for a byte of media. */
const MOST_WRITTEN = 1.05;
const MOST_CORE_PERCENT_A_STREAM = 1;

/** What it costs to record many streams at once, and what a crash costs. */
export async function record(settings: Settings): Promise<Report> {
  const brief = { ...settings, seconds: Math.min(settings.seconds, ENOUGH_SECONDS) };
  const runs: Record<'recorded' | 'not recorded', Figures[]> = { 'not recorded': [], recorded: [] };
  for (let i = 0; i < settings.runs; i++) {
    for (const what of ['not recorded', 'recorded'] as const) {
      note(`${settings.publishers} streams, ${what}`);
      runs[what].push(await (what === 'recorded' ? once(settings, true) : once(brief, false)));
    }
  }
  const rows: Row[] = Object.entries(runs).map(([server, figures]) => ({ server, figures: combine(figures) }));
  const crashes: Figures[] = [];
  for (let i = 0; i < settings.kills; i++) {
    note(`kill ${i + 1} of ${settings.kills}`);
    crashes.push(await crash(settings));
  }
  if (crashes.length > 0) rows.push({ server: `killed ${crashes.length} times`, figures: worst(crashes) });
  const full = await fullDisk(brief);
  return { rows: [...rows, ...full.rows], verdicts: [...judge(rows, settings.publishers), ...full.verdicts] };
}

function within<T>(work: (folder: string, options: Record<string, string>) => Promise<T>): Promise<T> {
  // On a real disk: what is measured is nothing in memory.
  const folder = join(import.meta.dirname, '../../node_modules/.cache/headwater-bench', `recordings-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const options = { HEADWATER_RECORD_PATHS: 'live/*', HEADWATER_RECORD_FOLDER: folder };
  return work(folder, options).finally(() => rmSync(folder, { recursive: true, force: true }));
}

function once(settings: Settings, isRecorded: boolean): Promise<Figures> {
  return within((folder, options) =>
    withServer(headwater, { task: 'publish', options: isRecorded ? options : {} }, settings, async (server) => {
      const source = await startSource(server, settings, settings.publishers, KILOBITS);
      const sent = (say = 'report'): Promise<SourceReport> => (source.say(say), source.answer<SourceReport>());
      try {
        await wait(SETTLE_SECONDS);
        const [first, start, before] = [await sent(), server.child.usage(), sizeOf(folder)];
        await wait(settings.seconds);
        const [last, end, after] = [await sent(), server.child.usage(), sizeOf(folder)];
        const media = last.bytes - first.bytes;
        const { frames } = await sent('stop');
        return {
          streams: settings.publishers,
          'media MB/s': media / settings.seconds / 1e6,
          'written MB/s': (after - before) / settings.seconds / 1e6,
          'written/media': (after - before) / media,
          'core %': ((end.cpu - start.cpu) / settings.seconds) * 100,
          ...(isRecorded && (await compareWhole(folder, prepareClip(KILOBITS), frames))),
        };
      } finally {
        await source.stop();
      }
    }),
  );
}

/** Kills a server that records, and looks at what it has left. */
function crash(settings: Settings): Promise<Figures> {
  return within((folder, options) =>
    withServer(headwater, { task: 'publish', options }, settings, async (server) => {
      const source = await startSource(server, settings, settings.publishers, KILOBITS);
      await wait(FIRST_KILL + Math.random() * KILL_WITHIN);
      const killed = Date.now();
      server.child.kill();
      await source.stop();
      const files = readdirSync(join(folder, 'live'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith(PART))
        .map((name) => join(folder, 'live', name));
      const checked = await Promise.all(files.map((file) => verify(file)));
      return {
        streams: settings.publishers,
        files: files.length,
        'lost ms': Math.max(...files.map((file) => killed - lastMoment(file))),
        faulty: checked.filter(({ lines }) => !lines.includes('nothing that was written is missing or changed')).length,
        unplayable: files.filter((file) => !plays(file)).length,
      };
    }),
  );
}

/** When the last frame in a recording came in: milliseconds since 1970. */
function lastMoment(file: string): number {
  const last = readManifest(readFileSync(file.slice(0, -PART.length) + MANIFEST, 'utf8'))?.fragments.at(-1);
  const video = last?.video;
  return last && video ? last.wall + (video.last - video.first) / 1000 : 0;
}

function plays(file: string): boolean {
  try {
    const out = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'packet=pts', '-of', 'csv', file]).toString();
    return out.split('\n').length > 10;
  } catch {
    return false;
  }
}

function sizeOf(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function worst(crashes: readonly Figures[]): Figures {
  const names = Object.keys(crashes[0]!);
  const least = new Set(['files', 'streams']);
  const of = (name: string) => crashes.map((figures) => figures[name]!);
  return Object.fromEntries(
    names.map((name) => [name, least.has(name) ? Math.min(...of(name)) : Math.max(...of(name))]),
  );
}

function judge([bare, recorded, killed]: Row[], streams: number): Verdict[] {
  const core = (recorded!.figures['core %']! - bare!.figures['core %']!) / streams;
  const verdicts = [
    verdict('bytes written for a byte of media', recorded!.figures['written/media']!, MOST_WRITTEN),
    verdict('% of a core for a stream that is recorded', core, MOST_CORE_PERCENT_A_STREAM),
    verdict('frames missing, or at another time, in what was recorded', recorded!.figures['amiss']!, 0),
  ];
  if (!killed) return verdicts;
  const { files, faulty, unplayable } = killed.figures;
  return [
    ...verdicts,
    verdict('ms lost by a crash', killed.figures['lost ms']!, MOST_LOST),
    verdict('files missing, faulty or unplayable after a crash', streams - files! + faulty! + unplayable!, 0),
  ];
}
