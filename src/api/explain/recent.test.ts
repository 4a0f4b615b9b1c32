import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { VirtualClock } from '../../base/clock.ts';
import { Hub } from '../../hub/hub.ts';
import type { EdgeReport, LinkStream } from '../../net/links.ts';
import { Links } from '../../net/links.ts';
import { noSiblings } from '../../net/siblings.ts';
import { Traffic } from '../traffic.ts';
import { Recent, type RecentGround } from './recent.ts';
import { nodeBusy } from './rules/node-busy.ts';

const SECOND = 1_000_000;

function start(t: TestContext) {
  const clock = new VirtualClock();
  const hub = new Hub(
    {
      ...{ grace: 0, stopGrace: 0, takeover: 'stale', staleAfter: 0, firstFrameTimeout: 0, idleTimeout: 0 },
      ...{ window: { duration: SECOND, bytes: 1000 }, segment: SECOND },
    },
    clock,
  );
  const links = new Links();
  const counts = { refused: 0, shed: 0, isFull: false };
  const ground = { clock, hub, links, admission: counts, memory: counts, siblings: noSiblings() };
  const recent = new Recent({
    context: ground as unknown as RecentGround['context'],
    traffic: new Traffic(hub, clock.wall()),
  });
  t.after(() => recent.stop());
  return { recent, clock, links, counts };
}

test('what was counted is of the last minute', (t) => {
  const { recent, clock, counts } = start(t);
  counts.refused = 7;
  assert.equal(recent.load().refused, 7);
  clock.advance(30 * SECOND);
  assert.equal(recent.load().refused, 7);
  counts.refused = 9;
  clock.advance(40 * SECOND);
  assert.equal(recent.load().refused, 2);
  clock.advance(60 * SECOND);
  assert.equal(recent.load().refused, 0);
});

test('so is what was lost on a link, and all of it once it has begun anew', (t) => {
  const { recent, clock, links } = start(t);
  let now = { packets: 1000, lost: 100, residual: 10 };
  const stream = () => ({ path: 'v/a/b', latency: 0, ...now }) as unknown as LinkStream;
  const link = () => ({ role: 'edge', node: 'n', streams: [stream()] }) as unknown as EdgeReport;
  links.add(link);
  assert.deepEqual(recent.crossed(link(), 'v/a/b', now), now);
  clock.advance(10 * SECOND);
  now = { packets: 1500, lost: 100, residual: 10 };
  clock.advance(50 * SECOND);
  assert.deepEqual(recent.crossed(link(), 'v/a/b', now), { packets: 500, lost: 0, residual: 0 });
  now = { packets: 30, lost: 3, residual: 1 };
  assert.deepEqual(recent.crossed(link(), 'v/a/b', now), now);
});

test('a process whose thread is held up is a busy one', async (t) => {
  const { recent } = start(t);
  const judge = () => nodeBusy.judge({ loads: [recent.load()] } as never);
  // One measure in a hundred has to be a long one.
  for (let i = 0; i < 4; i++) {
    const end = performance.now() + 130;
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const [verdict] = judge();
  assert.ok((verdict!.figures['delay_ms'] as number) >= 100);
});
