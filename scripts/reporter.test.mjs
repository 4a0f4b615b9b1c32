import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const REPORTER = fileURLToPath(new URL('reporter.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'headwater-reporter-'));
after(() => rmSync(folder, { recursive: true }));

/** Files of tests by what stands in them, and how their run ends. */
const RUNS = [
  {
    name: 'all pass',
    files: ["test('a', () => {}); describe('b', () => { test('c', () => {}); });", "test('d', () => {});"],
    line: '3 passed, 0 failed',
    status: 0,
  },
  {
    name: 'some fail or are left out',
    files: [
      "test('a', () => {}); test('b', () => { throw new Error('no'); }); test('c', { skip: 'why not' }, () => {});",
    ],
    line: '1 passed, 1 failed, 1 skipped',
    status: 1,
  },
  {
    name: 'a test takes too long',
    files: ["test('a', () => {}); test('b', { timeout: 20 }, () => new Promise(() => {}));"],
    line: '1 passed, 1 failed',
    status: 1,
  },
  {
    name: 'a file breaks',
    files: ["throw new Error('broken');", "test('a', () => {});"],
    line: '1 passed, 1 failed',
    status: 1,
  },
];

describe('the last line that npm test says counts its tests, without colours', () => {
  for (const [i, { name, files, line, status }] of RUNS.entries()) {
    test(`where ${name}`, () => {
      const paths = files.map((text, j) => write(`${i}-${j}.test.mjs`, text));
      const args = ['--test', `--test-reporter=${REPORTER}`, '--test-reporter-destination=stdout', ...paths];
      // Without what tells Node that it runs a test already.
      const env = { PATH: process.env.PATH, FORCE_COLOR: '1' };
      const run = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: 30_000 });
      assert.equal(run.stdout.split('\n').at(-2), line, run.stdout);
      assert.ok(run.stdout.endsWith('\n'));
      assert.equal(run.status, status);
    });
  }
});

function write(name, text) {
  const path = join(folder, name);
  writeFileSync(path, `import { describe, test } from 'node:test';\n${text}\n`);
  return path;
}
