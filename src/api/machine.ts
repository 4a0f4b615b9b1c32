import { readFile } from 'node:fs/promises';
import { BlockList, isIPv6 } from 'node:net';
import { availableParallelism, cpus, freemem, loadavg, networkInterfaces, totalmem, uptime } from 'node:os';
import { type Clock, SECOND } from '../base/clock.ts';
import { parseDisks, parseEstablished, parseIdle, parseInterfaces, parseMemory, parseSockets } from './proc.ts';

/** Counters that only grow: shares and speeds are made of two looks at them. Times are seconds of processors. */
interface Look {
  readonly time: number;
  readonly own: number;
  readonly busy: number;
  readonly total: number;
  readonly read: number;
  readonly written: number;
  readonly diskBusy: number;
}

/** What the machine and this process use, in SRS's fields. */
export type Usage = Awaited<ReturnType<Machine['usage']>>;

const KIB = 1024;
/** The machine is looked at no more often. */
const FRESH = 1 * SECOND;

const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);
PRIVATE.addSubnet('169.254.0.0', 16);
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/** Looks at the machine, at most once a second. What a system does not tell is 0. */
export class Machine {
  readonly #clock: Clock;
  #last: Look = { time: 0, own: 0, busy: 0, total: 0, read: 0, written: 0, diskBusy: 0 };
  #usage: ReturnType<Machine['usage']> | undefined;
  #freshUntil = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  usage(): ReturnType<typeof this.measure> {
    const now = this.#clock.now();
    if (!this.#usage || now >= this.#freshUntil) {
      this.#usage = this.measure();
      this.#freshUntil = now + FRESH;
    }
    return this.#usage;
  }
}
