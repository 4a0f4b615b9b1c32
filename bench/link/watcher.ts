/**
 * Those who watch at the far end, in a process of their own: `watcher.ts ADDRESS PORT PROTOCOL COUNT` plays `live/stream0`,
 * `live/stream1`, …, and `watcher.ts run COMMAND …` reads MPEG-TS from the output of that command.
 *
 * Prints a line of JSON when all have seen a picture, and a `Watched` for every `end` that it reads; `begin` begins to count anew.
 * `since MOMENT` is answered with `Resumed` when all have seen a picture that was written after that, and `pictures` with `Pictures`.
 */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError } from '../../src/base/errors.ts';
import type { Protocol } from '../load.ts';
import { type Spread, spread } from '../statistics.ts';
import { converse } from '../viewers/conversation.ts';
import { now } from './moment.ts';
import { type Found, Tally } from './tally.ts';
import { TsReader } from './ts-reader.ts';

/** What all of them found together. */
export interface Watched extends Omit<Found, 'delays' | 'written' | 'newest'> {
  /** From the publisher's write to the read here, of all pictures, in milliseconds. */
  readonly delay: Spread;
  /** Times that a connection ended, after which they came again. */
  readonly endings: number;
  /** Packets that were missing when their time came, as the node at the edge counts them, if it does. */
  readonly residual?: number;
}

/** Of each stream every picture since `begin`: when its publisher wrote it, and how much later it was read, in milliseconds. */
export type Pictures = readonly (readonly (readonly [written: number, delay: number])[])[];

/** When all had seen a picture; absent where that took too long. */
export interface Resumed {
  readonly at?: number;
}

const RESUME_MILLISECONDS = 15_000;
const COME_AGAIN_MILLISECONDS = 100;
const JOIN_MILLISECONDS = 20_000;

let tallies: Tally[] = [];
let endings = 0;

/** Plays one stream for ever. */
async function play(index: number, host: string, port: number, protocol: Protocol): Promise<never> {
  for (;;) {
    const socket = connect({ host, port, noDelay: true });
    const conversation = converse(protocol, port, `stream${index}`, (bytes) => socket.write(bytes));
    let received = 0;
    socket.on('error', () => {});
    socket.on('data', (bytes: Uint8Array) => {
      received += bytes.length;
      conversation.acknowledge?.(received);
      try {
        for (const tag of conversation.receive(bytes)) tallies[index]!.take(tag);
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        socket.destroy();
      }
    });
    socket.write(conversation.hello);
    // Nobody may listen there at the moment.
    await new Promise((resolve) => socket.once('close', resolve));
    endings++;
    tallies[index]!.comeBack();
    await sleep(COME_AGAIN_MILLISECONDS);
  }
}

function run(command: readonly string[]): void {
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  const reader = new TsReader((tag, at) => tallies[0]!.take(tag, at));
  child.stdout.on('data', (bytes: Uint8Array) => reader.push(bytes, now()));
  child.on('exit', () => process.exit(1));
  process.on('SIGTERM', () => child.kill());
}

/** What the node that is watched says of its links, if it is there. */
async function countResidual(): Promise<number | undefined> {
  if (protocol !== 'http-flv') return undefined;
  const links = await fetchLinks().catch(() => []);
  const edges = links.filter(({ role }) => role === 'edge');
  return edges.length === 0 ? undefined : edges.reduce((sum, { residual }) => sum + residual, 0);
}

async function fetchLinks(): Promise<{ role: string; residual: number }[]> {
  const headers = { authorization: 'Bearer bench' };
  const answer = await fetch(`http://${first}:${port}/api/v1/links`, { headers, signal: AbortSignal.timeout(2000) });
  const { links } = (await answer.json()) as { links: { role: string; residual: number }[] };
  return links;
}

function begin(count: number): void {
  tallies = Array.from({ length: count }, () => new Tally());
  endings = 0;
}

function end(): Watched {
  const all = tallies.map(({ found }) => found);
  const sum = (of: (found: Found) => number): number => all.reduce((total, found) => total + of(found), 0);
  const worst = all.reduce((a, b) => (b.gap > a.gap ? b : a));
  return {
    frames: sum(({ frames }) => frames),
    missing: sum(({ missing }) => missing),
    holes: sum(({ holes }) => holes),
    faulty: sum(({ faulty }) => faulty),
    stalls: sum(({ stalls }) => stalls),
    gap: worst.gap,
    gapEnded: worst.gapEnded,
    delay: spread(all.flatMap(({ delays }) => delays)),
    endings,
  };
}

function pictures(): Pictures {
  return tallies.map(({ found: { written, delays } }) => written.map((moment, i) => [moment, delays[i]!] as const));
}

async function seen(): Promise<void> {
  const deadline = now() + JOIN_MILLISECONDS;
  while (tallies.some(({ found }) => found.delays.length === 0)) {
    if (now() > deadline) throw new Error('no picture comes');
    await sleep(50);
  }
}

async function resumed(moment: number): Promise<Resumed> {
  const deadline = now() + RESUME_MILLISECONDS;
  while (now() < deadline) {
    const all = tallies.map(({ found }) => found.newest);
    if (all.every(({ written }) => written > moment)) return { at: Math.max(...all.map(({ read }) => read)) };
    await sleep(5);
  }
  return {};
}

const [first, ...rest] = process.argv.slice(2) as [string, ...string[]];
const [port, protocol, count] = rest as [string, Protocol, string];
begin(first === 'run' ? 1 : Number(count));
if (first === 'run') run(rest);
else for (const index of tallies.keys()) void play(index, first, Number(port), protocol);
await seen();
console.log(JSON.stringify({ streams: tallies.length }));
let residualBefore: number | undefined;
for await (const line of createInterface(process.stdin)) {
  if (line === 'begin') {
    begin(tallies.length);
    residualBefore = await countResidual();
    continue;
  }
  if (line === 'pictures') {
    console.log(JSON.stringify(pictures()));
    continue;
  }
  const [command, moment] = line.split(' ');
  if (command === 'since') {
    console.log(JSON.stringify(await resumed(Number(moment))));
    continue;
  }
  const watched = end();
  const residual = await countResidual();
  // A link that was lost meanwhile counts anew.
  const isSame = residual !== undefined && residualBefore !== undefined && residual >= residualBefore;
  console.log(
    JSON.stringify({ ...watched, ...(isSame && { residual: residual - residualBefore! }) } satisfies Watched),
  );
}
process.exit();
