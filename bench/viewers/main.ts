/**
 * The viewers, in a process of their own: `main.ts PORT PROTOCOL SAMPLE TICK`. Every SAMPLE-th one is checked to the last byte.
 * TICK is how many milliseconds pass between two rounds of reading: 0 reads at once, more gathers what came meanwhile and costs less.
 *
 * Reads commands from its input and answers `join` and `end` with a line of JSON (`Joined` and `Received` of load.ts):
 *   join COUNT RATE   so many viewers more, RATE a second; answers when each has its first key frame or has failed
 *   begin             the measurement begins
 *   end               what was measured
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { gatherReads } from '../gather.ts';
import type { Joined, Protocol, Received } from '../load.ts';
import { spread } from '../statistics.ts';
import { Findings } from './checker.ts';
import { Viewer } from './viewer.ts';

const STALL_MILLISECONDS = 2000;
const JOIN_MILLISECONDS = 30_000;
const NAME = 'stream';

const [port, protocol, sample, tick] = process.argv.slice(2);
const viewers: Viewer[] = [];
let findings = new Findings();
let begunAt = performance.now();

function addViewer(): void {
  const sampled = viewers.length % Number(sample) === 0;
  const where = { protocol: protocol as Protocol, port: Number(port), name: NAME };
  viewers.push(new Viewer({ ...where, sampled, findings: () => findings }));
}

async function join(count: number, rate: number): Promise<Joined> {
  const began = performance.now();
  const from = viewers.length;
  for (let added = 0; added < count; await sleep(1)) {
    for (const due = Math.min(count, ((performance.now() - began) / 1000) * rate + 1); added < due; added++)
      addViewer();
  }
  const batch = viewers.slice(from);
  const deadline = performance.now() + JOIN_MILLISECONDS;
  while (batch.some(waiting) && performance.now() < deadline) await sleep(10);
  const keys = batch.filter(({ keyAt }) => keyAt !== undefined).map(({ keyAt, connectedAt }) => keyAt! - connectedAt);
  return { joined: keys.length, failed: count - keys.length, fault: firstFault(batch), key: spread(keys) };
}

function waiting({ keyAt, fault }: Viewer): boolean {
  return keyAt === undefined && fault === undefined;
}

function firstFault(batch: Viewer[]): string {
  return batch.find(({ fault }) => fault !== undefined)?.fault ?? '';
}

function begin(): void {
  findings = new Findings();
  begunAt = performance.now();
  for (const viewer of viewers) viewer.begin();
}

function end(): Received {
  const milliseconds = performance.now() - begunAt;
  const alive = viewers.filter(({ fault }) => fault === undefined);
  const sampled = alive.filter((viewer) => viewer.sampled);
  const gaps = alive.map((viewer) => viewer.longestGap());
  const { frames, holes, damaged, backwards, delays } = findings;
  return {
    seconds: milliseconds / 1000,
    viewers: alive.length,
    lost: viewers.length - alive.length,
    fault: firstFault(viewers),
    bytes: sum(viewers.map(({ bytes }) => bytes)),
    burst: (milliseconds * sampled.length) / sum(sampled.map(({ arrivals }) => arrivals)),
    gap: gaps.reduce((longest, gap) => Math.max(longest, gap), 0),
    stalls: gaps.filter((gap) => gap > STALL_MILLISECONDS).length,
    checked: { viewers: sampled.length, frames, holes, damaged, backwards },
    delay: spread(delays),
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

if (Number(tick) > 0) gatherReads(Number(tick));
for await (const line of createInterface(process.stdin)) {
  const [command, count, rate] = line.split(' ');
  if (command === 'join') console.log(JSON.stringify(await join(Number(count), Number(rate))));
  else if (command === 'begin') begin();
  else console.log(JSON.stringify(end()));
}
process.exit(0);
