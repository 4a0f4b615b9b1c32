import { join } from 'node:path';
import { Child, type Usage } from './process.ts';
import type { Spread } from './statistics.ts';

export type Protocol = 'http-flv' | 'ws-flv' | 'rtmp';
export const PROTOCOLS: readonly Protocol[] = ['http-flv', 'ws-flv', 'rtmp'];

/** What became of the viewers that were to join. */
export interface Joined {
  readonly joined: number;
  readonly failed: number;
  /** The first thing that went wrong, or empty. */
  readonly fault: string;
  /** From connecting to the last byte of the first key frame, in milliseconds. */
  readonly key: Spread;
}

/** What the viewers received between `begin` and `end`. */
export interface Received {
  readonly seconds: number;
  readonly viewers: number;
  /** Viewers that lost their connection, or were sent what breaks the rules. */
  readonly lost: number;
  readonly fault: string;
  readonly bytes: number;
  /** The mean time between two arrivals at a checked viewer, in milliseconds. */
  readonly burst: number;
  /** The longest time that any viewer got nothing, in milliseconds. */
  readonly gap: number;
  /** Viewers that got nothing for more than 2 s. */
  readonly stalls: number;
  readonly checked: {
    readonly viewers: number;
    readonly frames: number;
    /** Times that something was missing between two frames. */
    readonly holes: number;
    /** Frames whose bytes are not those that were published. */
    readonly damaged: number;
    /** Timestamps that went backwards. */
    readonly backwards: number;
  };
  /** From the publisher's write to the viewer's read, in milliseconds. */
  readonly delay: Spread;
}

export interface LoadOptions {
  readonly port: number;
  readonly protocol: Protocol;
  readonly cores: string;
  /** Every n-th viewer is checked. */
  readonly sample: number;
  /** Milliseconds between two rounds of reading; 0 reads at once, more costs less. */
  readonly tick: number;
}

const MAIN = join(import.meta.dirname, 'viewers/main.ts');

/** Viewers of `/live/stream`, in a process of their own. */
export class Load {
  readonly #child: Child;

  constructor({ port, protocol, cores, sample, tick }: LoadOptions) {
    const options = [port, protocol, sample, tick].map(String);
    this.#child = new Child('the load client', cores, [process.execPath, MAIN, ...options]);
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
