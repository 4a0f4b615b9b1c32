import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, describe, test } from 'node:test';

const RUNNER = new URL('run-groups.mjs', import.meta.url).href;
const IMPORTS = "import { describe, test } from 'node:test';";
const folder = mkdtempSync(join(tmpdir(), 'headwater-runner-'));
after(() => rmSync(folder, { recursive: true }));

/** Groups of files of tests, by what stands in them, and how their run ends. */
const RUNS = [
  {
    name: 'all pass',
    groups: [["test('a', () => {}); describe('b', () => { test('c', () => {}); });"], ["test('d', () => {});"]],
    counts: { tests: 3, suites: 1, pass: 3, fail: 0 },
    line: '3 passed, 0 failed',
    status: 0,
  },
  {
    name: 'some fail or are left out',
    groups: [
      ["test('a', () => {}); test('b', () => { throw new Error('no'); });"],
      ["test('c', { skip: 'why not' }, () => {});", "test('d', () => {});"],
    ],
    counts: { tests: 4, pass: 2, fail: 1, skipped: 1 },
    line: '2 passed, 1 failed, 1 skipped',
    status: 1,
  },
  {
    name: 'a test takes too long',
    groups: [["test('a', () => {}); test('b', { timeout: 20 }, () => new Promise(() => {}));"]],
    counts: { tests: 2, pass: 1, cancelled: 1 },
    line: '1 passed, 1 failed',
    status: 1,
  },
  {
    name: 'a file breaks',
    groups: [["throw new Error('broken');", "test('a', () => {});"]],
    counts: { tests: 2, pass: 1, fail: 1 },
    line: '1 passed, 1 failed',
    status: 1,
  },
  { name: 'there is none', groups: [[], []], counts: { tests: 0 }, line: '0 passed, 0 failed', status: 1 },
];

describe('groups of tests are told as one run, and its last line counts its tests, without colours', () => {
  for (const [i, { name, groups, counts, line, status }] of RUNS.entries()) {
    test(`where ${name}`, () => {
      const run = runAll(`${i}`, groups);
      assert.equal(run.stdout.split('\n').at(-2), line, run.stdout + run.stderr);
      assert.ok(run.stdout.endsWith('\n'));
      assert.equal(run.status, status);
      for (const [name, count] of Object.entries(counts))
        assert.equal(run.stdout.match(new RegExp(`ℹ ${name} (\\d+)`, 'g')).join(), `ℹ ${name} ${count}`);
    });
  }
});

test('the ten files that took longest are told of, over all groups', () => {
  const slow = "test('slow', () => new Promise((resolve) => setTimeout(resolve, 1500)));";
  const { stdout } = runAll('slow', [["test('a', () => {});", slow], Array(10).fill("test('b', () => {});")]);
  const lines = stdout.split('\nslowest files:\n')[1].split('\n').slice(0, -2);
  const told = lines.map((line) => /^ +(\d+\.\d) s .*slow-(\d-\d)\.test\.mjs$/.exec(line).slice(1));
  assert.equal(new Set(told.map(([, file]) => file)).size, 10);
  const seconds = told.map(([length]) => Number(length));
  assert.deepEqual(
    seconds,
    seconds.toSorted((one, other) => other - one),
  );
  assert.ok(Number(told.find(([, file]) => file === '0-1')[0]) >= 1.5, stdout);
});

/** Runs groups of files, by what stands in them, in a process of its own. */
function runAll(name, groups) {
  const options = groups.map((files, j) => ({
    files: files.map((text, k) => write(`${name}-${j}-${k}.test.mjs`, `${IMPORTS}\n${text}\n`)),
  }));
  const script = write(
    `${name}.mjs`,
    `import { runGroups } from '${RUNNER}';
    process.exitCode = (await runGroups(${JSON.stringify(options)})) ? 0 : 1;`,
  );
  // Without what tells Node that it runs a test already.
  const env = { PATH: process.env.PATH, FORCE_COLOR: '1' };
  return spawnSync(process.execPath, [script], { env, encoding: 'utf8', timeout: 30_000 });
}

function write(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
