import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AUDIO, VIDEO } from '../../test/support/tracks.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import type { Sample } from '../media/frame.ts';
import { Hub } from './hub.ts';
import type { Publisher } from './publisher.ts';
import { Sessions } from './session.ts';

const PATH = 'v/live/movie';
const never = new AbortController().signal;
const [STEP, GOP] = [40, 1000];

/** The frames that an encoder makes from a moment on and before another; a server's times are off by `offset` milliseconds. */
function made(from: number, to: number, offset = 0): Sample[] {
  const moments = Array.from({ length: Math.ceil((to - from) / STEP) }, (_, i) => from + i * STEP);
  return moments.flatMap((ms) => {
    const time = (ms + offset) * MILLISECOND;
    const data = (kind: number) => Uint8Array.of(kind, ms >> 16, ms >> 8, ms);
    return [
      { track: VIDEO, dts: time, pts: time, keyframe: ms % GOP === 0, data: data(0) },
      { track: AUDIO, dts: time + 5 * MILLISECOND, pts: time + 5 * MILLISECOND, keyframe: true, data: data(1) },
    ];
  });
}

/** A stream that comes from one server and then from another one. */
class Stage {
  readonly clock = new VirtualClock();
  readonly #sessions = new Sessions(this.clock);
  readonly #hub: Hub;

  constructor() {
    const window = { duration: 60 * SECOND, bytes: 1e7 };
    const options = { window, takeover: 'always', staleAfter: 2 * SECOND, segment: 2 * SECOND } as const;
    this.#hub = new Hub({ ...options, grace: 60 * SECOND, stopGrace: 0 }, this.clock);
  }

  async publish(isFetched: boolean): Promise<Publisher> {
    const session = this.#sessions.open({ protocol: 'test', remote: 'here', close: () => {} });
    const publisher = await this.#hub.publish(PATH, session, never, 'main', { isFetched });
    publisher.announce(new Set(['video', 'audio']));
    return publisher;
  }

  /** Writes frames as they are made, a step after another. */
  live(publisher: Publisher, frames: readonly Sample[]): void {
    let last = Number.NEGATIVE_INFINITY;
    for (const frame of frames) {
      if (frame.track === VIDEO && last !== Number.NEGATIVE_INFINITY) this.clock.advance(frame.dts - last);
      if (frame.track === VIDEO) last = frame.dts;
      publisher.write(frame);
    }
  }

  /** The moments that the frames of a kind show. Fails if times go back. */
  moments(kind: 'video' | 'audio'): number[] {
    const { log } = this.#hub.find(PATH)!;
    const all = Array.from({ length: log.head }, (_, i) => log.at(i)).filter(({ track }) => track.kind === kind);
    assert.ok(all.every(({ dts }, i) => i === 0 || dts > all[i - 1]!.dts));
    return all.map(({ data: [, a, b, c] }) => (a! << 16) | (b! << 8) | c!);
  }

  /** How long after the newest frame before it each picture comes on the timeline, at most, in milliseconds. */
  get longestStep(): number {
    const { log } = this.#hub.find(PATH)!;
    const all = Array.from({ length: log.head }, (_, i) => log.at(i)).filter(({ track }) => track.kind === 'video');
    return Math.max(...all.slice(1).map(({ dts }, i) => (dts - all[i]!.dts) / MILLISECOND));
  }
}

function everyStep(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / STEP }, (_, i) => from + i * STEP);
}

describe('a server that is asked after another one was lost', () => {
  /** The stream up to `lost` from the one, and what the other has by then, `lag` behind, from its key frame on. */
  async function follow(lost: number, lag: number): Promise<Stage> {
    const stage = new Stage();
    const first = await stage.publish(true);
    stage.live(first, made(0, lost));
    first.close(false);
    const outage = 120;
    stage.clock.advance(outage * MILLISECOND);
    const there = Math.floor((lost + outage - lag) / STEP) * STEP;
    const second = await stage.publish(true);
    for (const frame of made(Math.floor((there - STEP) / GOP) * GOP, there, 50_000)) second.write(frame);
    stage.live(second, made(there, there + 3000, 50_000));
    return stage;
  }

  for (const lag of [-200, 0, 80, 400, 900])
    test(`goes on with what it has kept, ${lag} ms behind that one, without a frame twice or missing`, async () => {
      const stage = await follow(2600, lag);
      for (const kind of ['video', 'audio'] as const) {
        const moments = stage.moments(kind);
        assert.deepEqual(moments, everyStep(0, moments.at(-1)! + STEP), kind);
      }
      assert.equal(stage.longestStep, STEP);
    });

  test('goes on so though they have but one key frame in common', async () => {
    const stage = await follow(3040, 0);
    const moments = stage.moments('video');
    assert.deepEqual(moments, everyStep(0, moments.at(-1)! + STEP));
  });

  test('goes on with its key frame, as late as it came, where it has kept nothing that was seen', async () => {
    const stage = await follow(2960, -40);
    const moments = stage.moments('video');
    const at = moments.indexOf(3000);
    assert.deepEqual(moments, [...everyStep(0, 2960), ...everyStep(3000, moments.at(-1)! + STEP)]);
    assert.ok(at > 0 && stage.longestStep <= 160, `${stage.longestStep}`);
  });

  test('is not taken to go on where it sends the same clip from its beginning', async () => {
    const stage = new Stage();
    const first = await stage.publish(true);
    stage.live(first, made(0, 2600));
    first.close(false);
    stage.clock.advance(120 * MILLISECOND);
    const second = await stage.publish(true);
    stage.live(second, made(0, 3000, 50_000));
    for (const kind of ['video', 'audio'] as const)
      assert.deepEqual(stage.moments(kind), [...everyStep(0, 2600), ...everyStep(0, 3000)], kind);
  });

  test('has what it sent shown where it is lost before that was compared', async () => {
    const stage = new Stage();
    const first = await stage.publish(true);
    stage.live(first, made(0, 2600));
    first.close(false);
    const second = await stage.publish(true);
    for (const frame of made(5000, 5080)) second.write(frame);
    second.close(false);
    stage.clock.advance(SECOND);
    assert.deepEqual(stage.moments('video').slice(-2), [5000, 5040]);
  });

  test('is shown when it has sent nothing more for 0.2 s', async () => {
    const stage = new Stage();
    const first = await stage.publish(true);
    stage.live(first, made(0, 2600));
    first.close(false);
    const second = await stage.publish(true);
    for (const frame of made(5000, 5080)) second.write(frame);
    assert.equal(second.isStandingBy, false);
    stage.clock.advance(199 * MILLISECOND);
    assert.equal(stage.moments('video').at(-1), 2560);
    stage.clock.advance(MILLISECOND);
    assert.deepEqual(stage.moments('video').slice(-2), [5000, 5040]);
  });
});

test('an encoder that sends the same clip again is not held back, and all that it sends is shown', async () => {
  const stage = new Stage();
  stage.live(await stage.publish(false), made(0, 400));
  const second = await stage.publish(false);
  for (const frame of made(0, 40)) second.write(frame);
  assert.equal(stage.moments('video').at(-1), 0);
  stage.live(second, made(40, 2000));
  assert.deepEqual(stage.moments('video'), [...everyStep(0, 400), ...everyStep(0, 2000)]);
});
