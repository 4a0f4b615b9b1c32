#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { becomeProgram, findPinnedNode, NODE_FLAGS } from './pinned-node.js';

const OLDEST = 22;
const main = new URL('../dist/main.js', import.meta.url);
const major = Number(process.versions.node.split('.')[0]);
const pinned = findPinnedNode(import.meta.url);

if (pinned !== undefined && realpathSync(pinned) !== process.execPath) {
  await becomeProgram(pinned, [...NODE_FLAGS, fileURLToPath(main), ...process.argv.slice(2)]);
} else if (major >= OLDEST) {
  await import(main);
} else {
  const reason = `needs Node ${OLDEST} or newer, and npm brought none for this platform`;
  process.stderr.write(`headwater: ${reason}; this is ${process.versions.node}\n`);
  process.exitCode = 1;
}
