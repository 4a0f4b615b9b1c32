import { join } from 'node:path';
import process from 'node:process';
import { becomeProgram } from '../bin/pinned-node.js';
import { prepare, ROOT } from './prepare.mjs';

const node = await prepare({ console: true });
const env = { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/compiled'), ...process.env };
await becomeProgram(node, [join(ROOT, 'src/main.ts'), ...process.argv.slice(2)], env);
