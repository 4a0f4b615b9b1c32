import { setTimeout as sleep } from 'node:timers/promises';
import { note } from '../measure.ts';
import { combine, type Figures, type Report, type Row, type Verdict, verdict } from '../report.ts';
import { Cleanup } from './cleanup.ts';
import type { ClusterSettings } from './settings.ts';
import { Stage } from './stage.ts';

/** From key frame to key frame, in milliseconds. */
const GOP = 1000;
const UNDISTURBED = { backwards: 0, ended: 0 };

/** Something that happens, and what its figures may be at most. */
interface Case {
  readonly name: string;
  run(stage: Stage): Promise<Figures>;
  readonly goals: Readonly<Record<string, number>>;
}

/** What fails, by the name of its row. */
export const FAILURES = {
  killed: [
    {
      name: 'origin killed, standby in the directory',
      run: (stage) => standby(stage, 'SIGKILL'),
      goals: { 'gap ms': 500, lost: 0, ...UNDISTURBED },
    },
    {
      name: 'origin killed, another by RTMP',
      run: (stage) => upstreams(stage, 'SIGKILL'),
      goals: { 'gap ms': 500, lost: 0, ...UNDISTURBED },
    },
  ],
  hung: [
    {
      name: 'origin hung, standby in the directory',
      run: (stage) => standby(stage, 'SIGSTOP'),
      goals: { 'gap ms': 1500, ...UNDISTURBED },
    },
    {
      name: 'origin hung, another by RTMP',
      run: (stage) => upstreams(stage, 'SIGSTOP'),
      goals: { 'gap ms': 1500, ...UNDISTURBED },
    },
  ],
  second: [{ name: 'stream at the second origin only', run: second, goals: { 'first key frame ms': 300 } }],
  takeover: [{ name: 'publisher hung, another takes over', run: takeover, goals: { 'gap ms': 2500, ...UNDISTURBED } }],
  backup: [
    {
      name: 'main publisher killed, backup there',
      run: backup,
      goals: { 'gap ms': GOP, lost: 0, ...UNDISTURBED },
    },
  ],
  redis: [
    {
      name: 'Redis away',
      run: withoutRedis,
      goals: { 'gap ms': 500, lost: 0, ...UNDISTURBED, 'first key frame ms': 300 },
    },
  ],
} as const satisfies Record<string, readonly Case[]>;

/** The name of such a row. */
export type Failure = keyof typeof FAILURES;

/** What viewers of an edge notice when origins, publishers or the directory fail: processes on this machine, by RTMP and HTTP-FLV. */
export async function failures(row: Failure, settings: ClusterSettings): Promise<Report> {
  const [rows, verdicts]: [Row[], Verdict[]] = [[], []];
  for (const { name, run, goals } of FAILURES[row] as readonly Case[]) {
    const all: Figures[] = [];
    for (let i = 0; i < settings.runs; i++) {
      note(name);
      const cleanup = new Cleanup();
      all.push(await run(new Stage(cleanup, settings)).finally(() => cleanup.run()));
    }
    rows.push({ server: name, figures: combine(all) });
    for (const [figure, most] of Object.entries(goals)) {
      verdicts.push(verdict(`${name}: ${figure}`, Math.max(...all.map((each) => each[figure]!)), most));
    }
  }
  return { rows, verdicts };
}

async function standby(stage: Stage, signal: NodeJS.Signals): Promise<Figures> {
  const redis = await stage.redis();
  const [dying, other] = [await stage.member(redis, 'origin'), await stage.member(redis, 'origin')];
  const edge = await stage.member(redis, 'edge');
  await stage.encode([dying, 'movie?role=main'], [other, 'movie?role=backup']);
  return stage.observe(edge, 'movie', () => dying.program.kill(signal));
}

async function upstreams(stage: Stage, signal: NodeJS.Signals): Promise<Figures> {
  const [dying, other] = [await stage.server(), await stage.server()];
  const edge = await stage.edge([dying, other]);
  await stage.encode([dying, 'movie'], [other, 'movie']);
  return stage.observe(edge, 'movie', () => dying.program.kill(signal));
}

async function second(stage: Stage): Promise<Figures> {
  const [first, other] = [await stage.server(), await stage.server()];
  const edge = await stage.edge([first, other]);
  await stage.encode([other, 'movie']);
  await (await stage.watch(other, 'rtmp', 'movie')).gets(10);
  return { 'first key frame ms': await stage.firstKeyFrame(edge, 'movie') };
}

async function takeover(stage: Stage): Promise<Figures> {
  const redis = await stage.redis();
  const [first, other] = [await stage.member(redis, 'origin'), await stage.member(redis, 'origin')];
  const edge = await stage.member(redis, 'edge');
  const hung = await stage.encode([first, 'movie']);
  return stage.observe(edge, 'movie', async () => {
    hung.hang();
    await stage.encode([other, 'movie']);
  });
}

async function backup(stage: Stage): Promise<Figures> {
  const server = await stage.server();
  const encoder = await stage.encode([server, 'movie?role=main'], [server, 'movie?role=backup']);
  return stage.observe(server, 'movie', () => encoder.kill());
}

/** A stream that plays plays on, and in the middle of it a new one is found. */
async function withoutRedis(stage: Stage): Promise<Figures> {
  const redis = await stage.redis();
  const [origin, edge] = [await stage.member(redis, 'origin'), await stage.member(redis, 'edge')];
  await stage.encode([origin, 'movie']);
  const half = (stage.settings.outage * 1000) / 2;
  let first = Number.NaN;
  const figures = await stage.observe(edge, 'movie', async () => {
    await redis.program.stop();
    await sleep(half);
    await stage.encode([origin, 'late']);
    await (await stage.watch(origin, 'rtmp', 'late')).gets(10);
    first = await stage.firstKeyFrame(edge, 'late');
    await sleep(half);
    await stage.redis(redis);
  });
  return { ...figures, 'first key frame ms': first };
}
