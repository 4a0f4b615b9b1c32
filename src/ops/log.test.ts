import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { LogOptions } from '../config/options.ts';
import { createLogger, loggerTo, maskSecrets, silentLogger } from './log.ts';

const folder = mkdtempSync(join(tmpdir(), 'headwater-log-'));
after(() => rmSync(folder, { recursive: true }));

const masked: [text: string, shown: string][] = [
  ['rtmp://h/live/movie?key=abc', 'rtmp://h/live/movie?key=***'],
  ['rtmp://h/live/movie?key=abc&vhost=v', 'rtmp://h/live/movie?key=***&vhost=v'],
  ['movie?a=1&token=a.b-c_d%20e#x', 'movie?a=1&token=***#x'],
  ['key=abc', 'key=***'],
  ['tcUrl=rtmp://h/live?key=abc', 'tcUrl=rtmp://h/live?key=***'],
  ['key=abc?d=e==', 'key=***'],
  ['/api?publishKey=a&adminToken=b', '/api?publishKey=***&adminToken=***'],
  ['/x?txSecret=f85a&txTime=5C271099', '/x?txSecret=***&txTime=5C271099'],
  ['/x?auth_key=1-2-3&sign=4&Signature=5', '/x?auth_key=***&sign=***&Signature=***'],
  ['/x?password=a&jwt=b&pwd=c', '/x?password=***&jwt=***&pwd=***'],
  ['{"url":"/x?key=abc","n":1}', '{"url":"/x?key=***","n":1}'],
  ['{"url":"a \\"/x?key=abc\\""}', '{"url":"a \\"/x?key=***\\""}'],
  ['rtmp://user:word@host/app', 'rtmp://user:***@host/app'],
  ['Authorization: Bearer abc.def-_=', 'Authorization: Bearer ***'],
  ['"authorization":"Basic dXNlcjp3b3Jk"', '"authorization":"Basic ***"'],
];

for (const [text, shown] of masked) test(`${text} is shown as ${shown}`, () => assert.equal(maskSecrets(text), shown));

for (const text of [
  '',
  'http://h:8080/live/movie.flv?only=audio&vhost=v',
  'a = b',
  'time=12:00 mail a@b',
  'http://h/a?key=',
]) {
  test(`${JSON.stringify(text)} holds nothing to mask`, () => assert.equal(maskSecrets(text), text));
}

test('no value of a secret parameter survives, wherever it stands', () => {
  const name = fc.constantFrom('key', 'token', 'TxSecret', 'x-auth', 'sign');
  const value = fc.stringMatching(/^[A-Za-z0-9_%.~-]{20,40}$/);
  const around = fc.string({ maxLength: 20 });
  const property = fc.property(around, name, value, around, (before, key, secret, behind) => {
    assert.ok(!maskSecrets(`${before}?${key}=${secret}&${behind}`).includes(secret));
  });
  fc.assert(property, { seed: 1, numRuns: 500 });
});

test('masking a hostile text takes time in proportion to its length', () => {
  const hostile = `${'key'.repeat(30_000)}?${'a=&'.repeat(30_000)}${'://'.repeat(30_000)}${'Bearer '.repeat(10_000)}`;
  const begun = process.cpuUsage().user;
  maskSecrets(hostile);
  assert.ok(process.cpuUsage().user - begun < 1_000_000);
});

test('a line is JSON with its level, its fields and those of its session', () => {
  const lines: string[] = [];
  const log = loggerTo({ write: (line) => lines.push(line) });
  log.child({ session: 'ab12' }).warn({ url: '/x?key=secret' }, 'refused');
  log.debug('not shown');
  const { time, ...rest } = JSON.parse(lines[0]!) as Record<string, string>;
  assert.deepEqual(rest, { level: 'warn', session: 'ab12', url: '/x?key=***', msg: 'refused' });
  assert.match(time!, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.equal(lines.length, 1);
});

test('an error is logged with its message, masked', () => {
  const lines: string[] = [];
  loggerTo({ write: (line) => lines.push(line) }).error({ error: new Error('no /x?key=secret') }, 'failed');
  const { error } = JSON.parse(lines[0]!) as { error: { message: string; stack: string } };
  assert.equal(error.message, 'no /x?key=***');
  assert.doesNotMatch(error.stack, /secret/);
});

test('the silent log takes everything', () => silentLogger.child({ a: 1 }).error('x'));

const options: LogOptions = { level: 'info', format: 'auto', file: '', rotate: { size: 2048, age: 'off', keep: 2 } };

test('a log file is rotated by size, and old files go', { timeout: 10_000 }, async () => {
  const log = await createLogger({ ...options, file: join(folder, 'by-size', 'a.log') });
  const files = () => readdirSync(join(folder, 'by-size')).sort(byNumber);
  // Rotation takes turns of the event loop.
  for (let i = 0; numberOf(files().at(-1)!) < 6; i++) {
    log.info({ i }, 'a line of some length, so that files fill up');
    await turn();
  }
  while (files().length > options.rotate.keep + 1) await turn();
  const lines = readFileSync(join(folder, 'by-size', files().at(-2)!), 'utf8')
    .trimEnd()
    .split('\n');
  assert.ok(lines.length > 10 && lines.length < 40, `${lines.length} lines in a file`);
  for (const line of lines) assert.equal((JSON.parse(line) as { level: string }).level, 'info');
});

test('a log file that is rotated by age has the date in its name', async () => {
  const log = await createLogger({
    ...options,
    file: join(folder, 'by-age', 'a.log'),
    rotate: { ...options.rotate, age: 'daily' },
  });
  log.info('a line');
  const [name] = readdirSync(join(folder, 'by-age'));
  assert.match(name!, /^a\.\d{4}-\d\d-\d\d\.1\.log$/);
  assert.ok(existsSync(join(folder, 'by-age', name!)));
  assert.match(readFileSync(join(folder, 'by-age', name!), 'utf8'), /"msg":"a line"/);
});

function numberOf(name: string): number {
  return Number(name.split('.').at(-2));
}

function byNumber(a: string, b: string): number {
  return numberOf(a) - numberOf(b);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
