import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { silentLogger } from '../ops/log.ts';
import { MemoryDirectory } from './directory/memory.ts';
import { FileLeases } from './leases.ts';
import { Member } from './member.ts';

const PATH = 'v/live/movie';
const GRACE = 60 * SECOND;

function setUp() {
  const clock = new VirtualClock();
  const directory = new MemoryDirectory(clock);
  const leases = FileLeases.open({ file: undefined, keep: GRACE, clock, log: silentLogger });
  const own = { nodeId: 'one', role: 'origin', version: '1', takeover: 'stale', mark: 7 } as const;
  const member = new Member({ ...own, directory, leases, staleAfter: SECOND, grace: GRACE, clock });
  member.start(() => ({}));
  /** Lets so many seconds pass, one after another, in which all beats are heard. */
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds * 4; i++) {
      clock.advance(SECOND / 4);
      await new Promise(setImmediate);
    }
  };
  return { clock, directory, leases, member, pass };
}

test('a stream whose publisher is gone without a word is the node’s for a while, and has ended then', async () => {
  const { directory, member, pass } = setUp();
  const { token } = await member.claim(PATH);
  member.keep(PATH, { token, anchor: 5 });
  member.leave(PATH);
  await pass(59);
  assert.deepEqual((await directory.find(PATH))?.node, 'one');
  await pass(2);
  assert.deepEqual((await directory.find(PATH))?.node, '');
  await member.stop();
});

test('it goes on, and on, when it is claimed again in time', async () => {
  const { directory, member, pass } = setUp();
  const first = await member.claim(PATH);
  const next = { segment: 9, discontinuity: 2 };
  member.keep(PATH, { token: first.token, anchor: 5, next });
  member.leave(PATH);
  await pass(1);
  const second = await member.claim(PATH);
  assert.ok(second.token > first.token);
  assert.deepEqual([second.anchor, second.next], [5, next]);
  await pass(61);
  assert.deepEqual((await directory.find(PATH))?.node, 'one');
  await member.stop();
});

test('of a stream that is the node’s already it knows more than the directory does', async () => {
  const { member } = setUp();
  const { token } = await member.claim(PATH);
  const lease = { token, anchor: 5, next: { segment: 9, discontinuity: 2 } };
  member.keep(PATH, lease);
  const { anchor, next } = await member.claim(PATH);
  assert.deepEqual({ anchor, next }, { anchor: lease.anchor, next: lease.next });
  await member.stop();
});
