import process from 'node:process';
import { becomeProgram } from '../bin/pinned-node.js';
import { prepare, serverRun } from './prepare.mjs';

const node = await prepare({ console: true });
const { args, env } = serverRun(...process.argv.slice(2));
await becomeProgram(node, args, env);
