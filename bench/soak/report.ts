import { PROTOCOLS, type Protocol } from '../load.ts';
import { print, type Report, type Row, verdict } from '../report.ts';
import type { Spread } from '../statistics.ts';
import type { Findings } from '../viewers/checker.ts';
import type { Crowd } from './crowd.ts';
import type { Health } from './health.ts';
import { FAULTS, type Tally } from './tally.ts';

/** What came of a soak. */
export interface SoakReport extends Report {
  /** How often what has happened to publishers, and so on. */
  readonly counts: Readonly<Record<string, number>>;
  /** A line for everything that went wrong. */
  readonly complaints: readonly string[];
}

/** What must not be found in what viewers are sent, and how it is called. */
const FINDINGS = {
  backwards: 'times that go backwards',
  damaged: 'damaged frames',
  undecodable: 'frames without a key frame before them',
} as const;
/** In fewer seconds the heap's garbage weighs more than anything that could be left behind. */
const SHORTEST_FOR_MEMORY = 300;
const MOST_GROWTH = 1.1;
const MIB = 1024 * 1024;

/** How it goes, in one line. */
export function progress(tally: Tally, crowd: Crowd, health: Health, delays: Spread): string {
  const { memory, files } = health.looks.at(-1)!;
  const joined = PROTOCOLS.reduce((sum, protocol) => sum + tally.of(`${protocol} joined`), 0);
  const frames = PROTOCOLS.reduce((sum, protocol) => sum + crowd.found.get(protocol)!.frames, 0);
  const complaints = tally.complaints();
  const parts = [`${tally.seconds.toFixed(0)} s`, `viewers ${crowd.size} of ${joined}`, `frames ${frames}`];
  parts.push(`delay p50 ${delays.p50.toFixed(1)} ms`, `memory ${(memory / MIB).toFixed(0)} MiB`, `files ${files}`);
  return [...parts, complaints.length === 0 ? 'no fault' : `FAULTS: ${complaints.join(' | ')}`].join(' · ');
}

/** Everything that was counted and found, and whether it is as it must be. */
export function summary(
  seconds: number,
  tally: Tally,
  found: ReadonlyMap<Protocol, Findings>,
  health: Health,
): SoakReport {
  const rows = PROTOCOLS.map((protocol) => row(protocol, tally, found.get(protocol)!));
  const counts = Object.fromEntries(Object.entries(tally.counts).filter(([name]) => !/joined|sent away/.test(name)));
  const verdicts = FAULTS.map((kind) => verdict(kind, tally.faults(kind), 0));
  for (const [name, title] of Object.entries(FINDINGS)) {
    const total = rows.reduce((sum, { figures }) => sum + figures[name]!, 0);
    verdicts.push(verdict(title, total, 0));
  }
  if (seconds >= SHORTEST_FOR_MEMORY)
    verdicts.push(verdict('memory, last third / second third', health.growth(), MOST_GROWTH));
  return { rows, verdicts, counts, complaints: tally.complaints() };
}

function row(protocol: Protocol, tally: Tally, { frames, holes, backwards, damaged, undecodable }: Findings): Row {
  const viewers = { joined: tally.of(`${protocol} joined`), 'sent away': tally.of(`${protocol} sent away`) };
  return { server: 'headwater', protocol, figures: { ...viewers, frames, holes, backwards, damaged, undecodable } };
}

/** The report for people. */
export function printSoak(report: SoakReport): string {
  const counts = Object.entries(report.counts).map(([name, count]) => `${name} ${count}`);
  const complaints = report.complaints.map((line) => `  ${line}`);
  return [print(report), '', counts.join(', '), ...complaints].join('\n');
}
