import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loggerTo } from '../../ops/log.ts';
import { passOn } from './log-lines.ts';

function setUp() {
  const written: Record<string, unknown>[] = [];
  const log = loggerTo({ write: (line) => void written.push(JSON.parse(line) as Record<string, unknown>) }, 'debug');
  const own: string[] = [];
  const worker = loggerTo({ write: (line) => void own.push(line) }, 'debug').child({ worker: 2 });
  return { written, log, own, worker };
}

test('a line of a worker is written as it logged it, errors included', () => {
  const { written, log, own, worker } = setUp();
  worker.info({ session: 'x', bytes: 7 }, 'play ends');
  worker.error({ error: new TypeError('a bug') }, 'it failed');
  for (const line of own) passOn(line, log);
  const [{ time, ...info }, { error, ...rest }] = written as [Record<string, unknown>, Record<string, unknown>];
  assert.match(String(time), /^\d{4}-/);
  assert.deepEqual(info, { level: 'info', worker: 2, session: 'x', bytes: 7, msg: 'play ends' });
  assert.deepEqual([rest['level'], rest['msg']], ['error', 'it failed']);
  const { type, message, stack } = error as Record<string, string>;
  assert.deepEqual([type, message], ['TypeError', 'a bug']);
  assert.match(stack!, /log-lines\.test/);
});

for (const line of [
  '',
  'no JSON',
  'null',
  '7',
  '{"level":"fatal","msg":"x"}',
  '{"level":"child","msg":"x"}',
  '{"level":"info"}',
]) {
  test(`${line || 'an empty line'} is shown as it is`, () => {
    const { written, log } = setUp();
    passOn(line, log);
    assert.deepEqual([written[0]!['level'], written[0]!['line'], written[0]!['msg']], ['warn', line, 'a worker says']);
  });
}
