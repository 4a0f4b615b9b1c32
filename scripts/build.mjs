import { rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runProgram } from '../bin/pinned-node.js';
import { fail, prepare, ROOT } from './prepare.mjs';

// What the npm package carries: JavaScript in dist/, since Node strips no types under node_modules, the built console with the
// player of browsers, and the types of that.
const node = await prepare({ console: true });
rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
for (const project of ['tsconfig.build.json', 'player/tsconfig.build.json']) {
  const compile = [join(ROOT, 'node_modules/.bin/tsc'), '-p', project];
  const code = await runProgram(node, compile, { cwd: ROOT, stdio: ['inherit', 2, 2] });
  if (code !== 0) fail('The build failed; its reason stands above');
}
process.stderr.write('Built dist/\n');
