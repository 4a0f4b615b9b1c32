import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Logger } from '../ops/log.ts';

/** What the test picture is pushed with, and where to. */
export interface DemoOptions {
  /** `rtmp://…`, complete with the key. */
  readonly url: string;
  readonly log: Logger;
  /** The ffmpeg program. */
  readonly ffmpeg?: string;
  /** The first pause before ffmpeg is started again, in milliseconds; it doubles with each failure. */
  readonly pause?: number;
}

const LONGEST_PAUSE = 30_000;
/** A run this long ends a series of failures. */
const STEADY = 30_000;
const PATIENCE = 2_000;

/** Pushes a moving test picture with a tone until `stop()`, starting ffmpeg again whenever it ends. */
export class Demo {
  readonly #options: DemoOptions;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#running = this.#keepPushing();
  }

  /** Resolves when ffmpeg has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #keepPushing(): Promise<void> {
    const { log, pause: first = 1_000 } = this.#options;
    for (let pause = first; !this.#stopped.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const begun = performance.now();
      const reason = await this.#push();
      if (reason === 'missing') return log.error('the demo needs ffmpeg; on Debian: apt-get install ffmpeg');
      if (this.#stopped.signal.aborted) return;
      if (performance.now() - begun > STEADY) pause = first;
      log.warn({ reason, pause }, 'ffmpeg ended; it is started again');
      await sleep(pause * (0.5 + Math.random() / 2), this.#stopped.signal);
    }
  }

  /** One run of ffmpeg; returns why it ended. */
  async #push(): Promise<string> {
    const { url, log, ffmpeg = 'ffmpeg' } = this.#options;
    const child = spawn(ffmpeg, ffmpegArguments(url), { stdio: ['ignore', 'ignore', 'pipe'] });
    const kill = () => endChild(child);
    this.#stopped.signal.addEventListener('abort', kill);
    createInterface({ input: child.stderr }).on('line', (line) => log.debug({ line }, 'ffmpeg says'));
    try {
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
      return signal ?? `exit code ${code}`;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : (error as Error).message;
    } finally {
      this.#stopped.signal.removeEventListener('abort', kill);
    }
  }
}

function endChild(child: ChildProcess): void {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  child.once('close', () => clearTimeout(timer));
}

function ffmpegArguments(url: string): string[] {
  const picture = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30'];
  const tone = ['-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100'];
  const video = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-tune',
    'zerolatency',
    '-pix_fmt',
    'yuv420p',
    '-b:v',
    '2M',
    '-g',
    '60',
  ];
  const audio = ['-c:a', 'aac', '-b:a', '96k', '-ac', '2'];
  return ['-hide_banner', '-loglevel', 'warning', ...picture, ...tone, ...video, ...audio, '-f', 'flv', url];
}

/** Waits, or returns early when `signal` aborts. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
