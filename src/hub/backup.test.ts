import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIO, VIDEO } from '../../test/support/tracks.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import type { RefusedError } from '../base/errors.ts';
import type { Sample } from '../media/frame.ts';
import { Hub } from './hub.ts';
import type { Publisher } from './publisher.ts';
import { Sessions } from './session.ts';
import type { Role, Stream } from './stream.ts';

const PATH = 'v/live/movie';
const never = new AbortController().signal;
const STEP = 40;
const GOP = 1000;

/** What an encoder makes of a moment: other encoders make other bytes of it. */
function samples(ms: number, encoder: number, offset: number): Sample[] {
  const time = (ms + offset) * MILLISECOND;
  const data = (kind: number) => Uint8Array.of(encoder, kind, ms >> 24, ms >> 16, ms >> 8, ms);
  return [
    { track: VIDEO, dts: time, pts: time, keyframe: ms % GOP === 0, data: data(0) },
    { track: AUDIO, dts: time + 5 * MILLISECOND, pts: time + 5 * MILLISECOND, keyframe: true, data: data(1) },
  ];
}

/** One that publishes; what it sends at a moment is sent `late` after that, in milliseconds. */
interface Source {
  readonly publisher: Publisher;
  readonly encoder: number;
  readonly offset: number;
  readonly late: number;
  isOn: boolean;
}

class Stage {
  readonly clock = new VirtualClock();
  readonly hub: Hub;
  readonly sources: Source[] = [];
  readonly #sessions = new Sessions(this.clock);
  #now = 0;

  constructor(takeover: 'stale' | 'backup' = 'stale') {
    const window = { duration: 60 * SECOND, bytes: 1e7 };
    const options = { window, takeover, staleAfter: 2 * SECOND, segment: 2 * SECOND };
    this.hub = new Hub({ ...options, grace: 60 * SECOND, stopGrace: 0 }, this.clock);
  }

  async publish(role: Role | undefined, encoder: number, offset = 0, late = 0): Promise<Source> {
    const session = this.#sessions.open({ protocol: 'test', remote: String(encoder), close: () => {} });
    const publisher = await this.hub.publish(PATH, session, never, role);
    publisher.announce(new Set(['video', 'audio']));
    const source = { publisher, encoder, offset, late, isOn: true };
    this.sources.push(source);
    return source;
  }

  /** Lets so many milliseconds pass. */
  async play(milliseconds: number): Promise<void> {
    for (const end = this.#now + milliseconds; this.#now < end; this.#now += STEP) {
      for (const { publisher, encoder, offset, late, isOn } of this.sources) {
        if (!isOn || this.#now < late) continue;
        for (const sample of samples(this.#now - late, encoder, offset)) publisher.write(sample);
      }
      this.clock.advance(STEP * MILLISECOND);
      await settled();
    }
  }

  get stream(): Stream {
    return this.hub.find(PATH)!;
  }

  /** The frames of a kind: whose they are, which moment they show, and where they stand in milliseconds. */
  frames(kind: 'video' | 'audio'): { encoder: number; moment: number; dts: number }[] {
    const { log } = this.stream;
    const all = Array.from({ length: log.head - log.tail }, (_, i) => log.at(log.tail + i));
    return all
      .filter(({ track }) => track.kind === kind)
      .map(({ data, dts }) => ({ encoder: data[0]!, moment: momentOf(data), dts: dts / MILLISECOND }));
  }

  assertInOrder(): void {
    for (const kind of ['video', 'audio'] as const) {
      const times = this.frames(kind).map(({ dts }) => dts);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
        `${kind} in order`,
      );
    }
  }
}

function momentOf([, , a, b, c, d]: Uint8Array): number {
  return ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0;
}

async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

for (const late of [0, 200, 600]) {
  test(`of two publishers with the same frames, the second ${late} ms late, none is lost when the first fails`, async () => {
    const stage = new Stage();
    const main = await stage.publish('main', 1);
    const backup = await stage.publish('backup', 1, 50_000, late);
    await stage.play(3000);
    assert.ok(backup.publisher.isStandingBy);
    main.isOn = false;
    main.publisher.close(false);
    await settled();
    assert.ok(!backup.publisher.isStandingBy);
    await stage.play(3000);
    for (const kind of ['video', 'audio'] as const) {
      const moments = stage.frames(kind).map(({ moment }) => moment);
      assert.deepEqual(
        moments,
        Array.from({ length: (6000 - late) / STEP }, (_, i) => i * STEP),
        kind,
      );
    }
    stage.assertInOrder();
    assert.ok(stage.frames('video').every(({ moment, dts }) => dts === moment));
  });
}

test('a backup with frames of its own goes on at its first key frame after the main one has failed', async () => {
  const stage = new Stage();
  const main = await stage.publish('main', 1);
  await stage.publish('backup', 2, 7000);
  await stage.play(2520);
  main.isOn = false;
  main.publisher.close(false);
  await stage.play(2000);
  const frames = stage.frames('video');
  const first = frames.findIndex(({ encoder }) => encoder === 2);
  assert.deepEqual([frames[first - 1]!.moment, frames[first]!.moment], [2480, 3000]);
  assert.ok(Math.abs(frames[first]!.dts - 3000) < 50, `${frames[first]!.dts}`);
  stage.assertInOrder();
});

test('a main publisher that falls silent is left after a second, and goes on at a key frame when it is back', async () => {
  const stage = new Stage();
  const main = await stage.publish('main', 1);
  const backup = await stage.publish('backup', 2);
  await stage.play(2200);
  main.isOn = false;
  await stage.play(1500);
  assert.deepEqual([main.publisher.isStandingBy, backup.publisher.isStandingBy], [true, false]);
  const left = stage.frames('video').filter(({ encoder }) => encoder === 2);
  // The key frame came while the main one was silent: it is where the backup begins.
  assert.equal(left[0]!.moment, 3000);
  main.isOn = true;
  await stage.play(2500);
  assert.deepEqual([main.publisher.isStandingBy, backup.publisher.isStandingBy], [false, true]);
  const back = stage.frames('video').findLastIndex(({ encoder }) => encoder === 2) + 1;
  assert.equal(stage.frames('video')[back]!.moment % GOP, 0);
  stage.assertInOrder();
});

test('nobody is left for one who is silent as well', async () => {
  const stage = new Stage();
  const main = await stage.publish('main', 1);
  const backup = await stage.publish('backup', 2);
  await stage.play(2000);
  main.isOn = backup.isOn = false;
  await stage.play(5000);
  assert.equal(stage.stream.publisher, main.publisher);
});

test('a backup without a main publisher is heard, until that one comes', async () => {
  const stage = new Stage();
  const backup = await stage.publish('backup', 2);
  await stage.play(1000);
  const main = await stage.publish('main', 1);
  assert.ok(main.publisher.isStandingBy && !backup.publisher.isStandingBy);
  await stage.play(3000);
  assert.ok(!main.publisher.isStandingBy && backup.publisher.isStandingBy);
  stage.assertInOrder();
});

test('where the takeover rule says so every second publisher is a backup, and there are not too many', async () => {
  const stage = new Stage('backup');
  const first = await stage.publish(undefined, 1);
  const second = await stage.publish(undefined, 1);
  await stage.play(1000);
  first.isOn = false;
  first.publisher.close(true);
  await settled();
  await stage.play(1000);
  assert.equal(stage.stream.publisher, second.publisher);
  for (let i = 0; i < 4; i++) await stage.publish(undefined, i);
  await assert.rejects(stage.publish(undefined, 9), (error: RefusedError) => error.code === 'busy');
});

test('those who stand by are told when the stream ends', async () => {
  const stage = new Stage();
  const main = await stage.publish('main', 1);
  const backup = await stage.publish('backup', 2);
  await stage.play(1000);
  stage.sources.length = 0;
  await stage.play(600);
  main.publisher.close(true);
  backup.publisher.close(true);
  stage.clock.advance(SECOND);
  assert.equal(stage.hub.find(PATH), undefined);
});
