import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../process.ts';
import type { MediaKind } from './meter.ts';
import { Path, type PathPlan } from './path.ts';
import type { LinkSettings } from './settings.ts';
import type { Ground } from './transports.ts';

const MEGABIT = 1e6;

/** Told of every process that was started: it is stopped in the end, whatever happens. */
export type Started = (process: { stop(): Promise<void> }) => void;

/** Opens the path that the settings ask for, does something on it, and clears everything away. Without a `tunnel` it relays UDP alone. */
export async function onPath<T>(
  kind: MediaKind,
  settings: LinkSettings,
  tunnel: string | undefined,
  act: (ground: Ground, started: Started) => Promise<T>,
): Promise<T> {
  const [link, media, rtmp, http, api] = (await freePorts(5)) as [number, number, number, number, number];
  const folder = mkdtempSync(join(tmpdir(), 'headwater-bench-'));
  const running: { stop(): Promise<void> }[] = [];
  const path = await Path.open(planOf(kind, settings, [link, media], tunnel), settings.loadCores);
  try {
    const ports = { link, media, rtmp, http, api };
    return await act({ path, settings, folder, ports }, (process) => running.unshift(process));
  } finally {
    for (const process of running) await process.stop();
    await path.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function planOf(kind: MediaKind, settings: LinkSettings, ports: number[], tunnel: string | undefined): PathPlan {
  const { loss, burst, rtt, jitter, limit, queue, withoutRepairs, spareRepairs, seed } = settings;
  const bottleneck = limit > 0 && { rate: limit * MEGABIT, queue: (limit * MEGABIT * queue) / 8000 };
  const impairment = { loss: loss / 100, burst, delay: rtt / 2, jitter, ...bottleneck };
  return { ...impairment, kind, withoutRepairs, spareRepairs, seed, ports, ...(tunnel !== undefined && { tunnel }) };
}
