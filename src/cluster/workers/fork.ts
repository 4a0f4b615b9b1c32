import type { ChildProcess } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { handleOf } from '../../net/socket-handle.ts';
import type { Logger } from '../../ops/log.ts';
import { passOn } from './log-lines.ts';
import type { Line } from './rpc.ts';
import type { WorkerProcess } from './supervisor.ts';

/** Starts `program` as a worker of node:cluster, which gives each worker its turn at new connections. What it logs goes into `log`. */
export function forkWorker(program: URL, log: Logger): WorkerProcess {
  // What it logs comes by its standard output, so that one process writes the files; why it crashed is told on the other one.
  cluster.setupPrimary({ exec: fileURLToPath(program), args: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const { process } = cluster.fork();
  createInterface(process.stdout!).on('line', (line) => passOn(line, log));
  process.on('error', (error) => log.warn({ reason: error.message }, 'a worker cannot be reached'));
  return { pid: process.pid, line: lineTo(process), ended: ending(process), kill: () => void process.kill('SIGKILL') };
}

/** The line to a worker, or in a worker, by `process` itself, to the primary. */
export function lineTo(peer: Pick<NodeJS.Process, 'send' | 'on'> | ChildProcess): Line {
  return {
    send: (message, socket) => void peer.send!(message, socket && detach(socket), undefined, () => socket?.destroy()),
    onMessage: (hear) => void peer.on('message', (message, handle) => hear(message, handle as Socket | undefined)),
  };
}

/** Has nothing more be read of a connection here, and no server of this process wait for its end. */
function detach(socket: Socket): Socket {
  handleOf(socket)?.readStop();
  return Object.assign(socket, { server: null });
}

/** Its last words come by standard output and by the line: both have to be at their end. */
async function ending(process: ChildProcess): Promise<string> {
  const [[code, signal]] = (await Promise.all([once(process, 'close'), once(process, 'disconnect')])) as [
    [number | null, string | null],
    unknown,
  ];
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
