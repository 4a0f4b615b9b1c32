import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Impairment } from '../../test/support/lossy-relay.ts';
import { note } from '../measure.ts';
import { Child, installed } from '../process.ts';
import type { MediaKind } from './meter.ts';

/** What path-main.ts is told: what happens to packets both ways, and what to count as media. */
export interface PathPlan extends Impairment {
  readonly kind: MediaKind;
  /** What is sent again does not even enter the path. */
  readonly withoutRepairs?: boolean;
  /** Only media that passes for the first time is lost. */
  readonly spareRepairs?: boolean;
  readonly seed: number;
  /** The program that makes namespaces; without it UDP alone is relayed, to these ports. */
  readonly tunnel?: string;
  readonly ports: readonly number[];
}

/** A process in the namespace of each end, where there are namespaces. */
export interface Opened {
  readonly origin?: number;
  readonly edge?: number;
}

/** What has entered the path in one direction, IP headers included. */
export interface Traffic {
  readonly packets: number;
  readonly bytes: number;
  /** Of these, bytes and packets of media that pass for the first time. */
  readonly media: number;
  readonly mediaPackets: number;
  /** Of these packets those that do not come out of it. */
  readonly mediaLost: number;
}

/** What has passed so far; `at` is a moment of moment.ts. */
export interface Report {
  readonly at: number;
  /** From the origin to the edge. */
  readonly down: Traffic;
  readonly up: Traffic;
}

/** Where the relay stands for the origin when there are no namespaces. */
export const RELAY_ADDRESS = '127.0.0.2';
const LOOPBACK = '127.0.0.1';
/** As tun-pair.c has it. */
const TUNNEL_ADDRESSES = { origin: '10.77.0.1', edge: '10.77.0.2' };
const MAIN = join(import.meta.dirname, 'path-main.ts');
const SOURCE = join(import.meta.dirname, 'tun-pair.c');
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/headwater-bench');

/** Where one end of the path is. */
export interface End {
  /** By which the other end reaches it. */
  readonly address: string;
  /** What to listen on, so that the path leads there. */
  readonly listen: string;
  /** What to put before a command, so that it runs there. */
  readonly enter: readonly string[];
}

/** A bad path between an origin and an edge on this machine. */
export class Path {
  readonly origin: End;
  readonly edge: End;
  readonly #child: Child;

  private constructor(child: Child, origin: End, edge: End) {
    this.#child = child;
    this.origin = origin;
    this.edge = edge;
  }

  /** Opens it. Without the `tunnel` only UDP is impaired, and only that to `plan.ports` of the origin gets through. */
  static async open(plan: PathPlan, cores: string): Promise<Path> {
    const child = new Child('the path', cores, [process.execPath, MAIN, JSON.stringify(plan)]);
    const { origin, edge } = await child.answer<Opened>();
    if (origin === undefined || edge === undefined) {
      const here = { listen: LOOPBACK, enter: [] };
      return new Path(child, { ...here, address: RELAY_ADDRESS }, { ...here, address: LOOPBACK });
    }
    return new Path(child, within(TUNNEL_ADDRESSES.origin, origin), within(TUNNEL_ADDRESSES.edge, edge));
  }

  report(): Promise<Report> {
    this.#child.say('report');
    return this.#child.answer<Report>();
  }

  /** Nothing passes for so many milliseconds; resolves at the end of it. */
  outage(milliseconds: number): Promise<Report> {
    this.#child.say(`outage ${milliseconds}`);
    return this.#child.answer<Report>();
  }

  close(): Promise<void> {
    return this.#child.stop();
  }
}

function within(address: string, pid: number): End {
  return { address, listen: '0.0.0.0', enter: ['nsenter', `--net=/proc/${pid}/ns/net`] };
}

/** The program that makes namespaces, compiled when that was never done; `undefined`, and a note, where it cannot be had. */
export async function findTunnel(cores: string): Promise<string | undefined> {
  try {
    const tunnel = compile();
    const path = await Path.open({ kind: 'rtp', seed: 1, tunnel, ports: [] }, cores);
    await path.close();
    return tunnel;
  } catch (error) {
    note(`no network namespaces (${(error as Error).message}): only UDP is impaired, and what needs more is left out`);
    return undefined;
  }
}

function compile(): string {
  const program = join(CACHE, 'tun-pair');
  if (existsSync(program) && statSync(program).mtimeMs >= statSync(SOURCE).mtimeMs) return program;
  for (const name of ['gcc', 'nsenter']) if (!installed(name)) throw new Error(`${name} is not installed`);
  mkdirSync(CACHE, { recursive: true });
  const making = `${program}.${process.pid}`;
  execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-o', making, SOURCE]);
  renameSync(making, program);
  return program;
}
