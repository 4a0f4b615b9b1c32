import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Program } from './support/program.ts';
import { type Owner, until } from './support/until.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Installing downloads the dependencies, the pinned Node among them, where npm has not kept them from before. */
const INSTALL_MS = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'headwater-package-'));
const app = join(folder, 'node_modules/headwater');
const ends: (() => Promise<void> | void)[] = [];
const owner: Owner = { after: (end) => ends.push(end) };
after(async () => {
  await Promise.all(ends.map(async (end) => end()));
  rmSync(folder, { recursive: true, force: true });
});

/** npm, run in a folder as from a shell; `npm test` itself leaves the folder of this repository in the environment. */
function npm(where: string, args: readonly string[]): Program {
  const script = 'unset npm_config_local_prefix INIT_CWD; cd "$0" && exec npm "$@"';
  return new Program(owner, 'sh', ['-c', script, where, ...args]);
}

function inFolder(program: string, args: readonly string[], env: Record<string, string> = {}): Program {
  return new Program(owner, 'sh', ['-c', 'cd "$0" && exec "$@"', folder, program, ...args], env);
}

describe('the npm package, installed into an empty folder (from the registry)', () => {
  before(
    async () => {
      await npm(ROOT, ['pack', '--pack-destination', folder]).succeeded(INSTALL_MS);
      const packed = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
      writeFileSync(join(folder, 'package.json'), '{"private":true}');
      await npm(folder, ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${packed}`]).succeeded(
        INSTALL_MS,
      );
    },
    { timeout: 2 * INSTALL_MS },
  );

  test('carries what runs, and no sources or tests', () => {
    const files = readdirSync(app, { recursive: true, encoding: 'utf8' }).filter(
      (name) => !name.startsWith('node_modules'),
    );
    for (const needed of [
      'README.md',
      'LICENSE',
      'dist/main.js',
      'dist/index.js',
      'dist/index.d.ts',
      'console/dist/index.html',
      'console/dist/player.js',
      'dist/browser/player/src/index.d.ts',
      'bin/headwater.js',
    ]) {
      assert.ok(files.includes(needed), needed);
    }
    const strange = files.filter((name) => /\.test\.|(?<!\.d)\.tsx?$|headwater\.yaml|\.(pem|key|crt)$/.test(name));
    assert.deepEqual(strange, []);
  });

  test('answers to npx', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const npx = await npm(folder, ['exec', '--offline', '--', 'headwater', '--version']).succeeded();
    assert.equal(npx.stdout, `${version}\n`);
  });

  test('serves its page, writes its options and stops when it is told to', async () => {
    const env = { HEADWATER_RTMP_LISTEN: '127.0.0.1:0', HEADWATER_HTTP_LISTEN: '127.0.0.1:0' };
    const server = inFolder(join('node_modules', '.bin', 'headwater'), [], env);
    try {
      const page = await until('the page is printed', () => /Open +(http:\S+)/.exec(server.stdout)?.[1]);
      const response = await fetch(page);
      assert.equal(response.status, 200);
      assert.match(await response.text(), /<html/i);
      assert.ok(readdirSync(folder).includes('headwater.yaml'));
    } finally {
      // Not SIGKILL: on an old Node the server is a child of the program that npm has started.
      server.kill('SIGTERM');
    }
    assert.deepEqual(await server.ended(), { code: 0, signal: null });
  });

  test('is a library, too', async () => {
    const script = "import('headwater').then(({ startServer }) => console.log(typeof startServer))";
    const library = await inFolder(process.execPath, ['-e', script]).succeeded();
    assert.equal(library.stdout, 'function\n');
  });

  test('has the player of browsers, which may be loaded anywhere', async () => {
    const script = "import('headwater/player').then(({ Player, canPlay }) => console.log(typeof Player, canPlay()))";
    const library = await inFolder(process.execPath, ['-e', script]).succeeded();
    assert.equal(library.stdout, 'function false\n');
  });
});
