import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.ts';
import { loggerTo } from '../../src/ops/log.ts';
import { configSchema, startServer } from '../../src/server.ts';
import { Program } from './program.ts';
import { type Owner, until } from './until.ts';

/** A tree of options as they may stand in the file. */
export type Overrides = { readonly [name: string]: unknown };

/** One line of the server's log. */
export type Line = Readonly<Record<string, unknown>> & { readonly msg: string; readonly level: string };

/** A server that a test has started, and its addresses. */
export interface TestServer {
  readonly host: string;
  /** The ports by purpose: `rtmp`, `rtmps`, `http`, `https`. */
  readonly ports: Readonly<Record<string, number>>;
  /** All that it has logged so far. */
  lines(): readonly Line[];
  /** `rtmp://HOST:PORT/live/NAME`; the name may have parameters. */
  rtmp(name: string): string;
  /** `http://HOST:PORT` and a path. */
  http(path: string): string;
  /** Resolves to the line with this message whose fields are these, as soon as it is there. */
  logged(message: string, fields?: Overrides): Promise<Line>;
  stop(): Promise<void>;
}

/** A server in a process of its own, for signals. */
export interface SpawnedServer extends TestServer {
  readonly program: Program;
}

/** Where and how a server of a process of its own runs, if not as usual. */
export interface Place {
  /** By which the test reaches it; what it listens on is among its options. */
  readonly host?: string;
  /** What to put before its command, so that it runs there. */
  readonly enter?: readonly string[];
  /** More options of Node, and variables. */
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const LOOPBACK = '127.0.0.1';

/** What a publisher from elsewhere must know, and an administrator. */
export const PUBLISH_KEY = 'a-key-for-tests';
export const ADMIN_TOKEN = 'a-token-for-tests';

const DEFAULTS = {
  log: { level: 'debug' },
  rtmp: { listen: '127.0.0.1:0' },
  http: { listen: '127.0.0.1:0' },
  access: { publishKey: PUBLISH_KEY, adminToken: ADMIN_TOKEN },
};

/** Starts a server within this process, on ports that are free; it stops when its owner is done. */
export async function startTestServer(owner: Owner, overrides: Overrides = {}): Promise<TestServer> {
  const lines: Line[] = [];
  const log = loggerTo({ write: (line) => void lines.push(JSON.parse(line) as Line) }, 'debug');
  const config = loadConfig(configSchema, { file: { name: 'test', text: configText(overrides) } });
  const server = await startServer(config, log);
  owner.after(() => server.stop());
  const ports = Object.fromEntries(Object.entries(server.addresses).map(([name, { port }]) => [name, port]));
  return { ...access(ports, () => lines), stop: () => server.stop() };
}

/** Runs a server as users do, in a process of its own; it is killed when its owner is done. */
export async function runServer(
  owner: Owner,
  overrides: Overrides = {},
  { enter = [], options = [], env = {} }: Place = {},
): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-server-'));
  owner.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'headwater.yaml');
  await writeFile(file, configText(overrides));
  const main = join(import.meta.dirname, '../../src/main.ts');
  const [name, ...args] = [...enter, process.execPath, ...options, main, '--config', file];
  return new Program(owner, name!, args, env);
}

/** The same; resolves when it has started. */
export async function spawnServer(owner: Owner, overrides: Overrides = {}, place: Place = {}): Promise<SpawnedServer> {
  const { host = LOOPBACK } = place;
  const program = await runServer(owner, overrides, place);
  const lines = () =>
    program.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  const started = await until('the server starts', () => lines().find(({ msg }) => msg === 'started'));
  const ports = Object.fromEntries(Object.entries(started).flatMap(([name, url]) => portOf(name, url)));
  return { ...access(ports, lines, host), program, stop: () => program.stop() };
}

function access(
  ports: Readonly<Record<string, number>>,
  lines: () => readonly Line[],
  host = LOOPBACK,
): Omit<TestServer, 'stop'> {
  return {
    host,
    ports,
    lines,
    rtmp: (name) => `rtmp://${host}:${ports['rtmp']}/live/${name}`,
    http: (path) => `http://${host}:${ports['http']}${path}`,
    logged: (message, fields = {}) => logged(lines, message, fields),
  };
}

function logged(lines: () => readonly Line[], message: string, fields: Overrides): Promise<Line> {
  const fits = (line: Line) =>
    line.msg === message && Object.entries(fields).every(([name, value]) => line[name] === value);
  return until(`the log says "${message}" with ${JSON.stringify(fields)}`, () => lines().find(fits));
}

function portOf(name: string, url: unknown): [string, number][] {
  const port =
    typeof url === 'string' && /^(?:rtmps?|https?|headwater|rtp):/.test(url) ? Number(/:(\d+)$/.exec(url)?.[1]) : 0;
  return port > 0 ? [[name, port]] : [];
}

/** Options over the defaults of tests, section by section, as YAML (which JSON is). */
function configText(overrides: Overrides): string {
  const sections: Record<string, unknown> = { ...DEFAULTS, ...overrides };
  for (const [name, section] of Object.entries(DEFAULTS)) {
    sections[name] = { ...section, ...(overrides[name] as object | undefined) };
  }
  return JSON.stringify(sections);
}
