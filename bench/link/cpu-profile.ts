import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../scripts/prepare.mjs';

/** The part of a file that `node --cpu-prof` writes (the Chrome DevTools Protocol's Profiler.Profile) that is looked at. */
export interface CpuProfile {
  readonly nodes: readonly CallNode[];
  /** Microseconds of the machine's monotonic clock. */
  readonly startTime: number;
  /** The node that ran at each sample, and the microseconds since the sample before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CallNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** What V8 writes for a thread that has nothing to do. */
const IDLE = '(idle)';
const INNER = 'node:internal/';
/** In a millisecond. */
const MICROSECONDS = 1000;

/** Options for Node to write profiles of all its threads into a folder when it ends. */
export function profiledInto(folder: string): string[] {
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}

/** All profiles that were written into a folder. */
export function readProfiles(folder: string): CpuProfile[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  return files.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile);
}

/** A stretch of time, in milliseconds of moment.ts. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * How long each place ran by itself in a stretch of time, in microseconds, most first: a folder of the sources, a module of Node with its
 * calls into the kernel and OpenSSL, a package, or what has no place, by its name and that of the place that called it. Idling is no place.
 */
export function timeByPlace(
  { nodes, startTime, samples, timeDeltas }: CpuProfile,
  { from, to }: Stretch,
): Map<string, number> {
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const times = new Map<string, number>();
  let at = startTime;
  for (const [i, id] of samples.entries()) {
    at += timeDeltas[i]!;
    const node = byId.get(id)!;
    if (node.callFrame.functionName === IDLE || at < from * MICROSECONDS || at >= to * MICROSECONDS) continue;
    const caller = byId.get(callers.get(id) ?? -1);
    const place = placeOf(node, caller);
    // The sample after tells how long this one lasted.
    times.set(place, (times.get(place) ?? 0) + (timeDeltas[i + 1] ?? 0));
  }
  return new Map([...times].sort(([, a], [, b]) => b - a));
}

function placeOf({ callFrame: { functionName, url } }: CallNode, caller: CallNode | undefined): string {
  if (url !== '') return moduleOf(url);
  if (functionName.startsWith('(') || !caller?.callFrame.url) return functionName;
  return `${functionName} of ${moduleOf(caller.callFrame.url)}`;
}

function moduleOf(url: string): string {
  if (url.startsWith(INNER)) return `node:${url.slice(INNER.length).split('/')[0]!}`;
  if (!url.startsWith('file:')) return url;
  const path = fileURLToPath(url);
  const within = path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
  const packages = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(within);
  return packages ? packages[1]! : within.slice(0, within.lastIndexOf('/'));
}
