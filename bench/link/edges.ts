import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Identity } from '../../src/cluster/identity.ts';
import { note, wait } from '../measure.ts';
import { Child, freePorts, type Usage } from '../process.ts';
import type { Figures, Report, Row } from '../report.ts';
import { profiledInto, readProfiles, type Stretch, timeByPlace } from './cpu-profile.ts';
import type { EdgesPlan, EdgesReport } from './edges-main.ts';
import { now } from './moment.ts';
import { LinkNode } from './node.ts';
import type { LinkSettings } from './settings.ts';

const HERE = '127.0.0.1';
const SETTLE_SECONDS = 3;
const GIGABIT = 1e9;
/** So many places that take most of the time are told of; they make up nearly all. */
const MOST_PLACES = 16;

/** What it costs one origin to send a stream to many edges, on a path without faults. */
export async function manyEdges(settings: LinkSettings): Promise<Report> {
  const [link, media, rtmp, http] = (await freePorts(4)) as [number, number, number, number];
  const folder = mkdtempSync(join(tmpdir(), 'headwater-bench-'));
  const state = join(folder, 'state');
  const running: { stop(): Promise<void> }[] = [];
  const started = <T extends { stop(): Promise<void> }>(process: T): T => (running.unshift(process), process);
  try {
    const profiles = join(folder, 'profiles');
    const place = {
      end: { address: HERE, listen: HERE, enter: [] },
      cores: settings.serverCores,
      folder,
      ...(settings.profile && { flags: profiledInto(profiles) }),
    };
    const origin = started(
      await LinkNode.start('origin', place, {
        rtmp: { listen: `${HERE}:${rtmp}` },
        http: { listen: `${HERE}:${http}` },
        relay: { listen: `${HERE}:${link}`, media: `${HERE}:${media}`, state },
      }),
    );
    await begin(started(child('the source', settings, 'source.ts', settings.rate * 1000, rtmp, 1)));
    const { joinToken } = Identity.open(state);
    const plan: EdgesPlan = { count: settings.edges, port: link, joinToken, folder, latency: settings.latency };
    note(`${settings.edges} edges, ${settings.seconds} s`);
    const edges = await begin(started(child('the edges', settings, 'edges-main.ts', JSON.stringify(plan))));
    await wait(SETTLE_SECONDS);
    const read = async (): Promise<Reading> => ({
      bytes: await sentBytes(http),
      cpu: origin.usage(),
      load: edges.usage(),
      got: await ask(edges),
    });
    const [before, from] = [await read(), now()];
    await wait(settings.seconds);
    const stretch = { from, to: now() };
    const figures = figuresOf(before, await read(), settings);
    if (settings.profile) await origin.stop();
    const places = settings.profile ? placesIn(profiles, stretch) : [];
    return { rows: [{ server: 'headwater', figures }, ...places], verdicts: [] };
  } finally {
    for (const process of running) await process.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Reading {
  readonly bytes: number;
  readonly cpu: Usage;
  readonly load: Usage;
  readonly got: EdgesReport;
}

function figuresOf(from: Reading, to: Reading, { edges, seconds }: LinkSettings): Figures {
  const [bits, cpu] = [8 * (to.bytes - from.bytes), to.cpu.cpu - from.cpu.cpu];
  return {
    edges,
    'RTP Mbit/s': bits / seconds / 1e6,
    'CPU s/Gbit': (cpu * GIGABIT) / bits,
    'core %': (100 * cpu) / seconds,
    packets: to.got.packets - from.got.packets,
    residual: to.got.residual - from.got.residual,
    'load %': (100 * (to.load.cpu - from.load.cpu)) / seconds,
  };
}

/** Where the time of the origin's threads went, as far as they run JavaScript. */
function placesIn(folder: string, stretch: Stretch): Row[] {
  const times = new Map<string, number>();
  for (const profile of readProfiles(folder))
    for (const [place, time] of timeByPlace(profile, stretch)) times.set(place, (times.get(place) ?? 0) + time);
  const total = sum([...times.values()]);
  const [most, rest] = [[...times].slice(0, MOST_PLACES), [...times].slice(MOST_PLACES)];
  const others: [string, number] = ['others', sum(rest.map(([, time]) => time))];
  return [...most, others].map(([server, time]) => ({
    server,
    figures: { 'its own time %': (100 * time) / total },
    table: 'places',
  }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function child(name: string, { loadCores }: LinkSettings, script: string, ...args: (string | number)[]): Child {
  return new Child(name, loadCores, [process.execPath, join(import.meta.dirname, script), ...args.map(String)]);
}

async function begin(process: Child): Promise<Child> {
  await process.answer();
  return process;
}

function ask(edges: Child): Promise<EdgesReport> {
  edges.say('report');
  return edges.answer<EdgesReport>();
}

/** UDP payload of media that the origin has sent, as it counts by itself. */
async function sentBytes(port: number): Promise<number> {
  const answer = await fetch(`http://${HERE}:${port}/api/v1/links`, { headers: { authorization: 'Bearer bench' } });
  const { links } = (await answer.json()) as { links: { bytes: number }[] };
  return links.reduce((sum, { bytes }) => sum + bytes, 0);
}
