import { readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND } from '../../src/base/clock.ts';
import { RedisDirectory } from '../../src/cluster/directory/redis.ts';
import { Member } from '../../src/cluster/member.ts';
import { MemoryLeases } from '../../src/hub/lease.ts';
import { silentLogger } from '../../src/ops/log.ts';
import { systemClock } from '../../src/ops/system-clock.ts';
import { startRedis } from '../../test/support/redis.ts';
import { note } from '../measure.ts';
import type { Report } from '../report.ts';
import { verdict } from '../report.ts';
import { Cleanup } from './cleanup.ts';

const NODES = 100;
const STREAMS_A_NODE = 100;
const LOOK_UPS = 5000;
/** How many look-ups are under way at a time. */
const AT_ONCE = 4;
const TICKS_A_SECOND = 100;

/** 100 nodes in this process with 10,000 streams in a real Redis: what a look-up takes, and what their heartbeats cost. */
export async function directory({ seconds }: { readonly seconds: number }): Promise<Report> {
  const cleanup = new Cleanup();
  try {
    const redis = await startRedis(cleanup);
    const members = await Promise.all(Array.from({ length: NODES }, (_, i) => member(redis.url, i)));
    for (const each of members) cleanup.after(() => each.stop());
    note(`${NODES} nodes claim ${NODES * STREAMS_A_NODE} streams`);
    for (const [i, each] of members.entries()) await claimAll(each, i);
    await sleep(2000);
    note(`heartbeats for ${seconds} s`);
    const before = { redis: cpuOf(redis.program.pid), self: process.cpuUsage() };
    await sleep(seconds * 1000);
    const used = process.cpuUsage(before.self);
    const ofRedis = (100 * (cpuOf(redis.program.pid) - before.redis)) / seconds;
    const ofNode = (100 * (used.user + used.system)) / SECOND / seconds / NODES;
    note(`${LOOK_UPS} look-ups`);
    const times = await lookUps(members);
    const [p50, p99] = [0.5, 0.99].map((share) => times[Math.floor(times.length * share)]!);
    const figures = { 'look-up p50 ms': p50!, 'look-up p99 ms': p99!, 'Redis CPU %': ofRedis, 'node CPU %': ofNode };
    return {
      rows: [{ server: `${NODES} nodes, ${NODES * STREAMS_A_NODE} streams`, figures }],
      verdicts: [
        verdict('look-up p99 ms', p99!, 5),
        verdict('Redis CPU % of a core', ofRedis, 5),
        verdict('CPU % of a core a node', ofNode, 1),
      ],
    };
  } finally {
    await cleanup.run();
  }
}

async function member(url: string, i: number): Promise<Member> {
  const member = new Member({
    nodeId: `node-${i}`,
    role: 'origin',
    version: '1.0.0',
    directory: await RedisDirectory.open(url, 'bench', silentLogger),
    leases: new MemoryLeases(systemClock),
    takeover: 'stale',
    staleAfter: 2 * SECOND,
    clock: systemClock,
    mark: i,
  });
  const load = { cpu: 0.25, streams: STREAMS_A_NODE, viewers: 1000, bitrate: 1e9 };
  member.start(() => ({ url: `headwater://10.0.0.${i}:4242?join=hwj1.${'x'.repeat(64)}`, load }));
  return member;
}

async function claimAll(member: Member, i: number): Promise<void> {
  for (let stream = 0; stream < STREAMS_A_NODE; stream++) {
    const path = pathOf(i, stream);
    member.keep(path, { ...(await member.claim(path)), anchor: 1e15, next: { segment: 1, discontinuity: 0 } });
  }
}

function pathOf(node: number, stream: number): string {
  return `__defaultVhost__/live/class-${node}-${stream}`;
}

/** In milliseconds, the shortest first. */
async function lookUps(members: readonly Member[]): Promise<number[]> {
  const times: number[] = [];
  const look = async (first: number) => {
    for (let i = first; i < LOOK_UPS; i += AT_ONCE) {
      const began = performance.now();
      const found = await members[i % NODES]!.locate(pathOf((i * 37 + 1) % NODES, i % STREAMS_A_NODE));
      times.push(performance.now() - began);
      if (found.length !== 1 && (i * 37 + 1) % NODES !== i % NODES) throw new Error('a stream was not found');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => look(i)));
  return times.sort((a, b) => a - b);
}

/** What a process has used, in seconds. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
