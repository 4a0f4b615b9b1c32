import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { coreOptions } from '../config/options.ts';
import { listen, option, section } from '../config/values.ts';
import type { BaseConfig } from './configuration.ts';
import { type Program, type RunningServer, run } from './run.ts';

const configSchema = z.strictObject({
  rtmp: section('RTMP.', { listen: option(listen(), ':1935', 'Where.') }),
  ...coreOptions,
});
type Config = z.output<typeof configSchema>;

const ADDRESSES = { rtmp: { host: '::', port: 1935 }, http: { host: '::', port: 8080 } };

/** The command line with everything around it in the hands of the test. */
class Rig {
  folder: string;
  readonly signals = Object.assign(new EventEmitter(), { exit: () => {} });
  readonly started: Config[] = [];
  stops = 0;
  stdout = '';
  stderr = '';
  isTTY = false;
  env: Record<string, string> = {};
  /** Replaces what the server does when it starts. */
  start: () => RunningServer = () => ({ addresses: ADDRESSES, stop: async () => void this.stops++ });

  constructor(t: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), 'headwater-cli-'));
    t.after(() => rmSync(folder, { recursive: true }));
    this.folder = folder;
  }

  get file(): string {
    return join(this.folder, 'headwater.yaml');
  }

  /** Runs until the server has started and is told to stop; returns the exit code. */
  async run(...argv: string[]): Promise<number> {
    this.stdout = this.stderr = '';
    const program: Program<Config> = {
      configSchema,
      startServer: async (config) => {
        this.started.push(config);
        setImmediate(() => this.signals.emit('SIGTERM', 'SIGTERM'));
        return this.start();
      },
    };
    const stdout = { isTTY: this.isTTY, write: (text: string) => (this.stdout += text) };
    const stderr = { write: (text: string) => (this.stderr += text) };
    const env = { HEADWATER_LOG_LEVEL: 'silent', ...this.env };
    return run({ argv, env, folder: this.folder, stdout, stderr, signals: this.signals }, async () => program);
  }

  get access(): BaseConfig['access'] {
    return this.started.at(-1)!.access;
  }
}

test('the first start writes headwater.yaml with new secrets and prints all that a newcomer needs', async (t) => {
  const rig = new Rig(t);
  assert.equal(await rig.run(), 0);
  const { publishKey, adminToken } = rig.access;
  assert.match(publishKey, /^[\w-]{22}$/);
  assert.match(adminToken, /^[\w-]{22}$/);
  assert.notEqual(publishKey, adminToken);
  assert.equal(statSync(rig.file).mode & 0o777, 0o600);
  assert.match(readFileSync(rig.file, 'utf8'), /^rtmp:\n {2}# Where\.\n {2}listen: :1935$/m);
  const push = [`/live/movie?key=${publishKey}`, '/live\n', `  movie?key=${publishKey}\n`];
  for (const shown of [...push, 'http://localhost:8080/', '/live/movie.flv', adminToken, rig.file]) {
    assert.ok(rig.stdout.includes(shown), `${shown} in ${rig.stdout}`);
  }
  assert.equal(rig.stops, 1);
});

test('the second start has the same secrets and prints them on a terminal only', async (t) => {
  const rig = new Rig(t);
  await rig.run();
  const first = rig.access;
  await rig.run();
  assert.deepEqual(rig.access, first);
  assert.equal(rig.stdout, '');
  rig.isTTY = true;
  await rig.run();
  assert.ok(rig.stdout.includes(first.publishKey));
});

test('two first starts make different secrets', async (t) => {
  const [one, other] = [new Rig(t), new Rig(t)];
  await Promise.all([one.run(), other.run()]);
  assert.notEqual(one.access.publishKey, other.access.publishKey);
});

test('a file without secrets gets them for this run only, and says so', async (t) => {
  const rig = new Rig(t);
  writeFileSync(join(rig.folder, 'own.yaml'), 'rtmp:\n  listen: 127.0.0.1:0\n');
  assert.equal(await rig.run('--config', 'own.yaml'), 0);
  assert.match(rig.access.publishKey, /^[\w-]{22}$/);
  assert.match(rig.stdout, /Made for this run only; set to keep: access\.publishKey, access\.adminToken\./);
  assert.ok(!existsSync(rig.file));
});

test('secrets can be given in the environment', async (t) => {
  const rig = new Rig(t);
  rig.env = { HEADWATER_ACCESS_PUBLISH_KEY: 'my-key', HEADWATER_ACCESS_ADMIN_TOKEN: 'my-token' };
  writeFileSync(join(rig.folder, 'own.yaml'), '');
  await rig.run('--config', 'own.yaml');
  const { publishKey, adminToken } = rig.access;
  assert.deepEqual({ publishKey, adminToken }, { publishKey: 'my-key', adminToken: 'my-token' });
  assert.equal(rig.stdout, '');
});

test('where the file cannot be written the server starts without it', async (t) => {
  const rig = new Rig(t);
  rig.folder = join(rig.folder, 'absent');
  assert.equal(await rig.run(), 0);
  assert.match(rig.stdout, /Made for this run only/);
  assert.ok(!existsSync(rig.folder));
});

test('where other nodes can come, the address with the token that lets them in is printed', async (t) => {
  const rig = new Rig(t);
  const headwater = { host: '192.0.2.4', port: 4242 };
  const joinToken = 'hwj1.a-token';
  rig.start = () => ({ addresses: { ...ADDRESSES, headwater }, joinToken, stop: async () => {} });
  await rig.run();
  assert.match(rig.stdout, /Edges fetch at +headwater:\/\/192\.0\.2\.4\?join=hwj1\.a-token\n/);
});

const wrong: [name: string, argv: string[], env: Record<string, string>, line: RegExp][] = [
  ['a wrong option', ['--prot', '5'], {}, /^headwater: .*--prot.*\n$/],
  [
    'a wrong command',
    ['strat'],
    {},
    /^headwater: strat is no command; allowed are start, demo, verify, convert, explain and trace\n$/,
  ],
  [
    'a file that is absent',
    ['--config', 'no.yaml'],
    {},
    /^headwater: there is no file no\.yaml, which --config names\n$/,
  ],
  [
    'a wrong value',
    [],
    { HEADWATER_RTMP_LISTEN: '1935' },
    /^headwater: HEADWATER_RTMP_LISTEN in the environment: rtmp\.listen: "1935" is not allowed; allowed is .*\n$/,
  ],
];

for (const [name, argv, env, line] of wrong) {
  test(`${name} stops with one line and exit code 2, before anything is written or started`, async (t) => {
    const rig = new Rig(t);
    rig.env = env;
    assert.equal(await rig.run(...argv), 2);
    assert.match(rig.stderr, line);
    assert.equal(rig.started.length, 0);
    assert.ok(!existsSync(rig.file));
  });
}

test('what the machine refuses is one line, a bug shows where it is; both exit with 1', async (t) => {
  const rig = new Rig(t);
  rig.start = () => {
    throw Object.assign(new Error('cannot listen on :1935: another program listens there already'), {
      code: 'EADDRINUSE',
    });
  };
  assert.equal(await rig.run(), 1);
  assert.equal(rig.stderr, 'headwater: cannot listen on :1935: another program listens there already\n');
  rig.start = () => {
    throw new TypeError('x is undefined');
  };
  assert.equal(await rig.run(), 1);
  assert.match(rig.stderr, /^headwater: TypeError: x is undefined\nheadwater: +at /);
});

test('help and version are answered without a start', async (t) => {
  const rig = new Rig(t);
  assert.equal(await rig.run('--help'), 0);
  assert.match(rig.stdout, /--config FILE/);
  assert.equal(await rig.run('--version'), 0);
  assert.match(rig.stdout, /^\d+\.\d+\.\d+\S*\n$/);
  assert.equal(rig.started.length, 0);
});
