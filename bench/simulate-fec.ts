/**
 * What parity does on simulated paths. `node bench/simulate-fec.ts figures` prints the table of docs/link.md, `… group` what it saves an
 * origin of a group, `… code` what its code costs. Takes minutes; it is all one process.
 */
import { parseArgs } from 'node:util';
import { MILLISECOND, SECOND } from '../src/base/clock.ts';
import { parityOf, restore } from '../src/relay/link/erasure.ts';
import { GroupSimulation, type Member } from '../test/support/group-simulation.ts';
import { path, percent, residualOf, type Sum, simulate } from './simulated.ts';

/** What parity is for is known after this time. */
const KNOWN = 10 * SECOND;

function figures(packets: number): void {
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

/** Groups of so many packets, with so many rows of parity, of which so many are missing. */
const CODED = [
  [16, 8, 2],
  [46, 14, 5],
  [128, 40, 13],
] as const;
const SYMBOL = 1176;
const ROUNDS = 300;

/** The time that the erasure code takes for each packet. */
function code(): void {
  console.log('| packets | rows | missing | made, for each packet | restored, for each missing |');
  console.log('|---|---|---|---|---|');
  for (const [count, rows, missing] of CODED) {
    const symbols = Array.from({ length: count }, (_, i) => new Uint8Array(SYMBOL).fill(i + 1));
    const kept = symbols.map((symbol, i) => (i < missing ? undefined : symbol));
    const parity = parityOf(symbols, 0, rows).map((bytes, row) => ({ row, bytes }));
    const made = timeOf(() => parityOf(symbols, 0, rows)) / count;
    const restored = timeOf(() => restore(kept, parity)) / missing;
    console.log(`| ${count} | ${rows} | ${missing} | ${made.toFixed(1)} µs | ${restored.toFixed(1)} µs |`);
  }
}

/** The mean of many times, in microseconds, once the code is compiled. */
function timeOf(act: () => void): number {
  let begin = 0;
  for (let round = -ROUNDS; round < ROUNDS; round++) {
    if (round === 0) begin = performance.now();
    act();
  }
  return ((performance.now() - begin) * 1000) / ROUNDS;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { share: { type: 'string', default: '1' } },
});
const share = Number(values.share);
if (positionals[0] === 'figures') figures(3e5 * share);
else if (positionals[0] === 'group') group(300 * share);
else if (positionals[0] === 'code') code();
else throw new Error('which one: figures, group or code? (--share 0.1 runs a tenth of it)');
