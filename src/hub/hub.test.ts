import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { AUDIO, VIDEO } from '../../test/support/tracks.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Sample } from '../media/frame.ts';
import type { Kind, VideoTrack } from '../media/track.ts';
import { Hub, type HubOptions } from './hub.ts';
import type { Lease, Leases } from './lease.ts';
import type { Publisher } from './publisher.ts';
import { Reader } from './reader.ts';
import { type Session, Sessions } from './session.ts';

const PATH = 'v/live/movie';
const OPTIONS: HubOptions = {
  window: { duration: 5 * SECOND, bytes: 1_000_000 },
  grace: 60 * SECOND,
  stopGrace: 5 * SECOND,
  takeover: 'stale',
  staleAfter: 2 * SECOND,
  segment: 2 * SECOND,
};
const BOTH = new Set<Kind>(['audio', 'video']);
const never = new AbortController().signal;

function setUp(options: Partial<HubOptions> = {}, leases?: Leases) {
  const clock = new VirtualClock();
  const hub = new Hub({ ...OPTIONS, ...options }, clock, leases);
  const sessions = new Sessions(clock);
  const closed: string[] = [];
  const open = (name: string): Session =>
    sessions.open({ protocol: 'test', remote: name, close: (reason) => closed.push(`${name}: ${reason.code}`) });
  return { clock, hub, open, closed, sessions };
}

const video = (ms: number, keyframe = false, track = VIDEO): Sample => ({
  track,
  dts: ms * MILLISECOND,
  pts: ms * MILLISECOND,
  keyframe,
  data: new Uint8Array(100),
});
const audio = (ms: number, track = AUDIO): Sample => ({
  track,
  dts: ms * MILLISECOND,
  pts: ms * MILLISECOND,
  keyframe: true,
  data: new Uint8Array(10),
});

/** Writes `seconds` of interleaved media in real time, key frames every second, beginning at input time `from` ms. */
function stream(publisher: Publisher, clock: VirtualClock, seconds: number, from = 0): void {
  for (let ms = 0; ms < seconds * 1000; ms += 40) {
    publisher.write(video(from + ms, ms % 1000 === 0));
    publisher.write(audio(from + ms));
    clock.advance(40 * MILLISECOND);
  }
}

function drain(reader: Reader) {
  return Array.from({ [Symbol.iterator]: () => ({ next: () => result(reader.next()) }) });
}

function result<T>(value: T | undefined): IteratorResult<T> {
  return value === undefined ? { done: true, value } : { done: false, value };
}

const refused = (code: string) => (error: RefusedError) => error.code === code;

test('a reader begins at the newest key frame and gets every frame after it', async () => {
  const { clock, hub, open } = setUp();
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(BOTH);
  stream(publisher, clock, 2.5);
  const reader = new Reader(await hub.read(PATH, 0, never));
  const frames = drain(reader);
  assert.equal(frames[0]!.dts, 2 * SECOND);
  assert.ok(frames[0]!.keyframe);
  assert.equal(frames.length, 26);
  publisher.write(audio(2500));
  assert.equal(drain(reader).length, 1);
  assert.deepEqual(
    frames.map((frame) => frame.seq),
    Array.from(frames, (_, i) => frames[0]!.seq + i),
  );
});

test('reading a path that nobody publishes is refused at once, or after the wait', async () => {
  const { clock, hub } = setUp();
  await assert.rejects(hub.read(PATH, 0, never), refused('not-found'));
  const waiting = hub.read(PATH, SECOND, never);
  clock.advance(SECOND);
  await assert.rejects(waiting, refused('not-found'));
});

test('one who waits for a stream gets it when its first frames are there, or stops waiting by its signal', async () => {
  const { clock, hub, open } = setUp();
  const leaving = new AbortController();
  const [patient, left] = [hub.read(PATH, Number.POSITIVE_INFINITY, never), hub.read(PATH, SECOND, leaving.signal)];
  leaving.abort(new Error('left'));
  await assert.rejects(left, /left/);
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(BOTH);
  stream(publisher, clock, 0.1);
  assert.ok(drain(new Reader(await patient)).length > 0);
});

test('a stream outlives the loss of its publisher for the grace time, and a deliberate stop for the shorter one', async () => {
  for (const [deliberate, grace] of [
    [false, 60],
    [true, 5],
  ] as const) {
    const { clock, hub, open } = setUp();
    const publisher = await hub.publish(PATH, open('encoder'), never);
    publisher.announce(BOTH);
    stream(publisher, clock, 1);
    const reader = new Reader(await hub.read(PATH, 0, never));
    publisher.close(deliberate);
    clock.advance((grace - 0.1) * SECOND);
    drain(reader);
    assert.ok(hub.find(PATH));
    clock.advance(0.2 * SECOND);
    assert.equal(hub.find(PATH), undefined);
    assert.throws(() => drain(reader), refused('gone'));
  }
});

test('a stop grace of 0 ends the stream at once', async () => {
  const { clock, hub, open } = setUp({ stopGrace: 0 });
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(BOTH);
  stream(publisher, clock, 1);
  publisher.close(true);
  clock.advance(0);
  assert.equal(hub.find(PATH), undefined);
});

test('when a publisher returns, its frames follow on the same timeline, a key frame first, with the same tracks', async () => {
  const { clock, hub, open } = setUp();
  const first = await hub.publish(PATH, open('encoder'), never);
  first.announce(BOTH);
  stream(first, clock, 1);
  const reader = new Reader(await hub.read(PATH, 0, never));
  const before = drain(reader);
  first.close(false);
  clock.advance(10 * SECOND);
  const second = await hub.publish(PATH, open('encoder again'), never);
  second.announce(BOTH);
  const copy = { ...VIDEO, config: VIDEO.config.slice() };
  second.write(video(7000, false, copy));
  second.write(audio(7000));
  second.write(video(7040, true, copy));
  second.write(video(7080, false, copy));
  const after = drain(reader);
  const pictures = after.filter((frame) => frame.track.kind === 'video');
  assert.ok(pictures[0]!.keyframe);
  assert.equal(pictures.length, 2);
  assert.equal(
    pictures[0]!.track,
    before[0]!.track,
    'an equal track is the same object, so that no header is sent again',
  );
  assert.ok(Math.abs(after[0]!.dts - 11 * SECOND) < 0.1 * SECOND);
  assert.equal(hub.find(PATH)!.counters.undecodable, 1);
});

test('frames are held until every announced kind has shown itself, so that the lineup is right from the first frame on', async () => {
  const { hub, open } = setUp();
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(BOTH);
  publisher.write(video(0, true));
  assert.equal(hub.find(PATH)!.lineup, undefined);
  publisher.write(audio(5));
  assert.deepEqual(hub.find(PATH)!.lineup, { video: 'h264', audio: 'aac' });
  assert.equal(hub.find(PATH)!.log.head, 2);
});

test('a kind that was announced and does not come is not waited for longer than a second', async () => {
  const { clock, hub, open } = setUp();
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(BOTH);
  for (let ms = 0; ms <= 1000; ms += 40) publisher.write(video(ms, ms === 0));
  assert.deepEqual(hub.find(PATH)!.lineup, { video: 'h264' });
  clock.advance(SECOND);
});

test('in a stream without video a reader may begin at any frame', async () => {
  const { hub, open } = setUp();
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(new Set<Kind>(['audio']));
  for (let ms = 0; ms < 1000; ms += 20) publisher.write(audio(ms));
  const stream = await hub.read(PATH, 0, never);
  assert.equal(stream.log.start, stream.log.head - 1);
});

test('new codec families end those who read the old ones, and a new reader gets only the new ones', async () => {
  const { clock, hub, open } = setUp();
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(BOTH);
  stream(publisher, clock, 1);
  const reader = new Reader(await hub.read(PATH, 0, never));
  drain(reader);
  const hevc: VideoTrack = { ...VIDEO, codec: 'h265', parameter: 'hvc1' };
  publisher.write(video(1000, false, hevc));
  publisher.write(video(1040, true, hevc));
  assert.throws(() => reader.next(), /h264\+aac to h265\+aac/);
  const frames = drain(new Reader(await hub.read(PATH, 0, never)));
  assert.deepEqual(
    frames.map((frame) => [frame.track.codec, frame.keyframe]),
    [['h265', true]],
  );
});

test('another configuration of the same codecs keeps the readers, who see a new track', async () => {
  const { clock, hub, open } = setUp();
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(BOTH);
  stream(publisher, clock, 1);
  const reader = new Reader(await hub.read(PATH, 0, never));
  drain(reader);
  const larger: VideoTrack = { ...VIDEO, config: Uint8Array.of(9), width: 1280, height: 720 };
  publisher.write(video(1000, true, larger));
  assert.equal((reader.next()!.track as VideoTrack).width, 1280);
});

const rivals = [
  { takeover: 'never', silence: 30, wins: false },
  { takeover: 'always', silence: 0, wins: true },
  { takeover: 'stale', silence: 2, wins: true },
] as const;
for (const { takeover, silence, wins } of rivals) {
  test(`takeover ${takeover}: after ${silence} s of silence a second publisher ${wins ? 'takes over' : 'is refused'}`, async () => {
    const { clock, hub, open, closed } = setUp({ takeover });
    const first = await hub.publish(PATH, open('first'), never);
    first.announce(BOTH);
    stream(first, clock, 1);
    clock.advance(silence * SECOND);
    const second = hub.publish(PATH, open('second'), never);
    if (!wins) {
      await assert.rejects(second, refused('busy'));
      return;
    }
    (await second).write(video(0, true));
    assert.deepEqual(closed, ['first: busy']);
    const head = hub.find(PATH)!.log.head;
    first.write(video(2000, true));
    assert.equal(hub.find(PATH)!.log.head, head, 'the replaced one writes no more');
  });
}

test('takeover stale: one who comes too early waits until the first has been silent long enough, or is refused when it goes on', async () => {
  const { clock, hub, open, closed } = setUp();
  const first = await hub.publish(PATH, open('first'), never);
  first.announce(BOTH);
  stream(first, clock, 1);
  const early = assert.rejects(hub.publish(PATH, open('early'), never), refused('busy'));
  clock.advance(0.5 * SECOND);
  first.write(video(1000));
  clock.advance(0.1 * SECOND);
  await early;
  const second = hub.publish(PATH, open('second'), never);
  clock.advance(2 * SECOND);
  await second;
  assert.deepEqual(closed, ['first: busy']);
});

test('a takeover keeps the readers even without any grace time', async () => {
  const { clock, hub, open } = setUp({ takeover: 'always', grace: 0, stopGrace: 0 });
  const first = await hub.publish(PATH, open('first'), never);
  first.announce(BOTH);
  stream(first, clock, 1);
  const reader = new Reader(await hub.read(PATH, 0, never));
  const second = await hub.publish(PATH, open('second'), never);
  clock.advance(SECOND);
  stream(second, clock, 1);
  assert.ok(drain(reader).length > 50);
});

test('a reader that the window has overtaken goes on at a key frame and counts what it missed', async () => {
  const { clock, hub, open } = setUp();
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(BOTH);
  stream(publisher, clock, 1);
  const reader = new Reader(await hub.read(PATH, 0, never));
  const first = reader.next()!;
  stream(publisher, clock, 20, 1000);
  const next = reader.next()!;
  assert.ok(next.keyframe && next.track.kind === 'video');
  assert.equal(reader.skipped, next.seq - first.seq - 1);
});

test('observers are told of every event of a stream, in order', async () => {
  const { clock, hub, open } = setUp();
  const events: string[] = [];
  hub.observe((event) => events.push(event.type));
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(BOTH);
  stream(publisher, clock, 1);
  const leave = hub.join(await hub.read(PATH, 0, never), open('viewer'));
  leave();
  leave();
  publisher.close(true);
  clock.advance(5 * SECOND);
  assert.deepEqual(events, ['published', 'read', 'stopped', 'unpublished', 'ended']);
});

test('what is shared is made once and closed after the last user', async () => {
  const { clock, hub, open } = setUp();
  const publisher = await hub.publish(PATH, open('encoder'), never);
  stream(publisher, clock, 1);
  const shared = await hub.read(PATH, 0, never);
  let [made, closed] = [0, 0];
  const make = () => ({ number: ++made, close: () => void closed++ });
  const uses = [shared.share('flv', make), shared.share('flv', make)];
  assert.equal(uses[0]!.value, uses[1]!.value);
  uses[0]!.release();
  assert.equal(closed, 0);
  uses[1]!.release();
  assert.deepEqual([made, closed], [1, 1]);
  shared.share('flv', make);
  assert.equal(made, 2);
});

test('closing the hub ends everything', async () => {
  const { clock, hub, open } = setUp();
  const publisher = await hub.publish(PATH, open('encoder'), never);
  stream(publisher, clock, 1);
  const reader = new Reader(await hub.read(PATH, 0, never));
  hub.close();
  assert.throws(() => drain(reader), refused('shutdown'));
  assert.ok(publisher.closed);
});

test('one who leaves while it is looked whether the first publisher is alive takes nothing over', async () => {
  const { clock, hub, open, closed } = setUp();
  const first = await hub.publish(PATH, open('first'), never);
  first.announce(BOTH);
  stream(first, clock, 1);
  const leaving = new AbortController();
  const second = hub.publish(PATH, open('second'), leaving.signal);
  clock.advance(0.5 * SECOND);
  leaving.abort(new Error('left'));
  clock.advance(5 * SECOND);
  await assert.rejects(second, /left/);
  assert.deepEqual(closed, []);
  assert.equal(hub.find(PATH)!.publisher, first);
});

test('one whose signal has aborted already neither publishes nor waits', async () => {
  const { hub, open } = setUp();
  const gone = AbortSignal.abort(new Error('gone'));
  await assert.rejects(hub.publish(PATH, open('nobody'), gone), /gone/);
  await assert.rejects(hub.read(PATH, Number.POSITIVE_INFINITY, gone), /gone/);
  assert.equal(hub.find(PATH), undefined);
});

test('a closed hub refuses those who come and those who wait', async () => {
  const { hub, open } = setUp();
  const waiting = hub.read(PATH, Number.POSITIVE_INFINITY, never);
  hub.close();
  await assert.rejects(waiting, refused('shutdown'));
  await assert.rejects(hub.publish(PATH, open('late'), never), refused('shutdown'));
});

test('after a change of codecs newcomers share nothing with those who are still on their way out', async () => {
  const { clock, hub, open } = setUp();
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(BOTH);
  stream(publisher, clock, 1);
  const shared = await hub.read(PATH, 0, never);
  const make = () => ({ close: () => {} });
  const before = shared.share('flv', make);
  publisher.write(video(1000, true, { ...VIDEO, codec: 'h265' }));
  const after = shared.share('flv', make);
  assert.notEqual(after.value, before.value);
  before.release();
  assert.equal(shared.share('flv', make).value, after.value);
});

test('frames before the first key frame are not counted as missed', async () => {
  const { clock, hub, open } = setUp({ window: { duration: SECOND, bytes: 300 } });
  const publisher = await hub.publish(PATH, open('encoder'), never);
  publisher.announce(BOTH);
  stream(publisher, clock, 1);
  const reader = new Reader(await hub.read(PATH, 0, never));
  publisher.write(audio(1000));
  assert.equal(reader.next(), undefined);
  publisher.write(video(1040, true));
  assert.ok(reader.next()!.keyframe);
  assert.equal(reader.skipped, 0);
});

/** Leases that somebody else decides about, a moment later. */
function contested() {
  const state = {
    claimed: 0,
    grant: async (): Promise<Lease> => ({ token: ++state.claimed, anchor: undefined }),
    kept: [] as Lease[],
    released: 0,
    yields: (async () => assert.fail('not told')) as (path: string) => Promise<boolean>,
  };
  const leases: Leases = {
    claim: () => state.grant(),
    keep: (_, lease) => void state.kept.push(lease),
    release: () => void state.released++,
    onRival: (yields) => {
      state.yields = yields;
    },
  };
  return { state, leases };
}

describe('where others may have the lease', () => {
  test('a publisher begins when it is granted, and is refused when it is not', async () => {
    const { state, leases } = contested();
    const { hub, open } = setUp({}, leases);
    const granted = Promise.withResolvers<Lease>();
    state.grant = () => granted.promise;
    const publishing = hub.publish(PATH, open('encoder'), never);
    assert.equal(hub.find(PATH), undefined);
    granted.resolve({ token: 9, anchor: undefined });
    assert.equal((await publishing).stream.lease.token, 9);
    state.grant = async () => {
      throw new RefusedError('busy', 'another one has it');
    };
    await assert.rejects(hub.publish('v/live/other', open('encoder'), never), refused('busy'));
    assert.equal(hub.find('v/live/other'), undefined);
  });

  test('the lease is kept when there are frames to read, and given back when nobody is there to use it', async () => {
    const { state, leases } = contested();
    const { hub, open } = setUp({}, leases);
    const publisher = await hub.publish(PATH, open('encoder'), never);
    assert.deepEqual(state.kept, []);
    publisher.announce(BOTH);
    publisher.write(video(0, true));
    publisher.write(audio(0));
    assert.ok(state.kept.every(({ anchor }) => anchor !== undefined) && state.kept.length > 0);
    const leaving = new AbortController();
    const publishing = hub.publish('v/live/other', open('encoder'), leaving.signal);
    leaving.abort(new Error('left'));
    await assert.rejects(publishing, /left/);
    assert.equal(state.released, 1);
  });

  test('two of this process that wait for the lease are rivals', async () => {
    const { leases } = contested();
    const { hub, open, closed } = setUp({ takeover: 'always' }, leases);
    const both = [hub.publish(PATH, open('one'), never), hub.publish(PATH, open('two'), never)];
    const [one, two] = await Promise.all(both);
    assert.deepEqual([one!.closed, two!.closed, closed], [true, false, ['one: busy']]);
    assert.equal(one!.stream, two!.stream);
  });

  test('somebody else may have it as the takeover rule says, with the numbers that come next', async () => {
    for (const [takeover, silent, yields] of [
      ['always', 0, true],
      ['never', 9, false],
      ['stale', 9, true],
    ] as const) {
      const { state, leases } = contested();
      const { hub, open, clock, closed } = setUp({ takeover }, leases);
      assert.equal(await state.yields(PATH), true, 'nobody publishes it');
      const publisher = await hub.publish(PATH, open('encoder'), never);
      publisher.announce(BOTH);
      stream(publisher, clock, 1);
      clock.advance(silent * SECOND);
      assert.equal(await state.yields(PATH), yields);
      assert.deepEqual(closed, yields ? ['encoder: busy'] : []);
      if (!yields) continue;
      const { segment } = publisher.stream.segments.next;
      assert.equal(state.kept.at(-1)!.next!.segment, segment);
      assert.equal(hub.find(PATH), publisher.stream, 'its readers wait for what the other one sends');
    }
  });

  test('one whose stream is another’s has it closed', async () => {
    const { leases } = contested();
    const { hub, open, closed } = setUp({}, leases);
    const publisher = await hub.publish(PATH, open('encoder'), never);
    hub.concede(PATH);
    hub.concede('v/live/unknown');
    assert.deepEqual([publisher.closed, closed], [true, ['encoder: busy']]);
  });
});

describe('what another worker has', () => {
  const inner = (sessions: Sessions, closed: string[]) =>
    sessions.open({ protocol: 'relay', remote: '', isInner: true, close: ({ code }) => closed.push(code) });

  test('is no rival of one who publishes here: the mirror goes, and the stream goes on', async () => {
    const { state, leases } = contested();
    const { hub, open, sessions, closed, clock } = setUp({ takeover: 'never' }, leases);
    state.claimed = 10;
    const mirror = hub.mirror(PATH, inner(sessions, closed));
    mirror.announce(5, { video: 'h264', audio: 'aac' }, [VIDEO, AUDIO]);
    const relayed = {
      ...video(1000, true),
      token: 5,
      seq: 7,
      epoch: 1,
      ingest: 0,
      stamp: { segment: 70, discontinuity: 2 },
    };
    mirror.write(relayed);
    const reader = new Reader(await hub.read(PATH, 0, never));
    const publisher = await hub.publish(PATH, open('encoder'), never);
    assert.deepEqual([mirror.closed, closed, publisher.stream], [true, ['busy'], mirror.stream]);
    clock.advance(SECOND);
    publisher.announce(BOTH);
    publisher.write(video(0, true));
    publisher.write(audio(0));
    const [, first] = drain(reader);
    assert.ok(first!.dts > SECOND);
    assert.deepEqual(
      [first!.tenure, first!.stamp],
      [
        { token: 11, epoch: 2 },
        { segment: 71, discontinuity: 3 },
      ],
    );
  });

  test('is stood by for by a backup, which goes on when nothing comes of it any more', async () => {
    const { hub, open, sessions, closed, clock } = setUp();
    const mirror = hub.mirror(PATH, inner(sessions, closed));
    mirror.announce(5, { video: 'h264' }, [VIDEO]);
    mirror.write({ ...video(0, true), token: 5, seq: 0, epoch: 1, ingest: 0 });
    const backup = await hub.publish(PATH, open('backup'), never, 'backup');
    assert.ok(backup.isStandingBy && !mirror.closed);
    mirror.close();
    backup.write(video(0, true));
    clock.advance(SECOND);
    await turn();
    assert.equal(backup.isStandingBy, false);
  });

  test('is counted there', async () => {
    const { hub, sessions } = setUp();
    const mirror = hub.mirror(PATH, inner(sessions, []));
    mirror.announce(5, { video: 'h264' }, [VIDEO]);
    mirror.write({ ...video(0, true), token: 5, seq: 0, epoch: 1, ingest: 0 });
    assert.deepEqual([mirror.stream.counters.videoFrames, mirror.stream.counters.bytesIn], [0, 0]);
    assert.equal(mirror.stream.log.head, 1);
  });

  test('is looked for when it is offered: by those who wait, and for a module that wants it', async () => {
    const { hub, sessions } = setUp();
    const searched: string[] = [];
    hub.resolveWith(async (path) => {
      searched.push(path);
      if (searched.length < 2) return;
      const mirror = hub.mirror(path, inner(sessions, []));
      mirror.announce(5, { video: 'h264' }, [VIDEO]);
    });
    const waiting = hub.read(PATH, Number.POSITIVE_INFINITY, never);
    await turn();
    assert.deepEqual(searched, [PATH]);
    hub.offer(PATH);
    assert.equal((await waiting).path, PATH);
    hub.want((path) => path.endsWith('/wanted'));
    assert.deepEqual([hub.isWanted('v/live/wanted'), hub.isWanted(PATH)], [true, false]);
    hub.offer('v/live/other');
    hub.offer('v/live/wanted');
    await turn();
    assert.deepEqual(searched, [PATH, PATH, 'v/live/wanted']);
    assert.ok(hub.find('v/live/wanted'));
  });
});
