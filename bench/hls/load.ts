import { join } from 'node:path';
import { Child } from '../process.ts';

/** What viewers of low-latency HLS got since they were last asked. */
export interface Watched {
  readonly seconds: number;
  /** Answers. */
  readonly parts: number;
  readonly playlists: number;
  readonly bytes: number;
  /** Parts that took longer to come than they play. */
  readonly late: number;
  /** Connections lost, and answers that were none. */
  readonly failed: number;
  readonly fault: string;
  /** From the playlist that names a part to the part's last byte: 99 of 100 took less; in milliseconds. */
  readonly delay: number;
}

/** Starts viewers of `/live/stream`; resolves when all have begun. */
export async function startViewers(port: number, count: number, cores: string): Promise<Child> {
  const main = join(import.meta.dirname, 'viewers.ts');
  const child = new Child('the viewers', cores, [process.execPath, main, String(port), String(count)]);
  await child.answer();
  return child;
}

/** What they got since they were last asked. */
export function ask(viewers: Child): Promise<Watched> {
  viewers.say('so far');
  return viewers.answer<Watched>();
}

/** Starts the bare server that gives the same answers with parts of so many bytes; resolves to it and its port. */
export async function startStatic(bytes: number, cores: string): Promise<{ child: Child; port: number }> {
  const main = join(import.meta.dirname, 'static-server.ts');
  const child = new Child('the static server', cores, [process.execPath, main, String(bytes)]);
  const { http } = await child.answer<{ http: number }>();
  return { child, port: http };
}
