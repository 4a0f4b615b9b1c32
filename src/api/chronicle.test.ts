import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { Hub } from '../hub/hub.ts';
import { Sessions } from '../hub/session.ts';
import type { Context } from '../module.ts';
import type { Cluster, NodeRecord } from '../net/cluster.ts';
import { noSiblings, type Siblings } from '../net/siblings.ts';
import { Chronicle, STEP } from './chronicle.ts';
import type { Reading } from './series.ts';
import type { Traffic } from './traffic.ts';

const HOUR = 3600 * SECOND;
const HUB = { grace: 0, stopGrace: 0, takeover: 'stale', staleAfter: SECOND, segment: SECOND } as const;

function setUp(t: TestContext, change: Partial<Context> = {}) {
  const clock = new VirtualClock();
  const sessions = new Sessions(clock);
  const hub = new Hub({ ...HUB, window: { duration: SECOND, bytes: 1000 } } as never, clock);
  const traffic = { bytesIn: 0, bytesOut: 0 };
  const context = { clock, sessions, hub, siblings: noSiblings(), cluster: undefined, ...change } as Context;
  const chronicle = new Chronicle(context, traffic as unknown as Traffic);
  t.after(() => chronicle.stop());
  return { clock, sessions, traffic, chronicle };
}

/** Time goes on, and whatever is waited for comes. */
async function run(clock: VirtualClock, steps: number): Promise<void> {
  for (let i = 0; i < steps; i++) {
    clock.advance(STEP);
    await Promise.resolve();
    await Promise.resolve();
  }
}

test('each step tells who was there and what went in and out since the one before', async (t) => {
  const { clock, sessions, traffic, chronicle } = setUp(t);
  for (const protocol of ['http-flv', 'rtmp', 'relay']) {
    const session = sessions.open({ protocol, remote: '192.0.2.17', close: () => {} });
    Object.assign(session, { role: 'play', path: '__defaultVhost__/live/movie' });
  }
  traffic.bytesIn = 625_000;
  traffic.bytesOut = 1_250_000;
  await run(clock, 2);
  const [{ id, self, reading }] = (await chronicle.read(0)) as [Awaited<ReturnType<Chronicle['read']>>[0]];
  assert.deepEqual([id, self], ['', true]);
  const { viewers, streams, recv_kbps: received, send_kbps: sent, memory } = reading.columns;
  assert.deepEqual(
    [viewers, streams, received, sent],
    [
      [2, 2],
      [0, 0],
      [1000, 0],
      [2000, 0],
    ],
  );
  assert.ok(memory[0]! > 10_000_000);
  assert.deepEqual(
    reading.slots,
    [1, 2].map((step) => clock.wall() / STEP - 2 + step),
  );
});

test('an hour is kept, and what is asked for is what was later', async (t) => {
  const { clock, chronicle } = setUp(t);
  await run(clock, (2 * HOUR) / STEP);
  const [{ reading }] = (await chronicle.read(0)) as [Awaited<ReturnType<Chronicle['read']>>[0]];
  assert.equal(reading.slots.length, HOUR / STEP);
  assert.equal(reading.slots.at(-1), clock.wall() / STEP);
  const [late] = await chronicle.read(clock.wall() / STEP - 3);
  assert.equal(late!.reading.slots.length, 3);
});

test('what all workers have is one; of their delays the worst counts', async (t) => {
  let theirs: Reading<string> = { slots: [], columns: {} };
  const siblings: Siblings = { ...noSiblings(), ask: async () => [theirs] };
  const { clock, chronicle } = setUp(t, { siblings });
  await run(clock, 1);
  const columns = { viewers: [3], streams: [1], recv_kbps: [10], send_kbps: [20], cpu: [0.5], memory: [1000] };
  theirs = { slots: [clock.wall() / STEP], columns: { ...columns, delay_ms: [99_999] } };
  const [{ reading }] = (await chronicle.read(0)) as [Awaited<ReturnType<Chronicle['read']>>[0]];
  assert.deepEqual([reading.columns.viewers, reading.columns.streams, reading.columns.delay_ms], [[3], [1], [99_999]]);
});

test('of other nodes there is what they tell of themselves, of a limited number of them, and for an hour', async (t) => {
  const load = { cpu: 0.25, cores: 1, streams: 4, viewers: 120, bitrate: 240_000_000 };
  let nodes = ['self', 'other'].map((id) => ({ id, load }) as NodeRecord);
  const cluster = { nodeId: 'self', nodes: async () => nodes } as unknown as Cluster;
  const { clock, chronicle } = setUp(t, { cluster });
  await run(clock, 1);
  const [own, other] = await chronicle.read(0);
  assert.deepEqual([own!.id, other!.id, other!.self], ['self', 'other', false]);
  const { cpu, viewers, streams, send_kbps: sent, memory, recv_kbps: received } = other!.reading.columns;
  assert.deepEqual([cpu, viewers, streams, sent, memory, received], [[0.25], [120], [4], [240_000], [null], [null]]);
  nodes = Array.from({ length: 1000 }, (_, i) => ({ id: `node-${i}`, load }) as NodeRecord);
  await run(clock, 1);
  assert.equal((await chronicle.read(0)).length, 1 + 64);
  nodes = [];
  await run(clock, HOUR / STEP + 1);
  assert.equal((await chronicle.read(0)).length, 1);
});

test('a directory that cannot be reached takes nothing from what is known of this node', async (t) => {
  const cluster = { nodeId: 'self', nodes: () => Promise.reject(new Error('away')) } as unknown as Cluster;
  const { clock, chronicle } = setUp(t, { cluster });
  await run(clock, 2);
  assert.equal((await chronicle.read(0))[0]!.reading.slots.length, 2);
});
