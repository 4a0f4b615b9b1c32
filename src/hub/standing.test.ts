import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeStream } from '../../test/support/made-stream.ts';
import { SECOND, VirtualClock } from '../base/clock.ts';
import type { Sample } from '../media/frame.ts';
import { Hub } from './hub.ts';
import type { Publisher } from './publisher.ts';
import { Sessions } from './session.ts';
import { believed, type Standing, shiftOn } from './standing.ts';
import type { Stream } from './stream.ts';

const PATH = 'v/live/movie';
const never = new AbortController().signal;
const window = { duration: 600 * SECOND, bytes: 1e8 };
const options = { window, takeover: 'stale', staleAfter: 2 * SECOND, segment: 2 * SECOND } as const;

function newHub(clock: VirtualClock): Hub {
  return new Hub({ ...options, grace: 60 * SECOND, stopGrace: 0 }, clock);
}

async function publish(hub: Hub, clock: VirtualClock, standing?: Standing): Promise<Publisher> {
  const session = new Sessions(clock).open({ protocol: 'test', remote: '', close: () => {} });
  const publisher = await hub.publish(PATH, session, never, undefined, { stood: standing });
  publisher.announce(new Set(['video', 'audio']));
  return publisher;
}

/** Sends frames at their own times. */
function play(publisher: Publisher, clock: VirtualClock, samples: readonly Sample[]): void {
  for (const [i, sample] of samples.entries()) {
    clock.advance(Math.max(0, sample.dts - (samples[i - 1] ?? sample).dts));
    publisher.write(sample);
  }
}

function timesOf({ log }: Stream): number[] {
  return Array.from({ length: log.head - log.tail }, (_, i) => log.at(log.tail + i).dts);
}

test('a publisher that comes again, late and with what it sent before, goes on without a gap and with nothing twice', async () => {
  for (const away of [1, 8, 40]) {
    const clock = new VirtualClock();
    const hub = newHub(clock);
    const first = await publish(hub, clock);
    play(first, clock, madeStream(0, 5));
    const { standing } = first;
    first.close(false);
    clock.advance(away * SECOND);
    const second = await publish(hub, clock, standing);
    // What was held comes all at once.
    for (const sample of madeStream(3, 5 + away)) second.write(sample);
    play(second, clock, madeStream(5 + away, 8 + away));
    const expected = madeStream(0, 8 + away).map(({ dts }) => dts + standing!.shift);
    assert.deepEqual(timesOf(second.stream), expected);
  }
});

test('at another node, which knows nothing of the stream, it has the times that it had', async () => {
  const clock = new VirtualClock();
  const first = await publish(newHub(clock), clock);
  play(first, clock, madeStream(100, 105));
  clock.advance(3 * SECOND);
  const second = await publish(newHub(clock), clock, first.standing);
  for (const sample of madeStream(104, 108)) second.write(sample);
  const [before, after] = [first, second].map(({ stream }) => stream) as [Stream, Stream];
  assert.equal(after.lease.anchor, before.lease.anchor);
  assert.ok(after.lease.token > before.lease.token);
  assert.equal(timesOf(after)[0], madeStream(104, 108)[0]!.dts + first.standing!.shift);
});

for (const when of ['before the first frame', 'while what was held comes'] as const) {
  test(`the times are the same also where a viewer who has seen more asks ${when}`, async () => {
    const clock = new VirtualClock();
    const first = await publish(newHub(clock), clock);
    // What waited for the first node came all at once: times are ahead of the clock since.
    for (const sample of madeStream(0, 1)) first.write(sample);
    play(first, clock, madeStream(1, 3));
    const { newest, lease } = first.stream;
    const hub = newHub(clock);
    const second = await publish(hub, clock, first.standing);
    const frames = madeStream(1, 5);
    const held = when === 'before the first frame' ? 0 : 20;
    for (const sample of frames.slice(0, held)) second.write(sample);
    await hub.raise(PATH, { token: lease.token, dts: newest.dts });
    for (const sample of frames.slice(held)) second.write(sample);
    assert.deepEqual(
      timesOf(second.stream),
      frames.map(({ dts }) => dts),
    );
  });
}

test('it goes on later where a viewer has seen more by an owner that came in between', async () => {
  const clock = new VirtualClock();
  const first = await publish(newHub(clock), clock);
  play(first, clock, madeStream(0, 3));
  const hub = newHub(clock);
  const second = await publish(hub, clock, first.standing);
  await hub.raise(PATH, { token: second.stream.lease.token, dts: 9 * SECOND });
  for (const sample of madeStream(2, 4)) second.write(sample);
  assert.ok(timesOf(second.stream)[0]! > 9 * SECOND);
});

test('where the stream is on another timeline by now it is one that returns, as any other', async () => {
  const clock = new VirtualClock();
  const hub = newHub(clock);
  const first = await publish(hub, clock);
  play(first, clock, madeStream(0, 2));
  const standing = { ...first.standing!, anchor: first.standing!.anchor - 5 * SECOND };
  first.close(false);
  clock.advance(4 * SECOND);
  const second = await publish(hub, clock, standing);
  second.write(madeStream(1, 3)[0]!);
  second.write(madeStream(1, 3)[1]!);
  const { dts } = second.stream.log.at(second.stream.log.head - 2);
  assert.ok(dts >= 5.9 * SECOND, `it goes on at ${dts}`);
});

test('a shift that leads nowhere is forgotten', async () => {
  const clock = new VirtualClock();
  const hub = newHub(clock);
  const first = await publish(hub, clock);
  play(first, clock, madeStream(0, 2));
  first.close(false);
  clock.advance(4 * SECOND);
  const second = await publish(hub, clock, { ...first.standing!, shift: 1e15 });
  for (const sample of madeStream(0, 2)) second.write(sample);
  const { newest } = second.stream;
  assert.ok(newest.dts > 5.9 * SECOND && newest.dts < 10 * SECOND, `it goes on to ${newest.dts}`);
});

test('a shift is told for one anchor and fits another that is nearly the same', () => {
  const standing = { token: 5, anchor: 1_000_000, shift: 70 };
  assert.equal(shiftOn({ token: 6, anchor: 1_000_000 }, standing), 70);
  assert.equal(shiftOn({ token: 6, anchor: 1_000_200 }, standing), -130);
  assert.equal(shiftOn({ token: 6, anchor: 3_000_000 }, standing), undefined);
  assert.equal(shiftOn({ token: 6, anchor: undefined }, standing), undefined);
  assert.equal(shiftOn({ token: 6, anchor: 1_000_000 }, undefined), undefined);
});

test('what cannot be is not believed', () => {
  const wall = 1_800_000_000 * SECOND;
  const standing = { token: wall, anchor: wall - 60 * SECOND, shift: 0 };
  assert.equal(believed(standing, wall), standing);
  for (const wrong of [
    { ...standing, token: 2 * wall },
    { ...standing, anchor: 2 * wall },
    { ...standing, anchor: 0 },
  ])
    assert.equal(believed(wrong, wall), undefined);
});
