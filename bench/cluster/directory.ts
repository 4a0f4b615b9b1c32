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
import { cpuSeconds } from '../process.ts';
import { type Report, verdict } from '../report.ts';
import { spread } from '../statistics.ts';
import { Cleanup } from './cleanup.ts';
import type { ClusterSettings } from './settings.ts';

const LOOK_UPS = 5000;
/** How many look-ups are under way at a time. */
const AT_ONCE = 4;
const GOALS = { 'look-up p99 ms': 5, 'Redis CPU %': 5, 'node CPU %': 1 };

/** Many nodes in this process with thousands of streams in a real Redis: what a look-up takes, and what their heartbeats cost. */
export async function directory({ seconds, nodes, streams }: ClusterSettings): Promise<Report> {
  const cleanup = new Cleanup();
  try {
    const redis = await startRedis(cleanup);
    const members = await Promise.all(Array.from({ length: nodes }, (_, i) => member(redis.url, i)));
    for (const each of members) cleanup.after(() => each.stop());
    note(`${nodes} nodes claim ${streams} streams`);
    for (let stream = 0; stream < streams; stream++) await publish(members[stream % nodes]!, pathOf(stream));
    await sleep(2000);
    note(`heartbeats for ${seconds} s`);
    const cpu = await costOf(redis.program.pid, seconds, nodes);
    note(`${LOOK_UPS} look-ups`);
    const { p50, p99 } = spread(await lookUps(members, streams));
    const figures = { 'look-up p50 ms': p50, 'look-up p99 ms': p99, ...cpu };
    return {
      rows: [{ server: `${nodes} nodes, ${streams} streams`, figures }],
      verdicts: Object.entries(GOALS).map(([name, most]) => verdict(name, figures[name as keyof typeof GOALS], most)),
    };
  } finally {
    await cleanup.run();
  }
}

/** CPU time while nothing but heartbeats happens, in per cent of a core. */
async function costOf(
  redis: number,
  seconds: number,
  nodes: number,
): Promise<Record<'Redis CPU %' | 'node CPU %', number>> {
  const before = { redis: cpuSeconds(redis), own: process.cpuUsage() };
  await sleep(seconds * 1000);
  const own = process.cpuUsage(before.own);
  const share = (used: number) => (100 * used) / seconds;
  return {
    'Redis CPU %': share(cpuSeconds(redis) - before.redis),
    'node CPU %': share((own.user + own.system) / SECOND / nodes),
  };
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
    grace: 60 * SECOND,
    clock: systemClock,
    mark: i,
  });
  member.start(() => ({ url: `headwater://10.0.0.${i}:4242?join=hwj1.${'x'.repeat(64)}` }));
  return member;
}

async function publish(member: Member, path: string): Promise<void> {
  const lease = await member.claim(path);
  member.keep(path, { ...lease, anchor: 1e15, next: { segment: 1, discontinuity: 0 } });
}

function pathOf(stream: number): string {
  return `__defaultVhost__/live/class-${stream}`;
}

/** Of streams of other nodes, in milliseconds. */
async function lookUps(members: readonly Member[], streams: number): Promise<number[]> {
  const times: number[] = [];
  const look = async (first: number) => {
    for (let i = first; i < LOOK_UPS; i += AT_ONCE) {
      const stream = i % streams;
      const began = performance.now();
      const found = await members[(stream + 1) % members.length]!.locate(pathOf(stream));
      times.push(performance.now() - began);
      if (found.length !== 1) throw new Error('a stream was not found');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => look(i)));
  return times;
}
