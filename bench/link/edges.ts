import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Identity } from '../../src/cluster/identity.ts';
import { note, wait } from '../measure.ts';
import { Child, freePorts, type Usage } from '../process.ts';
import type { Figures, Report } from '../report.ts';
import type { EdgesPlan, EdgesReport } from './edges-main.ts';
import { LinkNode } from './node.ts';
import type { LinkSettings } from './settings.ts';

const HERE = '127.0.0.1';
const SETTLE_SECONDS = 3;
const GIGABIT = 1e9;

/** What it costs one origin to send a stream to many edges, on a path without faults. */
export async function manyEdges(settings: LinkSettings): Promise<Report> {
  const [link, media, rtmp, http] = (await freePorts(4)) as [number, number, number, number];
  const folder = mkdtempSync(join(tmpdir(), 'headwater-bench-'));
  const state = join(folder, 'state');
  const running: { stop(): Promise<void> }[] = [];
  const started = <T extends { stop(): Promise<void> }>(process: T): T => (running.unshift(process), process);
  try {
    const place = { end: { address: HERE, listen: HERE, enter: [] }, cores: settings.serverCores, folder };
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
    const before = await read();
    await wait(settings.seconds);
    const figures = figuresOf(before, await read(), settings);
    return { rows: [{ server: 'headwater', figures }], verdicts: [] };
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
