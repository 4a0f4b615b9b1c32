import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIO, VIDEO } from '../../test/support/tracks.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import type { Sample, Stamp } from '../media/frame.ts';
import type { AudioTrack, Kind, Track, VideoTrack } from '../media/track.ts';
import { Hub } from './hub.ts';
import type { Lease, Leases } from './lease.ts';
import type { Relayed } from './mirror.ts';
import type { Publisher } from './publisher.ts';
import { Sessions } from './session.ts';
import type { Stream } from './stream.ts';

const PATH = 'v/live/movie';
const TARGET = 2 * SECOND;
const LARGER: VideoTrack = { ...VIDEO, config: Uint8Array.of(9), width: 1280 };
const MONO: AudioTrack = { ...AUDIO, config: Uint8Array.of(3), channels: 1 };
const never = new AbortController().signal;

function setUp(leases?: Leases, clock = new VirtualClock()) {
  const publish = {
    grace: 60 * SECOND,
    stopGrace: SECOND,
    takeover: 'always',
    staleAfter: 0,
    segment: TARGET,
  } as const;
  const hub = new Hub({ ...publish, window: { duration: 600 * SECOND, bytes: 1e9 } }, clock, leases);
  const sessions = new Sessions(clock);
  const open = () => sessions.open({ protocol: 'test', remote: 'here', close: () => {} });
  const begin = async (...kinds: Kind[]) => {
    const publisher = await hub.publish(PATH, open(), never);
    publisher.announce(new Set(kinds));
    return publisher;
  };
  return { clock, hub, open, begin, first: Math.floor(clock.wall() / SECOND) };
}

function sample(track: Track, ms: number, keyframe = true): Sample {
  return { track, dts: ms * MILLISECOND, pts: ms * MILLISECOND, keyframe, data: new Uint8Array(9) };
}

/** Pictures, 25 a second, from and up to these milliseconds, key frames as far apart as said. */
function pictures(publisher: Publisher, from: number, to: number, gop: number, track = VIDEO): void {
  for (let ms = from; ms < to; ms += 40) publisher.write(sample(track, ms, (ms - from) % gop === 0));
}

/** The milliseconds at which segments begin, with their numbers counted from `first`, and their discontinuities. */
function stamps({ log }: Stream, first: number): [ms: number, segment: number, discontinuity: number][] {
  const all = Array.from({ length: log.head - log.tail }, (_, i) => log.at(log.tail + i));
  const stamped = all.filter(({ stamp }) => stamp !== undefined);
  return stamped.map(({ dts, stamp }) => [dts / MILLISECOND, stamp!.segment - first, stamp!.discontinuity]);
}

const lengths: [name: string, gop: number, begins: number[]][] = [
  ['with every key frame that is as far from the last', 2000, [0, 2000, 4000]],
  ['with every second one where they come twice as often', 1000, [0, 2000, 4000]],
  ['with one that comes up to a tenth early', 1800, [0, 1800, 3600]],
  ['with the one after it where it comes too early', 1760, [0, 3520]],
  ['late where key frames are rare', 4800, [0, 4800]],
];
for (const [name, gop, begins] of lengths) {
  test(`a segment begins ${name}`, async () => {
    const { begin, first } = setUp();
    const publisher = await begin('video');
    pictures(publisher, 0, 5000, gop);
    assert.deepEqual(
      stamps(publisher.stream, first),
      begins.map((ms, i) => [ms, i, 0]),
    );
  });
}

test('without video a segment begins with the first frame that is as far from the last', async () => {
  const { begin, first } = setUp();
  const publisher = await begin('audio');
  for (let i = 0; i < 120; i++) publisher.write(sample(AUDIO, i * 24));
  assert.deepEqual(stamps(publisher.stream, first), [
    [0, 0, 0],
    [2016, 1, 0],
  ]);
});

test('a publisher that comes back begins a segment and a discontinuity, and numbers go on', async () => {
  const { begin, first, clock } = setUp();
  pictures(await begin('video'), 0, 600, 2000);
  clock.advance(SECOND);
  // One that never sends anything leaves no trace.
  await begin('video');
  const second = await begin('video');
  pictures(second, 50_000, 51_000, 2000);
  assert.deepEqual(stamps(second.stream, first), [
    [0, 0, 0],
    [1560, 1, 1],
  ]);
});

test('another configuration begins a segment and a discontinuity: of video at once, of audio with the next key frame', async () => {
  const { begin, first } = setUp();
  const publisher = await begin('video', 'audio');
  publisher.write(sample(AUDIO, 0));
  pictures(publisher, 0, 1000, 1000);
  pictures(publisher, 1000, 1500, 1000, LARGER);
  publisher.write(sample(MONO, 1500));
  pictures(publisher, 1520, 2500, 1000, LARGER);
  assert.deepEqual(stamps(publisher.stream, first), [
    [0, 0, 0],
    [1000, 1, 1],
    [1520, 2, 2],
  ]);
});

test('other codecs begin a segment and a discontinuity', async () => {
  const { begin, first } = setUp();
  const publisher = await begin('video');
  pictures(publisher, 0, 1000, 1000);
  pictures(publisher, 1000, 1500, 1000, { ...VIDEO, codec: 'h265' });
  assert.deepEqual(stamps(publisher.stream, first), [[1000, 1, 1]]);
});

test('a stream that begins anew has other numbers than the one before', async () => {
  const { begin, clock, first } = setUp();
  const before = await begin('video');
  pictures(before, 0, 9000, 1000);
  clock.advance(9 * SECOND);
  before.close(true);
  clock.advance(SECOND);
  const after = await begin('video');
  assert.notEqual(after.stream, before.stream);
  pictures(after, 0, 40, 1000);
  assert.deepEqual(stamps(after.stream, first), [[0, 10, 0]]);
});

/** Leases that outlast a hub; `latest` is what a process that is killed has written last. */
class KeptLeases implements Leases {
  latest: Lease | undefined;

  claim(_: string, held?: Lease): Lease {
    return held ?? { anchor: undefined, ...this.latest, token: (this.latest?.token ?? 0) + 1 };
  }

  keep(_: string, lease: Lease): void {
    this.latest = lease;
  }

  release(): void {
    this.latest = undefined;
  }

  onRival(): void {}
}

test('numbers go on without a gap when the owner is restarted, and without one twice when it is killed', async () => {
  for (const [isKilled, least, most] of [
    [false, 5, 5],
    [true, 6, 22],
  ] as const) {
    const leases = new KeptLeases();
    const { begin, hub, first } = setUp(leases);
    pictures(await begin('video'), 0, 9000, 1000);
    if (!isKilled) hub.close();
    // Its own number of seconds would be another.
    const later = new VirtualClock((first + 5000) * SECOND);
    const after = setUp(leases, later);
    const publisher = await after.begin('video');
    pictures(publisher, 0, 40, 1000);
    const [[, segment, discontinuity]] = stamps(publisher.stream, first);
    assert.ok(segment! >= least && segment! <= most, `${segment}`);
    assert.equal(discontinuity, 1);
  }
});

test('what was given away in advance is kept well before it is used, and rarely', async () => {
  const leases = new KeptLeases();
  const { begin } = setUp(leases);
  const publisher = await begin('video');
  const kept = new Set<Stamp | undefined>();
  for (let ms = 0; ms < 200_000; ms += 2000) {
    pictures(publisher, ms, ms + 2000, 2000);
    kept.add(leases.latest?.next);
    assert.ok(leases.latest!.next!.segment > publisher.stream.segments.next.segment);
  }
  assert.ok(kept.size < 20, `${kept.size}`);
});

test('a mirror has the stamps of the owner, and goes on behind them when it becomes the owner', async () => {
  const { hub, open, begin } = setUp();
  const mirror = hub.mirror(PATH, open());
  mirror.announce(5, { video: 'h264' }, [VIDEO]);
  const stamp = { segment: 1_900_000_000, discontinuity: 4 };
  const relayed: Relayed = { ...sample(VIDEO, 0), token: 5, seq: 7, epoch: 1, ingest: 1, stamp };
  mirror.write(relayed);
  assert.deepEqual(mirror.stream.log.at(0).stamp, stamp);
  mirror.close();
  const publisher = await begin('video');
  assert.equal(publisher.stream, mirror.stream);
  pictures(publisher, 0, 40, 1000);
  assert.deepEqual(stamps(publisher.stream, 1_900_000_000).at(-1)?.slice(1), [1, 5]);
});
