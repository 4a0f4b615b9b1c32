#!/usr/bin/env node
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findPinnedNode, runProgram } from './pinned-node.js';

const main = new URL('../dist/main.js', import.meta.url);
const OLDEST = 22;

const major = Number(process.versions.node.split('.')[0]);
const pinned = findPinnedNode(import.meta.url);
if (pinned !== undefined && pinned !== process.execPath) {
  process.exit(await runProgram(pinned, [fileURLToPath(main), ...process.argv.slice(2)]));
} else if (major >= OLDEST) {
  await import(main);
} else {
  console.error(`headwater: needs Node ${OLDEST} or newer, this is ${process.versions.node}, and npm installed none for this platform`);
  process.exitCode = 1;
}
