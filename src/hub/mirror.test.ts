import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AUDIO, VIDEO } from '../../test/support/tracks.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import type { RefusedError } from '../base/errors.ts';
import type { Track } from '../media/track.ts';
import { Hub } from './hub.ts';
import type { Lease, Leases } from './lease.ts';
import type { Mirror, Relayed } from './mirror.ts';
import { Reader } from './reader.ts';
import { Sessions } from './session.ts';
import type { Lineup } from './stream.ts';

const PATH = 'v/live/movie';
const BOTH: Lineup = { video: 'h264', audio: 'aac' };
const never = new AbortController().signal;

function setUp(leases?: Leases) {
  const clock = new VirtualClock();
  const options = {
    grace: 60 * SECOND,
    stopGrace: 5 * SECOND,
    takeover: 'stale',
    staleAfter: 2 * SECOND,
    segment: SECOND,
  } as const;
  const hub = new Hub({ ...options, window: { duration: 5 * SECOND, bytes: 1_000_000 } }, clock, leases);
  const sessions = new Sessions(clock);
  const open = () => sessions.open({ protocol: 'test', remote: 'here', close: () => {} });
  return { clock, hub, open };
}

function frame(seq: number, ms: number, track: Track, keyframe = track.kind === 'audio'): Relayed {
  const time = ms * MILLISECOND;
  const place = { token: 5, seq, epoch: 3, ingest: 1e15 + time };
  return { track, ...place, dts: time, pts: time + 7, keyframe, data: new Uint8Array(9) };
}

/** Pictures of an owner, 40 ms apart, the first of which is a key frame; they show when they were made. */
function pictures(token: number, firstSeq: number, firstMs: number, count: number): Relayed[] {
  return Array.from({ length: count }, (_, i) => {
    const ms = firstMs + i * 40;
    return { ...frame(firstSeq + i, ms, VIDEO, ms % 400 === 0), token, data: Uint8Array.of(ms >> 8, ms) };
  });
}

/** What `reader` finds, as seq of the owner would show it: by times. */
function times(reader: Reader): number[] {
  const found: number[] = [];
  for (let next = reader.next(); next; next = reader.next()) found.push(next.dts / MILLISECOND);
  return found;
}

function mirrored(mirror: Mirror, frames: Relayed[], token = 5): void {
  mirror.announce(token, BOTH, [VIDEO, AUDIO]);
  for (const each of frames) mirror.write({ ...each, token });
}

test('a mirrored frame is what its owner made it', () => {
  const { hub, open } = setUp();
  const mirror = hub.mirror(PATH, open());
  mirrored(mirror, [frame(70, 123_456, VIDEO, true)]);
  const { stream } = mirror;
  const found = new Reader(stream).next()!;
  assert.deepEqual(
    [found.dts, found.pts, found.ingest, found.keyframe, found.startable],
    [123_456_000, 123_456_007, 1e15 + 123_456_000, true, true],
  );
  assert.equal(stream.epoch, 3);
  assert.deepEqual(stream.lineup, BOTH);
  assert.equal(stream.lease.token, 5);
});

test('a mirror that comes back goes on without a frame twice or missing', () => {
  const { hub, open } = setUp();
  const first = hub.mirror(PATH, open());
  mirrored(first, [frame(10, 0, VIDEO, true), frame(11, 0, AUDIO), frame(12, 40, VIDEO)]);
  const reader = new Reader(first.stream);
  assert.deepEqual(times(reader), [0, 0, 40]);
  first.close();
  const second = hub.mirror(PATH, open());
  mirrored(second, [frame(10, 0, VIDEO, true), frame(11, 0, AUDIO), frame(12, 40, VIDEO), frame(13, 80, VIDEO)]);
  assert.deepEqual(times(reader), [80]);
});

test('a new owner goes on at its first key frame behind what was seen', () => {
  const { hub, open } = setUp();
  const first = hub.mirror(PATH, open());
  mirrored(first, [frame(10, 0, VIDEO, true), frame(11, 40, VIDEO)]);
  const reader = new Reader(first.stream);
  times(reader);
  first.close();
  const second = hub.mirror(PATH, open());
  const others = [frame(0, 0, VIDEO, true), frame(1, 40, VIDEO)];
  const repeated = others.map((each) => ({ ...each, data: Uint8Array.of(7) }));
  mirrored(second, [...repeated, frame(2, 80, VIDEO), frame(3, 90, AUDIO), frame(4, 120, VIDEO, true)], 6);
  assert.deepEqual(times(reader), [90, 120]);
});

test('a new owner that has the same frames goes on right behind the last one, of each kind', () => {
  const { hub, open } = setUp();
  const first = hub.mirror(PATH, open());
  mirrored(first, [frame(10, 0, VIDEO, true), frame(11, 40, VIDEO), frame(12, 95, AUDIO)]);
  const reader = new Reader(first.stream);
  times(reader);
  first.close();
  const repeated = [frame(0, 0, VIDEO, true), frame(1, 40, VIDEO)];
  const following = [frame(2, 80, VIDEO), frame(3, 95, AUDIO), frame(4, 118, AUDIO), frame(5, 120, VIDEO)];
  mirrored(hub.mirror(PATH, open()), [...repeated, ...following], 6);
  assert.deepEqual(times(reader), [80, 118, 120]);
});

test('an owner that has been replaced is not listened to', () => {
  const { hub, open } = setUp();
  const mirror = hub.mirror(PATH, open());
  mirrored(mirror, [frame(0, 0, VIDEO, true)], 6);
  assert.throws(
    () => mirror.announce(5, BOTH, []),
    (error: RefusedError) => error.code === 'gone',
  );
});

describe('a successor that sends what it has of its predecessor', () => {
  /** What a reader has of an owner's first ten pictures, and then of what another one sends that has succeeded it. */
  function seen(had: number, ...sent: Relayed[]): number[] {
    const { hub, open } = setUp();
    const first = hub.mirror(PATH, open());
    mirrored(first, pictures(5, 20, 0, had));
    const reader = new Reader(first.stream);
    first.close();
    const second = hub.mirror(PATH, open());
    second.announce(6, BOTH, []);
    for (const each of sent) second.write(each);
    assert.equal(second.stream.lease.token, 6);
    return times(reader);
  }
  const all = (count: number) => Array.from({ length: count }, (_, i) => i * 40);

  test('is followed from the very next picture on, whether or not all of that was here', () => {
    for (const had of [1, 5, 10]) {
      assert.deepEqual(seen(had, ...pictures(5, 20, 0, 10), ...pictures(6, 70, 400, 3)), all(13), `${had}`);
      assert.deepEqual(seen(had, ...pictures(5, 20, 0, 9), ...pictures(6, 70, 360, 3)), all(12), `${had}`);
    }
  });

  test('is followed where it has less of that than is here, as it sends the rest itself', () => {
    assert.deepEqual(seen(9, ...pictures(5, 20, 0, 5), ...pictures(6, 70, 200, 8)), all(13));
  });

  test('is followed from the very next picture on where only sound of that is missing, which it sends itself', () => {
    const { hub, open } = setUp();
    const first = hub.mirror(PATH, open());
    mirrored(first, [...pictures(5, 20, 0, 5), frame(25, 170, AUDIO)]);
    const reader = new Reader(first.stream);
    first.close();
    const second = hub.mirror(PATH, open());
    second.announce(6, BOTH, []);
    const sound = [170, 190].map((ms, i) => ({ ...frame(60 + i, ms, AUDIO), token: 6 }));
    for (const each of [...pictures(5, 20, 0, 5), ...sound, ...pictures(6, 62, 200, 2)]) second.write(each);
    assert.deepEqual(times(reader), [...all(5), 170, 190, 200, 240]);
  });

  test('is followed from a key frame on where the pictures it sends then are others', () => {
    const others = pictures(6, 70, 200, 6).map((each) => ({ ...each, data: Uint8Array.of(9, 9, 9) }));
    assert.deepEqual(seen(8, ...pictures(5, 20, 0, 5), ...others), [...all(8), 400]);
  });

  test('is followed from a key frame on where pictures between are missing', () => {
    assert.deepEqual(seen(5, ...pictures(6, 70, 240, 5)), [...all(5), 400]);
  });

  test('is followed from a key frame on though the way to it was lost before that came', () => {
    const { hub, open } = setUp();
    const first = hub.mirror(PATH, open());
    mirrored(first, pictures(5, 20, 0, 5));
    const reader = new Reader(first.stream);
    first.close();
    const second = hub.mirror(PATH, open());
    mirrored(second, pictures(6, 70, 240, 1), 6);
    second.close();
    mirrored(hub.mirror(PATH, open()), pictures(6, 71, 280, 5), 6);
    assert.deepEqual(times(reader), [...all(5), 400, 440]);
  });

  test('is not heard of its predecessor once that was seen to be over', () => {
    const sent = [...pictures(6, 70, 400, 1), ...pictures(5, 30, 440, 3), ...pictures(6, 71, 440, 1)];
    assert.deepEqual(seen(10, ...sent), [...all(10), 400, 440]);
  });

  test('is followed by who published the stream himself before', async () => {
    const { hub, open } = setUp();
    const publisher = await hub.publish(PATH, open(), never);
    publisher.announce(new Set(['video']));
    for (const each of pictures(0, 0, 0, 5)) publisher.write(each);
    const { stream } = publisher;
    const reader = new Reader(stream);
    hub.concede(PATH);
    const { token } = stream.lease;
    const mirror = hub.mirror(PATH, open());
    mirror.announce(token + 9, { video: 'h264' }, []);
    for (const each of [...pictures(token, 0, 0, 5), ...pictures(token + 9, 70, 200, 2)]) mirror.write(each);
    assert.deepEqual(times(reader), all(7));
  });
});

test('a stream that has ended at its owner ends here at once, and one whose owner is lost waits', () => {
  const { hub, open, clock } = setUp();
  const lost = hub.mirror(PATH, open());
  mirrored(lost, [frame(0, 0, VIDEO, true)]);
  lost.close();
  clock.advance(59 * SECOND);
  assert.equal(hub.find(PATH)?.ended, undefined);
  const ended = hub.mirror(PATH, open());
  mirrored(ended, [frame(1, 40, VIDEO)]);
  const { stream } = ended;
  ended.end('gone', 'over');
  assert.equal(stream.ended?.message, 'over');
  assert.equal(hub.find(PATH), undefined);
});

test('a path that is being published here is not mirrored, nor the other way round', async () => {
  const { hub, open } = setUp();
  await hub.publish(PATH, open(), never);
  assert.throws(
    () => hub.mirror(PATH, open()),
    (error: RefusedError) => error.code === 'busy',
  );
});

test('a publisher that takes over from a mirror goes on behind its frames', async () => {
  const { hub, open, clock } = setUp();
  const mirror = hub.mirror(PATH, open());
  mirrored(mirror, [frame(0, 5000, VIDEO, true), frame(1, 5000, AUDIO)]);
  const reader = new Reader(mirror.stream);
  times(reader);
  mirror.close();
  clock.advance(SECOND);
  const publisher = await hub.publish(PATH, open(), never);
  publisher.write(frame(0, 0, VIDEO, true));
  publisher.write(frame(0, 0, AUDIO));
  assert.deepEqual(times(reader), [6000, 6000]);
});

test('readers of one path share one search, and find what it brings', async () => {
  const { hub, open } = setUp();
  let searches = 0;
  let found = () => {};
  hub.resolveWith(() => {
    searches++;
    return new Promise((resolve) => {
      found = () => {
        mirrored(hub.mirror(PATH, open()), [frame(0, 0, VIDEO, true)]);
        resolve();
      };
    });
  });
  const reads = [hub.read(PATH, 0, never), hub.read(PATH, 0, never)];
  found();
  const [one, two] = await Promise.all(reads);
  assert.equal(one, two);
  assert.equal(searches, 1);
});

test('when nobody knows of a stream the reader is told after the search', async () => {
  const { hub } = setUp();
  hub.resolveWith(() => Promise.resolve());
  hub.resolveWith(() => undefined);
  await assert.rejects(hub.read(PATH, 0, never), (error: RefusedError) => error.code === 'not-found');
});

test('a reader that waits has it searched for again and again', async () => {
  const { hub, open, clock } = setUp();
  let searches = 0;
  hub.resolveWith(async () => {
    if (++searches === 3) mirrored(hub.mirror(PATH, open()), [frame(0, 0, VIDEO, true)]);
  });
  const read = hub.read(PATH, 10 * SECOND, never);
  for (let i = 0; i < 2; i++) {
    await new Promise(setImmediate);
    assert.equal(searches, i + 1);
    clock.advance(SECOND);
  }
  assert.equal((await read).path, PATH);
  assert.equal(searches, 3);
});

test('a reader that waits in vain is told so when its time is over', async () => {
  const { hub, clock } = setUp();
  hub.resolveWith(async () => {});
  const read = hub.read(PATH, 1.5 * SECOND, never);
  const told = assert.rejects(read, (error: RefusedError) => error.code === 'not-found');
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate);
    clock.advance(0.5 * SECOND);
  }
  await told;
});

test('a frame keeps the position, the token and the epoch that its owner gave it', () => {
  const { hub, open } = setUp();
  const mirror = hub.mirror(PATH, open());
  mirrored(mirror, [frame(70, 0, VIDEO, true), { ...frame(75, 40, VIDEO), epoch: 4 }]);
  mirror.write({ ...frame(2, 80, VIDEO, true), token: 6 });
  const reader = new Reader(mirror.stream);
  assert.deepEqual([reader.next()!.seq, reader.stream.log.at(0).seq], [2, 70]);
  assert.deepEqual(
    [0, 1, 2].map((at) => mirror.stream.log.at(at).tenure),
    [
      { token: 5, epoch: 3 },
      { token: 5, epoch: 4 },
      { token: 6, epoch: 3 },
    ],
  );
});

test('a reader that leaves does not wait for the search', async () => {
  const { hub } = setUp();
  hub.resolveWith(() => new Promise(() => {}));
  const leaving = new AbortController();
  const read = hub.read(PATH, 0, leaving.signal);
  leaving.abort(new Error('left'));
  await assert.rejects(read, /left/);
});

test('a stream whose owner was restarted goes on by the wall clock', async () => {
  const kept = new Map<string, Lease>();
  const leases: Leases = {
    claim: (path) => ({ anchor: undefined, ...kept.get(path), token: (kept.get(path)?.token ?? 0) + 1 }),
    keep: (path, lease) => kept.set(path, lease),
    release: (path) => kept.delete(path),
    onRival() {},
  };
  const before = setUp(leases);
  const publisher = await before.hub.publish(PATH, before.open(), never);
  publisher.announce(new Set(['video']));
  publisher.write(frame(0, 1000, VIDEO, true));
  assert.equal(kept.get(PATH)?.anchor, before.clock.wall() - SECOND);
  // The clock of the next process began when the machine did: only the wall clock tells how long it took.
  const after = setUp(leases);
  after.clock.advance(3 * SECOND);
  const successor = await after.hub.publish(PATH, after.open(), never);
  successor.announce(new Set(['video']));
  successor.write(frame(0, 0, VIDEO, true));
  assert.deepEqual(times(new Reader(successor.stream)), [4020]);
  assert.deepEqual([kept.get(PATH)?.token, successor.stream.lease.token], [2, 2]);
});

test('the lease of a stream that has ended is given back, and one that the end of the process cut off is kept', async () => {
  const released: string[] = [];
  const leases = {
    claim: () => ({ token: 1, anchor: undefined }),
    keep() {},
    release: (path: string) => released.push(path),
    onRival() {},
  };
  const { hub, open, clock } = setUp(leases as Leases);
  const publisher = await hub.publish(PATH, open(), never);
  publisher.write(frame(0, 0, VIDEO, true));
  publisher.close(true);
  clock.advance(5 * SECOND);
  assert.deepEqual(released, [PATH]);
  await hub.publish('v/live/other', open(), never);
  hub.close();
  assert.deepEqual(released, [PATH]);
});

test('a backup that goes on with what is mirrored has its times, also where a viewer elsewhere has seen more of them', async () => {
  const { clock, hub, open } = setUp();
  const mirror = hub.mirror(PATH, open());
  mirror.announce(5, { video: 'h264' }, [VIDEO]);
  const backup = await hub.publish(PATH, open(), never, 'backup');
  backup.announce(new Set(['video']));
  const sent = pictures(5, 0, 0, 30);
  const reader = new Reader(mirror.stream);
  const publish = (frames: Relayed[]) => {
    for (const each of frames) backup.write({ ...each, dts: each.dts + 3 * SECOND, pts: each.pts + 3 * SECOND });
  };
  for (const each of sent.slice(0, 15)) mirror.write(each);
  publish(sent.slice(0, 15));
  mirror.close();
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assert.equal(mirror.stream.publisher, backup);
  await hub.raise(PATH, { token: 5, dts: sent[19]!.dts });
  clock.advance(200 * MILLISECOND);
  publish(sent.slice(15));
  assert.deepEqual(
    times(reader),
    sent.map(({ dts }) => dts / MILLISECOND),
  );
});
