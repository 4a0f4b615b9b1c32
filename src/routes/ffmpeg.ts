import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { isLoopback } from '../access/loopback.ts';
import { parsePath, type StreamPath } from '../hub/path.ts';
import type { BoundAddress } from '../net/listen.ts';
import { authority, schemeOf } from '../net/server-url.ts';
import { maskSecrets } from '../ops/log.ts';

/** How much is kept of what it says, in characters. */
const LAST_WORDS = 2000;
/** How long it may take to end when it is asked to, in milliseconds. */
const LONGEST_END = 2000;
/** Who listens on all addresses is found on this one. */
const ANY_ADDRESS = /^(?:::|0\.0\.0\.0)$/;

/** Whether there is an ffmpeg. */
export function hasFfmpeg(): Promise<boolean> {
  return new Promise((resolve) => execFile('ffmpeg', ['-version'], (error) => resolve(!error)));
}

/** Where a program on this machine publishes a stream of this server; with the key only where it is asked for, as all can see it. */
export function localUrl(
  rtmp: BoundAddress | undefined,
  path: StreamPath,
  { publishKey, loopback }: { readonly publishKey: string; readonly loopback: string },
): string {
  if (!rtmp) throw new Error('a route by ffmpeg needs rtmp.listen');
  const { app, name } = parsePath(path);
  const host = ANY_ADDRESS.test(rtmp.host) ? '127.0.0.1' : rtmp.host;
  const isTrusted = loopback === 'trusted' && isLoopback(host);
  const query = isTrusted ? '' : `?key=${encodeURIComponent(publishKey)}`;
  return `rtmp://${authority({ host, port: rtmp.port })}/${app}/${name}${query}`;
}

/** The arguments by which ffmpeg publishes what is at `from`, as it is. */
export function ffmpegArguments(from: string, publishUrl: string): string[] {
  const scheme = schemeOf(from);
  const isFinite = scheme === 'file' || (/^https?$/.test(scheme) && !/^[^?#]*\.m3u8(?:[?#]|$)/i.test(from));
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'warning'],
    ...(scheme === 'rtsp' ? ['-rtsp_flags', 'prefer_tcp'] : []),
    // What is not live would come all at once.
    ...(isFinite ? ['-re'] : []),
    ...['-i', from, '-c', 'copy', '-f', 'flv', '-flvflags', 'no_duration_filesize', publishUrl],
  ];
}

/** One run of ffmpeg. */
export class Ffmpeg {
  readonly #arguments: readonly string[];
  #words = '';

  constructor(from: string, publishUrl: string) {
    this.#arguments = ffmpegArguments(from, publishUrl);
  }

  /** Runs it to its end, or until `signal` aborts; resolves to the reason, with its last words. Never rejects. */
  run(signal: AbortSignal): Promise<Error> {
    const child = spawn('ffmpeg', this.#arguments, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (bytes: Buffer) => {
      this.#words = (this.#words + bytes.toString()).slice(-LAST_WORDS);
    });
    const stop = () => end(child);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    return new Promise<Error>((resolve) => {
      child.once('error', (error) => resolve(new Error(`ffmpeg cannot be run: ${error.message}`)));
      child.once('close', (code, by) => resolve(new Error(this.#ending(by ?? code))));
    }).finally(() => signal.removeEventListener('abort', stop));
  }

  #ending(how: string | number | null): string {
    const last = this.#words.trim().split('\n').slice(-3).join('; ');
    return maskSecrets(`ffmpeg ended with ${how}${last === '' ? '' : `: ${last}`}`);
  }
}

function end(child: ChildProcess): void {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_END);
  child.once('close', () => clearTimeout(timer));
}
