/**
 * What the link reaches on simulated paths. `node bench/simulate-link.ts targets` holds it against its targets,
 * `… figures` prints the table of docs/link.md, `… full` shows paths that are too narrow.
 * Takes minutes; it is all one process.
 */
import { parseArgs } from 'node:util';
import { MILLISECOND, SECOND } from '../src/base/clock.ts';
import type { Conditions } from '../test/support/network.ts';
import { type Path, path, percent, power, RUN, residualOf, type Sum, simulate } from './simulated.ts';

interface Target {
  readonly name: string;
  readonly path: Path;
  /** For a residual that is to be none, as many as must show none. */
  readonly packets: number;
  readonly residual: number;
  readonly overhead: number;
}

const any = Number.POSITIVE_INFINITY;
const TARGETS: Target[] = [
  { name: '0 %', path: path(0, 100, 500), packets: 3e5, residual: 0, overhead: any },
  { name: '5 %', path: path(5, 100, 500), packets: 3e6, residual: 0, overhead: any },
  { name: '10 %', path: path(10, 100, 500), packets: 1e6, residual: 1e-5, overhead: 0.15 },
  { name: '20 %', path: path(20, 100, 500), packets: 1e6, residual: 1e-4, overhead: 0.35 },
  { name: '30 %', path: path(30, 100, 500), packets: 1e6, residual: 1e-3, overhead: 0.6 },
  { name: '10 %, bursts of 5', path: path(10, 100, 500, {}, 5), packets: 1e6, residual: 1e-5, overhead: any },
  { name: '5 %, 10 streams', path: path(5, 100, 500, { streams: 10 }), packets: 1.5e6, residual: 0, overhead: any },
];

function targets(share: number): void {
  for (const { name, path, packets, residual, overhead } of TARGETS) {
    const sum = simulate({ ...path, fec: 'auto' }, packets * share);
    const pass = sum.abandoned / sum.sent <= residual && sum.overhead <= overhead;
    const figures = [
      `${sum.sent} packets`,
      `residual ${power(sum)}`,
      `overhead ${percent(sum.overhead)}`,
      `latest ${sum.latest / MILLISECOND} ms`,
    ];
    console.log(`${pass ? 'pass' : 'MISS'}  ${name.padEnd(18)} ${figures.join(', ')}`);
  }
}

function figures(packets: number): void {
  const losses = [1, 5, 10, 20, 30];
  console.log(`| RTT | latency | ${losses.map((loss) => `${loss} %`).join(' | ')} |`);
  console.log(`|---|---|${losses.map(() => '---|').join('')}`);
  for (const [rtt, latency] of [
    [30, 100],
    [30, 200],
    [30, 500],
    [100, 200],
    [100, 300],
    [100, 500],
    [100, 1000],
    [200, 500],
    [200, 1000],
    [200, 2000],
  ] as const) {
    const cells = losses.map((loss) => {
      return residualOf(simulate(path(loss, rtt, latency), packets));
    });
    console.log(`| ${rtt} ms | ${latency} ms | ${cells.join(' | ')} |`);
  }
}

/** The media's rate on the wire. */
const MEDIA = 4_250_000;

function full(packets: number): void {
  console.log(
    '| media | queue | beside | lost on the way | without repairs | missing in the end | overhead | TCP, without repairs |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  for (const greedy of [true, false]) {
    for (const part of [0.7, 0.95])
      for (const queue of [30, 100, 300]) console.log(fullRow(greedy, part, queue, packets));
  }
}

function fullRow(greedy: boolean, part: number, queue: number, packets: number): string {
  const rate = MEDIA / part;
  const down: Conditions = { delay: 50 * MILLISECOND, rate, queue: ((rate / 8) * queue) / 1000 };
  const narrow: Path = { down, up: { delay: 50 * MILLISECOND }, latency: 500 * MILLISECOND, greedy };
  const [plain, repaired] = [simulate({ ...narrow, withoutRepair: true }, packets), simulate(narrow, packets)];
  const tcp = greedy ? `${megabits(repaired)}, ${megabits(plain)} Mbit/s` : '–';
  const cells = [percent(part), `${queue} ms`, greedy ? 'TCP' : '–', percent(repaired.lost / repaired.sent)];
  cells.push(
    percent(plain.lost / plain.sent),
    percent(repaired.abandoned / repaired.sent),
    percent(repaired.overhead),
    tcp,
  );
  return `| ${cells.join(' | ')} |`;
}

function megabits({ greedy, sent }: Sum): string {
  const seconds = (RUN / SECOND) * Math.round(sent / (470 * (RUN / SECOND)));
  return ((greedy * 8) / seconds / 1e6).toFixed(2);
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { share: { type: 'string', default: '1' } },
});
const share = Number(values.share);
if (positionals[0] === 'targets') targets(share);
else if (positionals[0] === 'figures') figures(3e5 * share);
else if (positionals[0] === 'full') full(1e5 * share);
else throw new Error('which one: targets, figures or full? (--share 0.1 runs a tenth of it)');
