import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './clip.ts';
import { Child, installed, type Usage } from './process.ts';

export type Protocol = 'http-flv' | 'ws-flv' | 'rtmp';
export const PROTOCOLS: readonly Protocol[] = ['http-flv', 'ws-flv', 'rtmp'];

/** Of so many values, in milliseconds. -1 where there are none. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What became of the viewers that were to join. */
export interface Joined {
  readonly joined: number;
  readonly failed: number;
  /** The first thing that went wrong, or empty. */
  readonly fault: string;
  /** From connecting to the last byte of the first key frame. */
  readonly key: Spread;
}

/** What the viewers received between `begin` and `end`. */
export interface Received {
  readonly seconds: number;
  readonly viewers: number;
  /** Viewers that lost their connection. */
  readonly lost: number;
  readonly bytes: number;
  /** What the viewer that got least got, in bytes. */
  readonly least: number;
  /** How many viewers are checked to the last byte; the fields behind `longest` tell of them. */
  readonly sampled: number;
  /** The mean time between two arrivals, in milliseconds. */
  readonly burst: number;
  /** The longest time that any viewer got nothing, in milliseconds. */
  readonly gap: number;
  /** Viewers that got nothing for more than 2 s. */
  readonly stalls: number;
  readonly faults: number;
  readonly fault: string;
  readonly frames: number;
  /** Frames that are missing between two that came. */
  readonly holes: number;
  /** Frames whose bytes are not those that were published. */
  readonly damaged: number;
  /** Timestamps that went backwards. */
  readonly backwards: number;
  /** From the publisher's write to the viewer's read. */
  readonly delay: Spread;
}

const SOURCES = join(import.meta.dirname, 'native');

/** Why viewers cannot be made here, if so. */
export function loadMissing(): string | undefined {
  return installed('gcc') ? undefined : 'gcc is not installed: apt-get install gcc libc6-dev';
}

/** Compiles the load client unless that was done before; hands back its path. */
function compiled(): string {
  const sources = readdirSync(SOURCES).sort().map((name) => join(SOURCES, name));
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const program = join(CACHE, `load-${hash.digest('hex').slice(0, 12)}`);
  if (!existsSync(program)) {
    mkdirSync(CACHE, { recursive: true });
    const making = `${program}.${process.pid}`;
    execFileSync('gcc', ['-O2', '-o', making, ...sources.filter((source) => source.endsWith('.c'))]);
    renameSync(making, program);
  }
  return program;
}

export interface LoadOptions {
  readonly port: number;
  readonly protocol: Protocol;
  readonly cores: string;
  /** Every n-th viewer is checked. */
  readonly sample: number;
  /** Milliseconds between two rounds of reading; 0 reads at once. */
  readonly tick: number;
}

/** Viewers of `/live/stream`, in a process of their own. */
export class Load {
  readonly #child: Child;

  constructor({ port, protocol, cores, sample, tick }: LoadOptions) {
    const where = ['127.0.0.1', String(port), protocol, 'live', 'stream'];
    this.#child = new Child('the load client', cores, [compiled(), ...where, String(sample), String(tick)]);
  }

  /** Adds viewers, `rate` a second, and waits until each has its first key frame or has failed. */
  async join(count: number, rate: number): Promise<Joined> {
    this.#child.say(`join ${count} ${rate}`);
    return this.#child.answer<Joined>();
  }

  begin(): void {
    this.#child.say('begin');
  }

  async end(): Promise<Received> {
    this.#child.say('end');
    return this.#child.answer<Received>();
  }

  usage(): Usage {
    return this.#child.usage();
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }
}
