import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, loadavg, totalmem, uptime } from 'node:os';
import { type Clock, SECOND } from '../base/clock.ts';
import { isPublicInterface } from '../net/interfaces.ts';
import { maskSecrets } from '../ops/log.ts';
import { parseDisks, parseEstablished, parseIdle, parseInterfaces, parseMemory, parseSockets } from './proc.ts';

/** Counters that only grow, in seconds or bytes: shares and speeds are made of two looks at them. */
interface Look {
  /** By the monotonic clock, in seconds; of the time before the process it is negative. */
  readonly time: number;
  /** What this process has had of processors. */
  readonly own: number;
  /** What all processes have had of processors, and what they could have had. */
  readonly busy: number;
  readonly total: number;
  readonly disks: { readonly read: number; readonly written: number; readonly busy: number };
}

/** What the machine and this process use, in SRS's fields: shares are 0 to 1, of one processor for the process. */
export interface Usage {
  readonly self: ReturnType<typeof describeProcess>;
  readonly system: Awaited<ReturnType<typeof describeSystem>>;
}

const KIB = 1024;
/** The machine is looked at no more often. */
const FRESH = 1 * SECOND;

/** Looks at the machine, at most once a second. What a system does not tell is 0. */
export class Machine {
  readonly #clock: Clock;
  /** At first: the machine's start. */
  #last: Look;
  #usage: Promise<Usage> | undefined;
  #freshUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    const boot = clock.now() / SECOND - uptime();
    this.#last = { time: boot, own: 0, busy: 0, total: 0, disks: { read: 0, written: 0, busy: 0 } };
  }

  /** As of now or of a second ago; shares and speeds are averages since the look before. */
  usage(): Promise<Usage> {
    const now = this.#clock.now();
    if (this.#usage && now < this.#freshUntil) return this.#usage;
    this.#freshUntil = now + FRESH;
    return (this.#usage = this.#measure());
  }

  async #measure(): Promise<Usage> {
    const last = this.#last;
    const look = await lookNow(this.#clock);
    this.#last = look;
    return { self: describeProcess(last, look), system: await describeSystem(last, look) };
  }
}

async function lookNow(clock: Clock): Promise<Look> {
  const disks = parseDisks(await proc('diskstats'));
  const { user, system } = process.cpuUsage();
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, each) => sum + each.idle, 0) / 1000;
  const total = times.reduce((sum, each) => sum + each.user + each.nice + each.sys + each.idle + each.irq, 0) / 1000;
  return { time: clock.now() / SECOND, own: (user + system) / SECOND, busy: total - idle, total, disks };
}

function describeProcess(last: Look, look: Look) {
  const memory = process.memoryUsage.rss();
  return {
    pid: process.pid,
    ppid: process.ppid,
    argv: maskSecrets(process.argv.join(' ')),
    cwd: process.cwd(),
    mem_kbyte: Math.round(memory / KIB),
    mem_percent: share(memory, totalmem()),
    cpu_percent: share(look.own - last.own, look.time - Math.max(last.time, 0)),
    srs_uptime: Math.floor(process.uptime()),
  };
}

async function describeSystem(last: Look, look: Look) {
  const [memory, network] = await Promise.all([describeMemory(), describeNetwork()]);
  return { ...describeProcessors(last, look), ...describeDisks(last, look), ...memory, ...network };
}

function describeProcessors(last: Look, look: Look) {
  const [load1 = 0, load5 = 0, load15 = 0] = loadavg();
  return {
    cpu_percent: share(look.busy - last.busy, look.total - last.total),
    cpus: cpus().length,
    cpus_online: availableParallelism(),
    uptime: Math.floor(uptime()),
    load_1m: load1,
    load_5m: load5,
    load_15m: load15,
  };
}

function describeDisks(last: Look, look: Look) {
  const seconds = look.time - last.time;
  return {
    disk_read_KBps: Math.round(share(look.disks.read - last.disks.read, seconds * KIB)),
    disk_write_KBps: Math.round(share(look.disks.written - last.disks.written, seconds * KIB)),
    disk_busy_percent: Math.min(1, share(look.disks.busy - last.disks.busy, seconds)),
  };
}

async function describeMemory() {
  const memory = parseMemory(await proc('meminfo'));
  const [ram, free] = [totalmem() / KIB, memory.get('MemAvailable') ?? freemem() / KIB];
  const [swap, freeSwap] = [memory.get('SwapTotal') ?? 0, memory.get('SwapFree') ?? 0];
  return {
    mem_ram_kbyte: Math.round(ram),
    mem_ram_percent: share(ram - free, ram),
    mem_swap_kbyte: swap,
    mem_swap_percent: share(swap - freeSwap, swap),
    ilde_time: Math.floor(parseIdle(await proc('uptime'))),
  };
}

/** Bytes of interfaces with a public address are `net_recv` and `net_send`, those of inner ones `net_recvi` and `net_sendi`. */
async function describeNetwork() {
  const [dev, sockstat, sockstat6, snmp] = await Promise.all(
    ['net/dev', 'net/sockstat', 'net/sockstat6', 'net/snmp'].map(proc),
  );
  const sum = { net_recv_bytes: 0, net_send_bytes: 0, net_recvi_bytes: 0, net_sendi_bytes: 0 };
  for (const [name, { received, sent }] of parseInterfaces(dev!)) {
    if (name === 'lo') continue;
    const isPublic = isPublicInterface(name);
    sum[isPublic ? 'net_recv_bytes' : 'net_recvi_bytes'] += received;
    sum[isPublic ? 'net_send_bytes' : 'net_sendi_bytes'] += sent;
  }
  const { tcp, timeWait, udp } = parseSockets(sockstat! + sockstat6!);
  const sockets = {
    conn_sys: tcp + timeWait,
    conn_sys_et: parseEstablished(snmp!),
    conn_sys_tw: timeWait,
    conn_sys_udp: udp,
  };
  return { net_sample_time: Date.now(), ...sum, ...sockets };
}

function share(part: number, whole: number): number {
  return whole > 0 ? Math.max(0, part / whole) : 0;
}

/** A file of /proc; empty where there is none. */
function proc(name: string): Promise<string> {
  return readFile(`/proc/${name}`, 'utf8').catch(() => '');
}
