import { setTimeout as sleep } from 'node:timers/promises';
import { clip } from '../../test/support/clips.ts';
import { spawnMember } from '../../test/support/cluster.ts';
import { assertMonotonic, content, framesOf } from '../../test/support/frames.ts';
import { longestGap } from '../../test/support/gap.ts';
import { edgeOf } from '../../test/support/nodes.ts';
import { PacedPublisher } from '../../test/support/paced.ts';
import { startRedis } from '../../test/support/redis.ts';
import { RtmpClient } from '../../test/support/rtmp-client.ts';
import { spawnServer, type TestServer } from '../../test/support/server.ts';
import type { Viewer } from '../../test/support/viewer.ts';
import { watch } from '../../test/support/watch.ts';
import { note } from '../measure.ts';
import { combine, type Figures, type Report, type Row, type Verdict, verdict } from '../report.ts';
import { Cleanup } from './cleanup.ts';

/** So long a stream plays before something happens, and is watched afterwards; in milliseconds. */
const [BEFORE, AFTER] = [5000, 6000];
const CLIP_LENGTH = 4000;
const GOP = 1000;

/** What happens, and what is to come of it. */
interface Case {
  readonly name: string;
  run(cleanup: Cleanup): Promise<Figures>;
  readonly goals: Readonly<Record<string, number>>;
}

/** What viewers of an edge notice when origins and publishers fail: processes on this machine, by RTMP and HTTP-FLV. */
export async function failover({ runs }: { readonly runs: number }): Promise<Report> {
  const [rows, verdicts]: [Row[], Verdict[]] = [[], []];
  for (const { name, run, goals } of CASES) {
    const all: Figures[] = [];
    for (let i = 0; i < runs; i++) {
      note(name);
      const cleanup = new Cleanup();
      all.push(await run(cleanup).finally(() => cleanup.run()));
    }
    const figures = combine(all);
    rows.push({ server: name, figures });
    for (const [figure, most] of Object.entries(goals)) {
      const worst = Math.max(...all.map((each) => each[figure]!));
      verdicts.push(verdict(`${name}: ${figure}`, worst, most));
    }
  }
  return { rows, verdicts };
}

const CASES: readonly Case[] = [
  {
    name: 'origin killed, standby in the directory',
    run: (it) => standby(it, 'SIGKILL'),
    goals: { 'gap ms': 500, ended: 0 },
  },
  {
    name: 'origin hung, standby in the directory',
    run: (it) => standby(it, 'SIGSTOP'),
    goals: { 'gap ms': 1500, ended: 0 },
  },
  { name: 'origin killed, another by RTMP', run: (it) => upstreams(it, 'SIGKILL'), goals: { 'gap ms': 500, ended: 0 } },
  { name: 'origin hung, another by RTMP', run: (it) => upstreams(it, 'SIGSTOP'), goals: { 'gap ms': 1500, ended: 0 } },
  { name: 'stream at the second origin only', run: second, goals: { 'first key frame ms': 300 } },
  { name: 'publisher hung, another takes over elsewhere', run: takeover, goals: { 'gap ms': 2500 + GOP, ended: 0 } },
  { name: 'main publisher killed, backup there', run: backup, goals: { 'gap ms': GOP, lost: 0, ended: 0 } },
];

async function standby(cleanup: Cleanup, signal: NodeJS.Signals): Promise<Figures> {
  const redis = await startRedis(cleanup);
  const [dying, other] = [await spawnMember(cleanup, redis, 'origin'), await spawnMember(cleanup, redis, 'origin')];
  const edge = await spawnMember(cleanup, redis, 'edge');
  await encode(cleanup, [dying, 'movie?role=main'], [other, 'movie?role=backup']);
  return observe(cleanup, edge, () => dying.program.kill(signal));
}

async function upstreams(cleanup: Cleanup, signal: NodeJS.Signals): Promise<Figures> {
  const [dying, other] = [await spawnServer(cleanup), await spawnServer(cleanup)];
  const origins = [dying, other].map(({ ports }) => `rtmp://127.0.0.1:${ports['rtmp']}`);
  const edge = await spawnServer(cleanup, await edgeOf(cleanup, origins, { play: { wait: '30s' } }));
  await encode(cleanup, [dying, 'movie'], [other, 'movie']);
  return observe(cleanup, edge, () => dying.program.kill(signal));
}

async function second(cleanup: Cleanup): Promise<Figures> {
  const [first, other] = [await spawnServer(cleanup), await spawnServer(cleanup)];
  const origins = [first, other].map(({ ports }) => `rtmp://127.0.0.1:${ports['rtmp']}`);
  const edge = await spawnServer(cleanup, await edgeOf(cleanup, origins));
  await encode(cleanup, [other, 'movie']);
  await (await watch(cleanup, other, 'rtmp', 'movie')).gets(10);
  const began = performance.now();
  const viewer = await watch(cleanup, edge, 'http-flv', 'movie');
  await viewer.gets(1, (tag) => framesOf([tag], 'video').length > 0);
  return {
    'first key frame ms': viewer.times[viewer.tags.findIndex((tag) => framesOf([tag], 'video').length > 0)]! - began,
  };
}

async function takeover(cleanup: Cleanup): Promise<Figures> {
  const redis = await startRedis(cleanup);
  const [first, other] = [await spawnMember(cleanup, redis, 'origin'), await spawnMember(cleanup, redis, 'origin')];
  const edge = await spawnMember(cleanup, redis, 'edge');
  const hung = await encode(cleanup, [first, 'movie']);
  return observe(cleanup, edge, () => {
    hung.stop();
    void encode(cleanup, [other, 'movie']).catch(() => {});
  });
}

async function backup(cleanup: Cleanup): Promise<Figures> {
  const server = await spawnServer(cleanup, { play: { wait: '30s' } });
  const { kill } = await encode(cleanup, [server, 'movie?role=main'], [server, 'movie?role=backup']);
  return observe(cleanup, server, kill);
}

/** One encoder that sends the same to several places; `kill` breaks off the first connection, `stop` ends all sending. */
async function encode(
  cleanup: Cleanup,
  ...to: readonly [TestServer, name: string][]
): Promise<{ kill(): void; stop(): void }> {
  const clients = await Promise.all(
    to.map(async ([{ ports }, name]) => {
      const client = await RtmpClient.connect(cleanup, { port: ports['rtmp']! });
      await client.publish(name);
      return client;
    }),
  );
  const send: RtmpClient['send'] = (...tags) => {
    for (const client of clients) if (!client.closed) client.send(...tags);
  };
  const { tags } = await clip('movie');
  const publisher = new PacedPublisher(cleanup, { send } as RtmpClient, tags, CLIP_LENGTH);
  return { kill: () => void clients[0]!.socket.destroy(), stop: () => publisher.stop() };
}

/** What a viewer by each protocol notices of what happens. */
async function observe(cleanup: Cleanup, server: TestServer, act: () => void): Promise<Figures> {
  const viewers = [await watch(cleanup, server, 'rtmp', 'movie'), await watch(cleanup, server, 'http-flv', 'movie')];
  await Promise.all(viewers.map((viewer) => viewer.gets(1)));
  await sleep(BEFORE);
  const began = performance.now();
  act();
  await sleep(AFTER);
  for (const viewer of viewers) assertMonotonic(viewer.tags);
  const lost = await Promise.all(viewers.map(lostBy));
  return {
    'gap ms': Math.max(...viewers.map((viewer) => longestGap(viewer, began))),
    lost: Math.max(...lost),
    ended: viewers.filter(({ reason }) => reason !== undefined).length,
  };
}

/** How many pictures of the clip, which is sent over and over, are missing. */
async function lostBy(viewer: Viewer): Promise<number> {
  const { tags } = await clip('movie');
  const sent = new Map(framesOf(tags, 'video').map((packet, i) => [content(packet), i]));
  const places = framesOf(viewer.tags, 'video').map((packet) => sent.get(content(packet))!);
  const step = (from: number, to: number) => (to - from - 1 + sent.size) % sent.size;
  return places.slice(1).reduce((lost, place, i) => lost + step(places[i]!, place), 0);
}
