import { cpus, release } from 'node:os';
import { median } from './statistics.ts';

/** What one run of one server gave: figures by name. */
export type Figures = Record<string, number>;

/** One line of a table. */
export interface Row {
  readonly server: string;
  readonly protocol?: string;
  readonly figures: Figures;
  /** Rows of different tables stand apart though they have figures in common. */
  readonly table?: string;
}

/** One figure beside what it is to be. */
export interface Verdict {
  readonly figure: string;
  readonly value: number;
  /** The figure is to be no more than this. */
  readonly most: number;
  readonly pass: boolean;
}

export interface Report {
  readonly rows: Row[];
  readonly verdicts: Verdict[];
}

/** Faults and losses: of several runs the worst is shown, for a median would hide them. */
const WORST = new Set(['lost', 'stalls', 'missing', 'holes', 'faulty', 'failed', 'ended', 'backwards', 'gap ms']);

/** The medians of several runs, figure by figure. */
export function combine(runs: Figures[]): Figures {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [
      name,
      combineOne(
        name,
        runs.map((figures) => figures[name]!),
      ),
    ]),
  );
}

function combineOne(name: string, values: number[]): number {
  return WORST.has(name) ? Math.max(...values) : median(values);
}

export function verdict(figure: string, value: number, most: number): Verdict {
  return { figure, value, most, pass: value <= most };
}

/** The machine that the figures are of. */
export function machine(): Record<string, string | number> {
  const all = cpus();
  return { cpu: all[0]?.model.trim() ?? 'unknown', cores: all.length, node: process.version, kernel: release() };
}

/** The report for people. */
export function print({ rows, verdicts }: Report): string {
  const lines = [Object.values(machine()).join(' · '), '', ...tables(rows)];
  if (verdicts.length > 0) lines.push('');
  for (const { figure, value, most, pass } of verdicts) {
    lines.push(`${pass ? 'pass' : 'MISS'}  ${figure}: ${number(value)} (at most ${number(most)})`);
  }
  return lines.join('\n');
}

/** Rows that have no figure in common are no lines of one table. */
function isAlike(row: Row, other: Row): boolean {
  return row.table === other.table && Object.keys(row.figures).some((name) => name in other.figures);
}

function tables(rows: Row[]): string[] {
  const groups: Row[][] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (last && isAlike(row, last[0]!)) last.push(row);
    else groups.push([row]);
  }
  return groups.flatMap((group, i) => (i === 0 ? table(group) : ['', ...table(group)]));
}

function table(rows: Row[]): string[] {
  const names = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const cells = [
    ['server', 'protocol', ...names],
    ...rows.map((row) => [row.server, row.protocol ?? '', ...names.map((name) => number(row.figures[name]))]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells.map((line) =>
    line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
}

/** Three digits that matter. */
function number(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  if (Number.isInteger(value) || Math.abs(value) >= 100) return value.toFixed(0);
  if (Math.abs(value) < 0.001) return value.toExponential(1);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3);
}
