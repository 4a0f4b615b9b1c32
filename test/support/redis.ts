import { once } from 'node:events';
import { connect } from 'node:net';
import { temporaryFolder } from './ffmpeg.ts';
import { freePort } from './nginx.ts';
import { Program } from './program.ts';
import { type Owner, until } from './until.ts';

/** A Redis of a test's own. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly program: Program;
  readonly folder: string;
}

/** Starts a Redis that keeps nothing on disk, unless `options` say so; `before` is one that has ended, whose place it takes. */
export async function startRedis(
  owner: Owner,
  options: readonly string[] = [],
  before?: TestRedis,
): Promise<TestRedis> {
  const folder = before?.folder ?? (await temporaryFolder(owner));
  const port = before?.port ?? (await freePort());
  const network = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
  const habits = ['--save', '', '--appendonly', 'no', '--loglevel', 'warning'];
  const program = new Program(owner, 'redis-server', [...network, ...habits, ...options]);
  const redis = { url: `redis://127.0.0.1:${port}`, port, program, folder };
  await until('Redis answers', () => answers(port));
  return redis;
}

/** Has Redis do something; resolves to its answer as it comes over the wire. */
export async function tellRedis(port: number, ...command: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
    socket.write(`*${parts.length}\r\n${parts.join('')}`);
    const hungUp = once(socket, 'close').then(() => Promise.reject(new Error('Redis hung up')));
    const [answer] = (await Promise.race([once(socket, 'data'), hungUp])) as [Buffer];
    hungUp.catch(() => {});
    return answer.toString();
  } finally {
    socket.destroy();
  }
}

async function answers(port: number): Promise<boolean> {
  return (await tellRedis(port, 'PING').catch(() => '')) === '+PONG\r\n';
}
