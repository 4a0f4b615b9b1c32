import { existsSync } from 'node:fs';
import { playInBrowser } from '../hls/browser.ts';
import { ask, startStatic, startViewers, type Watched } from '../hls/load.ts';
import { headwater, note, startSource, wait, withServer } from '../measure.ts';
import type { Child } from '../process.ts';
import { combine, type Figures, type Report, type Row, type Verdict, verdict } from '../report.ts';
import type { Settings } from '../settings.ts';
import { spread } from '../statistics.ts';

const KILOBITS = 1000;
const SETTLE_SECONDS = 3;
/** In pictures, of which there are 25 a second; and what the delay may be with low latency, in milliseconds. */
const GOPS = [
  { gop: 25, most: 1200 },
  { gop: 50, most: 2500 },
];
/** What our CPU time for the same requests may be, as a part of that of the static server. */
const MOST_OF_STATIC = 1.5;
/** Of low latency: parts of 200 ms. */
const PART_BYTES = (KILOBITS * 1000 * 0.2) / 8;
/** With fewer it is the making of segments that costs. */
const VIEWERS_FOR_COST = 500;
const STATIC = 'static server';

/** The delay of HLS in a browser, and what it costs to serve low-latency HLS to many viewers. */
export async function hls(settings: Settings): Promise<Report> {
  const report: Report = { rows: [], verdicts: [] };
  if (existsSync(process.env['CHROMIUM'] ?? '/usr/bin/chromium')) await delays(settings, report);
  else note('the delay in a browser is left out: there is no Chromium');
  for (const viewers of settings.viewers) await costs(settings, viewers, report);
  return report;
}

async function delays(settings: Settings, { rows, verdicts }: Report): Promise<void> {
  for (const { gop, most } of GOPS) {
    for (const lowLatency of [true, false]) {
      const protocol = `${lowLatency ? 'll-hls' : 'hls'}, GOP ${gop / 25} s`;
      note(`headwater, ${protocol}, in a browser`);
      const runs: Figures[] = [];
      for (let i = 0; i < settings.runs; i++) runs.push(await delay(settings, gop, lowLatency));
      const figures = combine(runs);
      rows.push({ server: headwater.name, protocol, figures });
      if (!lowLatency) continue;
      for (const to of ['append', 'shown'])
        verdicts.push(verdict(`${protocol}, ${to} p95 in ms`, figures[`${to} p95 ms`]!, most));
    }
  }
}

async function delay(settings: Settings, gop: number, lowLatency: boolean): Promise<Figures> {
  return withServer(headwater, { task: 'play' }, settings, async (server) => {
    const source = await startSource(server, settings, 1, KILOBITS, gop);
    await wait(SETTLE_SECONDS);
    const url = `http://127.0.0.1:${server.httpPort}/live/stream.m3u8`;
    const { appended, shown, stalls } = await playInBrowser(url, lowLatency, settings.seconds).finally(() =>
      source.stop(),
    );
    if (appended.length === 0) throw new Error('nothing came to the browser');
    const [append, show] = [spread(appended), spread(shown)];
    return {
      'append p50 ms': append.p50,
      'append p95 ms': append.p95,
      'shown p50 ms': show.p50,
      'shown p95 ms': show.p95,
      frames: append.count,
      stalls,
    };
  });
}

/** Ours and the static server in turn, then again, so that what else the machine does falls on both. */
async function costs(settings: Settings, viewers: number, { rows, verdicts }: Report): Promise<void> {
  const ours: Figures[] = [];
  const bare: Figures[] = [];
  for (let i = 0; i < settings.runs; i++) {
    note(`headwater, ll-hls, ${viewers} viewers`);
    ours.push(await costOfOurs(settings, viewers));
    note(`${STATIC}, ll-hls, ${viewers} viewers`);
    bare.push(await costOfStatic(settings, viewers));
  }
  const table = [row(headwater.name, ours), row(STATIC, bare)] as const;
  rows.push(...table);
  verdicts.push(...judge(table[0].figures, table[1].figures, viewers));
}

function row(server: string, runs: Figures[]): Row {
  return { server, protocol: 'll-hls', figures: combine(runs) };
}

function judge(ours: Figures, bare: Figures, viewers: number): Verdict[] {
  const late = verdict(`late parts and failures, ll-hls, ${viewers} viewers`, ours['late']! + ours['failed']!, 0);
  if (viewers < VIEWERS_FOR_COST) return [late];
  const each = (figures: Figures) => figures['CPU s/Gbit']!;
  return [
    verdict(`headwater / ${STATIC}, ll-hls, ${viewers} viewers, CPU`, each(ours) / each(bare), MOST_OF_STATIC),
    late,
  ];
}

function costOfOurs(settings: Settings, viewers: number): Promise<Figures> {
  return withServer(headwater, { task: 'play' }, settings, async (server) => {
    const source = await startSource(server, settings, 1, KILOBITS);
    return measure(server.child, server.httpPort, settings, viewers).finally(() => source.stop());
  });
}

async function costOfStatic(settings: Settings, viewers: number): Promise<Figures> {
  const { child, port } = await startStatic(PART_BYTES, settings.serverCores);
  return measure(child, port, settings, viewers).finally(() => child.stop());
}

async function measure(server: Child, port: number, settings: Settings, count: number): Promise<Figures> {
  await wait(SETTLE_SECONDS);
  const viewers = await startViewers(port, count, settings.loadCores);
  try {
    await wait(SETTLE_SECONDS);
    await ask(viewers);
    const [before, loadBefore] = [server.usage().cpu, viewers.usage().cpu];
    await wait(settings.seconds);
    const cpu = server.usage().cpu - before;
    const load = viewers.usage().cpu - loadBefore;
    return figuresOf(await ask(viewers), cpu, load, count);
  } finally {
    await viewers.stop();
  }
}

function figuresOf(watched: Watched, cpu: number, load: number, viewers: number): Figures {
  const { seconds, parts, playlists, bytes, late, failed, fault, delay } = watched;
  if (fault) note(fault);
  return {
    viewers,
    'requests/s': (parts + playlists) / seconds,
    'Mbit/s each': (bytes * 8) / 1e6 / seconds / viewers,
    'CPU s/Gbit': cpu / ((bytes * 8) / 1e9),
    'core %': (cpu / seconds) * 100,
    'part p99 ms': delay,
    late,
    failed,
    'load %': (load / seconds) * 100,
  };
}
