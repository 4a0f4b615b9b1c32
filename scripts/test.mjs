import { join } from 'node:path';
import process from 'node:process';
import { runProgram } from '../bin/pinned-node.js';
import { bringNeeds } from './debian.mjs';
import { COMPILED, fail, needsInstall, npm, prepare, ROOT } from './prepare.mjs';

const SUITES = ['all', 'unit'];

/** Where what is too large or under too strict a licence to be a dependency is installed, for the tests alone. */
const PEERS = 'test/peers';

const [suite = 'all', ...more] = process.argv.slice(2);
if (!SUITES.includes(suite) || more.length > 0)
  fail('npm test takes no argument, or one: unit, for the tests that stand beside the sources');

const node = await prepare({ console: suite === 'all' });
if (suite === 'all') {
  bringNeeds();
  await bringPeers();
}
await check('types', 'tsc', '-p', 'tsconfig.json');
await check('types of the pure folders', 'tsc', '-p', 'tsconfig.pure.json');
await check('types of the player', 'tsc', '-p', 'player/tsconfig.json');
await check('types of the console', 'tsc', '-p', 'console/tsconfig.json');
await check('lint', 'oxlint', '--type-aware');
await check('form', 'biome', 'check');
await check('what nobody uses', 'knip', '--no-progress', '--treat-config-hints-as-errors');
process.exit(await run(node, [join(ROOT, 'scripts/run-tests.mjs'), suite]));

/** Without scripts: what they would fetch besides is not needed. */
async function bringPeers() {
  if (!needsInstall(join(ROOT, PEERS))) return;
  const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
  await npm('Installing peers', 'install', '--prefix', PEERS, ...options);
}

/** The checks end the run: a test of what does not compile tells nothing. */
async function check(title, program, ...args) {
  process.stderr.write(`Checking ${title} …\n`);
  if ((await run(node, [join(ROOT, 'node_modules/.bin', program), ...args])) !== 0)
    fail(`The check of ${title} failed`);
}

function run(program, args) {
  const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`;
  return runProgram(program, args, { cwd: ROOT, env: { ...COMPILED, ...process.env, PATH } });
}
