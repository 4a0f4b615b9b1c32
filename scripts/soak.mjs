import { join } from 'node:path';
import process from 'node:process';
import { becomeProgram } from '../bin/pinned-node.js';
import { prepare, ROOT } from './prepare.mjs';

const node = await prepare({ console: false });
await becomeProgram(node, [join(ROOT, 'bench/soak/main.ts'), ...process.argv.slice(2)]);
