import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Load, type Protocol } from './load.ts';
import { Child, type Usage } from './process.ts';
import { floor } from './servers/floor.ts';
import { headwater } from './servers/headwater.ts';
import { nginxRtmp } from './servers/nginx-rtmp.ts';
import { nodeMediaServer } from './servers/node-media-server.ts';
import type { RunningServer, ServerKind, StartOptions } from './servers/server.ts';
import type { Settings } from './settings.ts';

export { floor, headwater };

/** Time for a server's first work to be over before it is measured, and for its first GOP to be complete. */
const SETTLE_MILLISECONDS = 2500;
const JOINS_A_SECOND = 500;
const STREAM_KILOBITS = 1000;
/** So many viewers are checked to the last byte, if there are so many. */
const CHECKED_VIEWERS = 20;
const SOURCE = join(import.meta.dirname, 'source.ts');

/** Headwater and the peers that the settings name, of those that can run here; says which cannot, and why. */
export function contestants(settings: Settings): ServerKind[] {
  const named = [floor, nginxRtmp, nodeMediaServer].filter(({ name }) => settings.peers.includes(name));
  return [headwater, ...named].filter((kind) => {
    const missing = kind.missing();
    if (missing !== undefined) note(`${kind.name} is left out: ${missing}`);
    return missing === undefined;
  });
}

/** Tells what is going on, beside the report. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Resolves after so many seconds. */
export function wait(seconds: number): Promise<void> {
  return sleep(seconds * 1000);
}

type ServerOptions = Pick<StartOptions, 'gather' | 'workers' | 'task' | 'options'>;

/** Runs one server for as long as `work` takes; whatever happens, it is stopped and its files are removed. */
export async function withServer<T>(
  kind: ServerKind,
  options: ServerOptions,
  settings: Pick<Settings, 'serverCores'>,
  work: (server: RunningServer) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'headwater-bench-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const server = await kind.start({ ...options, cores: settings.serverCores, folder });
    return await work(server).finally(() => server.child.stop());
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** Publishers, in a process of their own; `gop` as in `prepareClip`. */
export async function startSource(
  server: RunningServer,
  settings: Settings,
  count: number,
  kilobits: number,
  gop?: number,
): Promise<Child> {
  const options = [server.rtmpPort, 'live', 'stream', count, kilobits, ...(gop === undefined ? [] : [gop])].map(String);
  const source = new Child('the source', settings.loadCores, [process.execPath, SOURCE, ...options]);
  await source.answer();
  return source;
}

/** A stream that is being played. */
export interface Playing {
  readonly server: RunningServer;
  readonly load: Load;
  /** What the server used before the first viewer came. */
  readonly before: Usage;
  /** What each of its processes did. */
  readonly beforeEach: readonly Usage[];
}

export interface PlayOptions {
  readonly protocol: Protocol;
  readonly viewers: number;
  readonly gather?: number;
  readonly workers?: number;
  /** The server's own, as environment variables. */
  readonly options?: Record<string, string>;
  /** Milliseconds between two rounds of the viewers' reading. */
  readonly tick: number;
}

/** Runs one server with a stream and viewers for as long as `work` takes. */
export function withViewers<T>(
  kind: ServerKind,
  { protocol, viewers, gather, workers, options: own, tick }: PlayOptions,
  settings: Settings,
  work: (playing: Playing) => Promise<T>,
): Promise<T> {
  const options: ServerOptions = {
    task: 'play',
    ...(gather === undefined ? {} : { gather }),
    ...(workers === undefined ? {} : { workers }),
    ...(own === undefined ? {} : { options: own }),
  };
  return withServer(kind, options, settings, async (server) => {
    const source = kind.needsSource ? await startSource(server, settings, 1, STREAM_KILOBITS) : undefined;
    const port = protocol === 'rtmp' ? server.rtmpPort : server.httpPort;
    const sample = Math.max(1, Math.floor(viewers / CHECKED_VIEWERS));
    const load = new Load({ port, protocol, cores: settings.loadCores, sample, tick });
    try {
      await sleep(SETTLE_MILLISECONDS);
      const [before, beforeEach] = [server.child.usage(), server.child.usages()];
      const { failed, fault } = await load.join(viewers, JOINS_A_SECOND);
      if (failed > 0) note(`${kind.name}: ${failed} of ${viewers} viewers saw no key frame: ${fault || 'in time'}`);
      await sleep(SETTLE_MILLISECONDS);
      return await work({ server, load, before, beforeEach });
    } finally {
      await Promise.all([load.stop(), source?.stop()]);
    }
  });
}
