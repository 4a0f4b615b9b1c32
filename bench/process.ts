import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a process and its children have used. */
export interface Usage {
  /** User and system time, in seconds. */
  readonly cpu: number;
  /** Resident memory, in bytes. */
  readonly memory: number;
  /** How often it has read from a file or socket. */
  readonly reads: number;
  /** How many files and sockets it has open. */
  readonly files: number;
}

/** Every Linux counts the times of /proc/PID/stat in this unit: USER_HZ. */
const TICKS_A_SECOND = 100;
const STOP_MILLISECONDS = 3000;
const READY_MILLISECONDS = 15_000;
/** What is kept of a child's error output, to be shown when it fails. */
const COMPLAINT_LENGTH = 2000;

export interface ChildOptions {
  readonly env?: Record<string, string>;
  /** Whether {@link Child.answer} is to be asked. */
  readonly output?: 'read' | 'ignored';
}

/** A child process of the bench, pinned to cores. */
export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable | null, Readable>;
  readonly #lines: AsyncIterator<string> | undefined;
  readonly #name: string;
  #complaint = '';

  /** Starts it with as many open files as the system allows. `cores` is a list as taskset takes it: `0` or `1,2`. */
  constructor(name: string, cores: string, command: string[], { env = {}, output = 'read' }: ChildOptions = {}) {
    this.#name = name;
    const script = 'ulimit -n $(ulimit -Hn) && exec taskset -c "$0" "$@"';
    const args = ['-c', script, cores, ...command];
    const all = { ...process.env, ...env };
    // What nobody reads is not even piped: a server would stand still once the pipe is full of its log.
    if (output === 'ignored') this.#process = spawn('sh', args, { stdio: ['pipe', 'ignore', 'pipe'], env: all });
    else this.#process = spawn('sh', args, { stdio: ['pipe', 'pipe', 'pipe'], env: all });
    if (this.#process.stdout) this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
    this.#process.stderr.on('data', (bytes: Buffer) => {
      this.#complaint = (this.#complaint + bytes.toString()).slice(-COMPLAINT_LENGTH);
    });
    this.#process.stdin.on('error', () => undefined); // it has ended; the next read says so
    children.add(this);
    this.#process.on('exit', () => children.delete(this));
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Writes a line to its input. */
  say(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  /** Reads the next line of its output. Throws with its last words when it has ended. */
  async line(): Promise<string> {
    const line = await this.#lines?.next();
    if (!line || line.done === true)
      throw new Error(`${this.#name} ended: ${this.#complaint.trim() || 'without a word'}`);
    return line.value;
  }

  /** The same, as JSON. */
  async answer<T>(): Promise<T> {
    return JSON.parse(await this.line()) as T;
  }

  /** Resolves once something accepts connections on the port, with the milliseconds it took. */
  async listening(port: number, since: number): Promise<number> {
    while (this.running && performance.now() - since < READY_MILLISECONDS) {
      if (await accepts(port)) return performance.now() - since;
      await sleep(2);
    }
    throw new Error(`${this.#name} does not listen on port ${port}: ${this.#complaint.trim()}`);
  }

  /** Of the process and all its descendants together. */
  usage(): Usage {
    const all = this.usages();
    const sum = (of: keyof Usage): number => all.reduce((total, usage) => total + usage[of], 0);
    return { cpu: sum('cpu'), memory: sum('memory'), reads: sum('reads'), files: sum('files') };
  }

  /** Of each of them, its own first. */
  usages(): Usage[] {
    return family(this.#process.pid!).map((pid) => ({
      cpu: cpuSeconds(pid),
      memory: numberIn(`/proc/${pid}/status`, /^VmRSS:\s+(\d+)/m) * 1024,
      reads: numberIn(`/proc/${pid}/io`, /^syscr: (\d+)/m),
      files: entries(`/proc/${pid}/fd`).length,
    }));
  }

  /** Resolves when it has ended. */
  async ended(): Promise<void> {
    if (this.running) await once(this.#process, 'exit');
  }

  /** Ends it, gently first. Idempotent. */
  async stop(): Promise<void> {
    if (!this.running) return;
    const exit = once(this.#process, 'exit');
    const killing = setTimeout(() => this.kill(), STOP_MILLISECONDS);
    this.#process.kill('SIGTERM');
    await exit;
    clearTimeout(killing);
  }

  kill(): void {
    for (const pid of family(this.#process.pid!)) kill(pid);
  }
}

const children = new Set<Child>();
process.on('exit', () => {
  for (const child of children) child.kill();
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself meanwhile
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process or thread has ended
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // likewise
  }
}

/** A process and all its descendants. */
function family(pid: number): number[] {
  const tasks = entries(`/proc/${pid}/task`);
  if (tasks.length === 0) return [];
  const children = tasks.flatMap((task) => read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean));
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

function cpuSeconds(pid: number): number {
  // Behind the name, which may hold blanks, the fields 14 to 17 of proc(5) are 11 to 14: own and waited-for children's time.
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks / TICKS_A_SECOND;
}

function numberIn(path: string, pattern: RegExp): number {
  return Number(pattern.exec(read(path))?.[1] ?? 0);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** So many TCP ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Moves this very process to the cores, away from the server's. */
export function pinSelf(cores: string): void {
  spawnSync('taskset', ['-a', '-p', '-c', cores, String(process.pid)]);
}

/** Whether a program of that name is installed. */
export function installed(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0;
}
