import { execFileSync, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import process from 'node:process';
import { Program } from './program.ts';
import { type Needs, needs, programPath } from './tools.ts';
import { type Owner, until } from './until.ts';

/** Set for what runs in a network of its own. */
const INSIDE = 'TEST_NETWORK';
/** Everything in it ends with the first process. */
const APART = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
const LONGEST = 180_000;
const PREFIX = { ipv4: '10.77.0.', ipv6: 'fd77::' };

/** Whether this process has a network of its own, made by {@link runInside}. */
export const isInside = process.env[INSIDE] !== undefined;

/** Skips a test where no network namespaces can be made, and says why. */
export function needsNamespaces(): Needs {
  const needed = { ...needs('iproute2', 'ffmpeg'), timeout: LONGEST };
  if (needed.skip) return needed;
  const probe = 'ip link add name br0 type bridge && ip link add name one type veth peer name other';
  const { status, stderr } = spawnSync('unshare', [...flags(), 'sh', '-c', probe]);
  if (status === 0) return needed;
  return {
    ...needed,
    skip: `no network namespaces can be made here: ${String(stderr).trim() || 'unshare is missing'}`,
  };
}

/** Runs a file of tests anew in a network that nobody else sees; fails with all that it said when a test in it fails. */
export async function runInside(owner: Owner, file: string): Promise<void> {
  const again = ['env', '-u', 'NODE_TEST_CONTEXT', `${INSIDE}=1`, process.execPath, '--test-reporter=spec', file];
  const program = new Program(owner, 'unshare', [...flags(), ...again]);
  const { code } = await program.ended(LONGEST);
  if (code !== 0) throw new Error(`${program.stdout}\n${program.stderr}`);
}

function flags(): string[] {
  return process.getuid?.() === 0 ? APART : ['--user', '--map-root-user', ...APART];
}

/** A network with one bridge, to which this process is connected. */
export class Bridge {
  #hosts = 0;

  constructor() {
    ip('link', 'set', 'lo', 'up');
    ip('link', 'add', 'name', 'br0', 'type', 'bridge', 'mcast_snooping', '0');
    ip('address', 'add', `${PREFIX.ipv4}254/24`, 'dev', 'br0');
    ip('address', 'add', `${PREFIX.ipv6}fe/64`, 'dev', 'br0', 'nodad');
    ip('link', 'set', 'br0', 'up');
  }

  /** A further machine on the bridge. */
  async join(owner: Owner): Promise<Host> {
    const number = ++this.#hosts;
    const holder = new Program(owner, 'unshare', ['--net', 'sleep', '600']);
    const namespaceOf = (pid: number | 'self') => readlinkSync(`/proc/${pid}/ns/net`);
    await until('a network namespace is there', () => namespaceOf(holder.pid) !== namespaceOf('self'));
    const host = new Host(number, holder.pid);
    ip('link', 'add', 'name', host.port, 'type', 'veth', 'peer', 'name', `${host.port}x`);
    ip('link', 'set', `${host.port}x`, 'netns', String(holder.pid), 'name', 'eth0');
    ip('link', 'set', host.port, 'master', 'br0', 'up');
    for (const line of [
      'link set lo up',
      `address add ${host.ipv4}/24 dev eth0`,
      `address add ${host.ipv6}/64 dev eth0 nodad`,
      'link set eth0 up',
    ]) {
      host.run('ip', ...line.split(' '));
    }
    return host;
  }
}

/** A machine on a {@link Bridge}; its one interface is `eth0`. */
export class Host {
  readonly ipv4: string;
  readonly ipv6: string;
  /** The bridge's end of its cable. */
  readonly port: string;
  /** What to put before a command, so that it runs there. */
  readonly enter: readonly string[];

  constructor(number: number, pid: number) {
    this.ipv4 = `${PREFIX.ipv4}${number}`;
    this.ipv6 = `${PREFIX.ipv6}${number}`;
    this.port = `port${number}`;
    this.enter = ['nsenter', `--net=/proc/${pid}/ns/net`];
  }

  run(...command: readonly string[]): void {
    const [program, ...args] = [...this.enter, ...command] as [string, ...string[]];
    execFileSync(programPath(program), args);
  }

  /** Whether multicast comes to it from now on. */
  set hearsMulticast(flood: boolean) {
    execFileSync(programPath('bridge'), ['link', 'set', 'dev', this.port, 'mcast_flood', flood ? 'on' : 'off']);
  }

  /** How many packets it has sent so far. */
  get sent(): number {
    const [link] = JSON.parse(ip('-s', '-j', 'link', 'show', 'dev', this.port)) as [
      { stats64: { rx: { packets: number } } },
    ];
    return link.stats64.rx.packets;
  }
}

function ip(...args: readonly string[]): string {
  return execFileSync(programPath('ip'), args, { encoding: 'utf8' });
}
