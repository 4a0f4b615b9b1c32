/**
 * What the link reaches on simulated paths. `node bench/simulate-link.ts targets` holds it against its targets,
 * `… figures` prints the table of docs/link.md, `… fec` what parity adds where the latency is small, `… full` shows paths that are
 * too narrow, `… group` what parity saves a group. Takes minutes; it is all one process.
 */
import { parseArgs } from 'node:util';
import { MILLISECOND, SECOND } from '../src/base/clock.ts';
import { GroupSimulation, type Member } from '../test/support/group-simulation.ts';
import { LinkSimulation, type Scenario } from '../test/support/link-simulation.ts';
import type { Conditions } from '../test/support/network.ts';

/** What a number of runs gave, added up. */
interface Sum {
  sent: number;
  abandoned: number;
  lost: number;
  overhead: number;
  greedy: number;
  latest: number;
}

/** A longer run is cut into runs of this, each with a seed of its own, which begin with a clock that is not known yet. */
const RUN = 60 * SECOND;

type Path = Omit<Scenario, 'seed' | 'duration'>;

/** Runs a path until so many packets were sent; of each run, what comes before `from` does not count. */
function simulate(path: Path, packets: number, from = 0): Sum {
  const sum: Sum = { sent: 0, abandoned: 0, lost: 0, overhead: 0, greedy: 0, latest: 0 };
  for (let seed = 1; sum.sent < packets; seed++) add(sum, { ...path, seed, duration: RUN }, from);
  return { ...sum, overhead: sum.overhead / sum.sent };
}

function add(sum: Sum, scenario: Scenario, from: number): void {
  const simulation = new LinkSimulation(scenario).run(from);
  const before = simulation.packets;
  const { sent, abandoned, lost } = simulation.run().packets;
  sum.sent += sent - before.sent;
  sum.abandoned += abandoned - before.abandoned;
  sum.lost += lost - before.lost;
  sum.overhead += simulation.overhead * (sent - before.sent);
  sum.greedy += simulation.greedy?.delivered ?? 0;
  for (const course of simulation.courses) {
    for (const [i, number] of course.came.entries()) {
      sum.latest = Math.max(sum.latest, course.cameAt[i]! - course.sent[number]!.at);
    }
  }
}

/** The same conditions both ways; `loss` in percent, times in milliseconds. */
function path(loss: number, rtt: number, latency: number, more: Partial<Path> = {}, burst = 1): Path {
  const way: Conditions = { loss: loss / 100, burst, delay: (rtt * MILLISECOND) / 2 };
  return { down: way, up: way, latency: latency * MILLISECOND, ...more };
}

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

/** What parity is for is known after this time. */
const KNOWN = 10 * SECOND;

function fec(packets: number): void {
  const losses = [...[1, 5, 10, 20].map((loss) => [loss, 1]), ...[1, 5, 10].map((loss) => [loss, 5])] as const;
  const names = losses.map(([loss, burst]) => `${loss} %${burst > 1 ? `, bursts of ${burst}` : ''}`);
  console.log(`| RTT | latency | ${names.join(' | ')} |`);
  console.log(`|---|---|${losses.map(() => '---|').join('')}`);
  for (const [rtt, latency] of [
    [30, 100],
    [100, 100],
    [100, 150],
    [100, 200],
    [100, 300],
    [200, 200],
    [200, 300],
    [200, 500],
  ] as const) {
    const cells = losses.map(([loss, burst]) => {
      const [plain, protectedOne] = (['off', 'auto'] as const).map((fec) =>
        simulate(path(loss, rtt, latency, { fec }, burst), packets, KNOWN),
      ) as [Sum, Sum];
      return `${residualOf(plain)} → ${residualOf(protectedOne)}`;
    });
    console.log(`| ${rtt} ms | ${latency} ms | ${cells.join(' | ')} |`);
  }
}

const GROUP = 10;

/** What repairs cost an origin of which ten edges hear a group, each with losses of its own, as a part of what it sends the group. */
function group(seconds: number): void {
  const shares = [0, 0.1, 0.2, 0.3];
  console.log(`| each loses | ${shares.map((share) => `parity ${100 * share} %`).join(' | ')} |`);
  console.log(`|---|${shares.map(() => '---|').join('')}`);
  for (const loss of [0.01, 0.02, 0.05]) {
    const cells = shares.map((share) => percent(groupRepairs(loss, share, seconds)));
    console.log(`| ${percent(loss)} | ${cells.join(' | ')} |`);
  }
}

function groupRepairs(loss: number, share: number, seconds: number): number {
  const way = { delay: 2 * MILLISECOND, loss };
  const members = new Array<Member>(GROUP).fill({ group: way, down: way, up: way });
  const protection = share > 0 ? { span: 100 * MILLISECOND, share } : undefined;
  const scenario = { seed: 1, latency: SECOND / 2, members, ...(protection && { protection }) };
  const { edges, sender } = new GroupSimulation(scenario).run(seconds * SECOND);
  const repairs = edges.reduce((sum, { origin }) => sum + origin.repairer.counters.packets, 0);
  return repairs / sender.counters.packets;
}

function residualOf(sum: Sum): string {
  return `${sum.abandoned === 0 ? '–' : power(sum)} (${Math.round(100 * sum.overhead)} %)`;
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

function power({ abandoned, sent }: Sum): string {
  return abandoned === 0 ? '0' : (abandoned / sent).toExponential(1);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { share: { type: 'string', default: '1' } },
});
const share = Number(values.share);
if (positionals[0] === 'targets') targets(share);
else if (positionals[0] === 'figures') figures(3e5 * share);
else if (positionals[0] === 'fec') fec(3e5 * share);
else if (positionals[0] === 'group') group(300 * share);
else if (positionals[0] === 'full') full(1e5 * share);
else throw new Error('which one: targets, figures, fec, group or full? (--share 0.1 runs a tenth of it)');
