import { join } from 'node:path';
import { Program } from '../support/program.ts';
import type { Needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';
import { needsPeer } from './needs-peer.ts';

const PROGRAM = join(import.meta.dirname, 'quic.mjs');

/** `needs` for tests that run another QUIC library. */
export function needsOtherQuic(): Needs {
  return needsPeer('@matrixai/quic');
}

/** Has the other library listen, as quic.mjs tells; resolves to its port. */
export async function listenByOther(owner: Owner, command: 'listen' | 'answer', plan: object): Promise<number> {
  const program = run(owner, command, plan);
  const line = await until('the other library listens', () => /.*\n/.exec(program.stdout)?.[0]);
  return (JSON.parse(line) as { port: number }).port;
}

/** Has it dial; resolves to what it says when it is done. Rejects with what it had to complain of. */
export async function dialByOther<T>(owner: Owner, command: 'dial' | 'ask', plan: object): Promise<T> {
  const { stdout } = await run(owner, command, plan).succeeded();
  return JSON.parse(stdout) as T;
}

function run(owner: Owner, command: string, plan: object): Program {
  return new Program(owner, process.execPath, [PROGRAM, command, JSON.stringify(plan)]);
}
