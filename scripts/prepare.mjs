import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findPinnedNode, NODE_FLAGS, runProgram } from '../bin/pinned-node.js';

/** The folder of the repository. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Where Node keeps what it has compiled, so that it need not do it anew in each process: an environment. */
export const COMPILED = { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/compiled') };
const OLDEST = 20;
/** npm writes its lock files one after another. */
const TOLERANCE_MS = 5_000;

/** Ends with one line when this Node is too old to go on. */
export function requireNode(version = process.versions.node) {
  if (Number(version.split('.')[0]) < OLDEST)
    fail(`Headwater needs Node ${OLDEST} or newer to start; this is ${version}`);
}

/** Whether the packages are missing, or older than package-lock.json. */
export function needsInstall(root = ROOT) {
  return (
    modified(join(root, 'node_modules/.package-lock.json')) + TOLERANCE_MS < modified(join(root, 'package-lock.json'))
  );
}

/** Whether the console was never built, or its sources have changed since. */
export function needsConsole(root = ROOT) {
  // Everything that goes into it: the player has the server's own containers and codecs.
  const sources = ['console', 'player', 'src/base', 'src/media', 'src/codec', 'src/container'];
  const changed = Math.max(...sources.map((folder) => newest(join(root, folder))));
  return modified(join(root, 'console/dist/index.html')) < changed;
}

/** Brings what is missing: the packages (the pinned Node is one of them) and, where wanted, the built console. Returns that Node. */
export async function prepare({ console: wantsConsole }) {
  requireNode();
  // Not `npm ci`: that fails where a registry lacks an optional package for a platform that is not even this one.
  if (needsInstall()) await npm('Installing packages', 'install', '--no-save', '--no-audit', '--no-fund');
  if (wantsConsole && needsConsole()) await npm('Building the console', 'run', 'build', '-w', 'console');
  return findPinnedNode(import.meta.url) ?? newEnough();
}

/** Runs the source directly: that needs Node 24 at least. */
function newEnough() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  return fail('npm has no Node 26 for this platform; start Headwater with a Node of 24 or newer');
}

/** Runs npm, its output on stderr so that the server's own stays clean. */
export async function npm(title, ...args) {
  process.stderr.write(`${title} …\n`);
  const script = process.env.npm_execpath;
  const [program, first] = script ? [process.execPath, [script]] : ['npm', []];
  const code = await runProgram(program, [...first, ...args], { cwd: ROOT, stdio: ['inherit', 2, 2] });
  if (code !== 0) fail(`npm ${args.join(' ')} failed; its reason stands above`);
}

/** Ends the program with one line. */
export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function modified(file) {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}

/** When the newest file of a folder was written, 0 where there is none; those that are installed or built left out. */
function newest(folder) {
  let latest = 0;
  if (!existsSync(folder)) return latest;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue;
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : modified(path));
  }
  return latest;
}

/** What to give Node to run the server from its sources, and the environment for that. */
export function serverRun(...args) {
  return { args: [...NODE_FLAGS, join(ROOT, 'src/main.ts'), ...args], env: { ...COMPILED, ...process.env } };
}
