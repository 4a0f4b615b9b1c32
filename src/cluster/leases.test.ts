import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../test/support/ffmpeg.ts';
import { until } from '../../test/support/until.ts';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { loggerTo } from '../ops/log.ts';
import { FileLeases } from './leases.ts';

const PATH = 'v/live/movie';
const KEEP = 60 * SECOND;

/** Leases in a file, opened again as often as wanted. */
async function setUp(t: TestContext) {
  const file = join(await temporaryFolder(t), 'state', 'leases.json');
  const clock = new VirtualClock();
  const lines: string[] = [];
  const log = loggerTo({ write: (line) => void lines.push(line) });
  return { file, clock, lines, open: () => FileLeases.open({ file, keep: KEEP, clock, log }) };
}

test('a stream has its anchor and its numbers again after a restart, and a greater token', async (t) => {
  const { open } = await setUp(t);
  const first = open();
  const { token, anchor } = first.claim(PATH);
  assert.equal(anchor, undefined);
  const next = { segment: 1_800_000_007, discontinuity: 3 };
  first.keep(PATH, { token, anchor: 123, next });
  await first.close();
  const lease = open().claim(PATH);
  assert.ok(lease.token > token);
  assert.deepEqual([lease.anchor, lease.next], [123, next]);
});

test('tokens grow even if the clock goes back', async (t) => {
  const { open, clock, file } = await setUp(t);
  const first = open();
  const tokens = [first.claim(PATH).token, first.claim('v/live/other').token];
  await first.close();
  const future = clock.wall() + 1000 * SECOND;
  const leases = { [PATH]: { token: future, seen: clock.wall() } };
  writeFileSync(file, JSON.stringify({ version: 1, leases }));
  assert.deepEqual([tokens[1]! > tokens[0]!, open().claim('v/live/third').token], [true, future + 1]);
});

test('a stream that has ended begins anew', async (t) => {
  const { open } = await setUp(t);
  const first = open();
  first.keep(PATH, { token: 1, anchor: 123 });
  first.release(PATH);
  await first.close();
  assert.equal(open().claim(PATH).anchor, undefined);
});

test('a stream that was not seen for too long is forgotten, one that is there is not', async (t) => {
  const { open, clock } = await setUp(t);
  const first = open();
  first.keep(PATH, { token: 1, anchor: 123 });
  clock.advance(10 * KEEP);
  await first.close();
  clock.advance(KEEP);
  const second = open();
  assert.equal(second.claim(PATH).anchor, 123);
  await second.close();
  clock.advance(KEEP + 1);
  assert.equal(open().claim(PATH).anchor, undefined);
});

test('what is killed has lost a fraction of a second at most', async (t) => {
  const { open, clock, file } = await setUp(t);
  const first = open();
  for (let i = 0; i < 100; i++) first.keep(`v/live/${i}`, { token: i + 1, anchor: i });
  clock.advance(0.3 * SECOND);
  await until('the file is written', () => existsSync(file));
  // Renamed when it is whole: what is there is complete.
  const { leases } = JSON.parse(readFileSync(file, 'utf8')) as { leases: Record<string, { anchor: number }> };
  assert.equal(leases['v/live/99']!.anchor, 99);
});

for (const [name, text] of [
  ['is no JSON', '{'],
  ['is of another version', '{"version":2,"leases":{}}'],
  ['has a lease without a token', '{"version":1,"leases":{"a/b/c":{"seen":1}}}'],
] as const) {
  test(`a file that ${name} is told of, and begun anew`, async (t) => {
    const { open, file, lines } = await setUp(t);
    await open().close();
    const first = open();
    first.claim(PATH);
    await first.close();
    writeFileSync(file, text);
    const leases = open();
    assert.equal(leases.claim(PATH).anchor, undefined);
    assert.match(lines[0]!, /cannot be read/);
    await leases.close();
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).version, 1);
  });
}

test('a folder that cannot be written is told of, and nothing else', async (t) => {
  const { open, file, lines } = await setUp(t);
  writeFileSync(join(file, '..', '..', 'state'), 'a file in its place');
  const leases = open();
  leases.claim(PATH);
  await leases.close();
  assert.match(lines.at(-1)!, /could not be written/);
});
