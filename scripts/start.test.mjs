import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PINNED_PACKAGES } from '../bin/pinned-node.js';
import { NEEDS } from './debian.mjs';
import { needsConsole, needsInstall } from './prepare.mjs';

const folder = mkdtempSync(join(tmpdir(), 'headwater-start-'));
after(() => rmSync(folder, { recursive: true }));

const HERE = fileURLToPath(new URL('..', import.meta.url));
const NODE_PACKAGE = `node_modules/${PINNED_PACKAGES[`${process.platform}-${process.arch}`]}`;
const LONG_AGO = new Date('2020-01-01');

/** Stands in for npm: notes its arguments, and makes what npm would make. */
const NPM = `
import { appendFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
const args = process.argv.slice(2);
appendFileSync('npm.txt', args.join(' ') + '\\n');
console.log('npm says something');
if (process.env.NPM_FAILS === args[0]) process.exit(7);
if (args[0] === 'install') cpSync('installed', 'node_modules', { recursive: true });
else { mkdirSync('console/dist', { recursive: true }); writeFileSync('console/dist/index.html', ''); }
`;

/** Stands in for the server: tells how it was started, and ends as it is told. */
const MAIN = `
process.once('SIGTERM', () => process.exit(42));
if (process.argv.includes('wait')) setInterval(() => {}, 1000);
else process.exitCode = 3;
console.log(JSON.stringify({ args: process.argv.slice(2), cache: process.env.NODE_COMPILE_CACHE, node: process.execPath }));
`;

/** A repository with nothing installed or built. */
function freshClone(name) {
  const root = join(folder, name);
  for (const part of ['scripts', 'bin']) cpSync(join(HERE, part), join(root, part), { recursive: true });
  const pinned = join(root, NODE_PACKAGE.replace('node_modules', 'installed'));
  for (const part of ['src', 'console/src', 'npm']) mkdirSync(join(root, part), { recursive: true });
  mkdirSync(join(pinned, 'bin'), { recursive: true });
  writeFileSync(join(pinned, 'package.json'), '{}');
  writeFileSync(join(pinned, 'bin/node'), `#!/bin/sh\nexec "${process.execPath}" "$@"\n`, { mode: 0o755 });
  writeFileSync(join(root, 'installed/.package-lock.json'), '');
  writeFileSync(join(root, 'npm/npm.mjs'), NPM);
  writeFileSync(join(root, 'src/main.ts'), MAIN);
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'package-lock.json'), '');
  writeFileSync(join(root, 'console/src/main.tsx'), '');
  return root;
}

function surroundings(root, env = {}) {
  return {
    cwd: folder,
    env: { PATH: process.env.PATH, npm_execpath: join(root, 'npm/npm.mjs'), ...env },
    encoding: 'utf8',
  };
}

function start(root, args = [], env = {}) {
  return spawnSync(process.execPath, [join(root, 'scripts/start.mjs'), ...args], surroundings(root, env));
}

function npmCalls(root) {
  return readFileSync(join(root, 'npm.txt'), 'utf8').trimEnd().split('\n');
}

test('the first start installs, builds, and hands on arguments and exit code', () => {
  const root = freshClone('first');
  const { status, stdout, stderr } = start(root, ['demo', '--config', 'x y.yaml']);
  assert.equal(status, 3, stderr);
  const { args, cache } = JSON.parse(stdout);
  assert.deepEqual(args, ['demo', '--config', 'x y.yaml']);
  assert.equal(cache, join(root, 'node_modules/.cache/compiled'));
  assert.match(stderr, /Installing packages …\nnpm says something\nBuilding the console …\nnpm says something\n/);
  assert.deepEqual(npmCalls(root), ['install --no-save --no-audit --no-fund', 'run build -w console']);
});

test('a later start does neither, until the lock file or a source changes', () => {
  const root = freshClone('later');
  start(root);
  assert.equal(start(root).stderr, '');
  assert.equal(npmCalls(root).length, 2);
  const soon = new Date(Date.now() + 60_000);
  utimesSync(join(root, 'package-lock.json'), soon, soon);
  assert.ok(needsInstall(root));
  assert.ok(!needsConsole(root));
  utimesSync(join(root, 'console/src/main.tsx'), soon, soon);
  assert.ok(needsConsole(root));
});

test('what npm installs and builds below the console does not count as its source', () => {
  const root = freshClone('below');
  start(root);
  utimesSync(join(root, 'console/src/main.tsx'), LONG_AGO, LONG_AGO);
  utimesSync(join(root, 'console/dist/index.html'), new Date('2021-01-01'), new Date('2021-01-01'));
  mkdirSync(join(root, 'console/node_modules'));
  writeFileSync(join(root, 'console/node_modules/x.js'), '');
  assert.ok(!needsConsole(root));
});

test('an install that fails ends with one more line and nothing is started', () => {
  const { status, stdout, stderr } = start(freshClone('failing'), [], { NPM_FAILS: 'install' });
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /npm install --no-save --no-audit --no-fund failed; its reason stands above\n$/);
});

test('a signal is handed on to the server, and its exit code comes back', { timeout: 20_000 }, async () => {
  const root = freshClone('signal');
  const child = spawn(process.execPath, [join(root, 'scripts/start.mjs'), 'wait'], surroundings(root));
  const { promise: started, resolve } = Promise.withResolvers();
  child.stdout.on('data', resolve);
  await started;
  child.kill('SIGTERM');
  const { promise: ended, resolve: end } = Promise.withResolvers();
  child.once('close', end);
  assert.equal(await ended, 42);
});

test('a Node that is too old is named in one line', () => {
  const script = "import('./scripts/prepare.mjs').then(({ requireNode }) => requireNode('18.20.0'))";
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: freshClone('old'), encoding: 'utf8' });
  assert.equal(status, 1);
  assert.equal(stderr, 'Headwater needs Node 20 or newer to start; this is 18.20.0\n');
});

test('npm test refuses what it does not know', () => {
  const root = freshClone('misused');
  for (const args of [['unti'], ['unit', 'x']]) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(root, 'scripts/test.mjs'), ...args],
      surroundings(root),
    );
    assert.equal(status, 1);
    assert.match(stderr, /^npm test takes no argument, or one: unit/);
  }
});

test('where nothing can be installed, the tests name the packages that they need', () => {
  const root = freshClone('needs');
  const script = "import('./scripts/debian.mjs').then(({ bringNeeds }) => bringNeeds())";
  const env = { PATH: '/nowhere' };
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: root, env, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^The tests need more programs\. On Debian or Ubuntu, as root: apt-get install -y ffmpeg chromium /,
  );
  assert.equal(new Set(NEEDS.map(({ apt }) => apt)).size, NEEDS.length);
});
