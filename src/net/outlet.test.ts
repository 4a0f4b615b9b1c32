import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import type { RefusedError } from '../base/errors.ts';
import { Hub } from '../hub/hub.ts';
import { Sessions } from '../hub/session.ts';
import type { Frame } from '../media/frame.ts';
import type { Track, VideoTrack } from '../media/track.ts';
import { type Encoded, type Mux, Outlet } from './outlet.ts';

const TRACK: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  config: Uint8Array.of(1),
  width: 0,
  height: 0,
  parameter: '',
  profile: '',
  level: '',
};
const FRAME_BYTES = 1000;
const HEADER = 0xff;

/** Writes a frame as its number (two bytes), 1 if it is a key frame, and padding; headers as 0xff and the configuration. */
class TestMux implements Mux {
  #track: Track | undefined;
  #prelude = new Uint8Array(0);

  write(frame: Frame, emit: (entry: Encoded) => void): void {
    if (frame.track !== this.#track) {
      const isFirst = !this.#track;
      this.#track = frame.track;
      this.#prelude = Uint8Array.of(HEADER, ...frame.track.config);
      if (!isFirst)
        emit({ bytes: this.#prelude, prelude: this.#prelude, startable: false, size: this.#prelude.length });
    }
    const bytes = new Uint8Array(FRAME_BYTES);
    bytes.set([frame.seq >> 8, frame.seq & 255, frame.keyframe ? 1 : 0]);
    emit({ bytes, prelude: this.#prelude, startable: frame.startable, size: bytes.length });
  }
}

/** A socket that takes what it is given while it is open. */
class TestSink {
  writableLength = 0;
  isOpen = true;
  writes = 0;
  readonly parts: Uint8Array[] = [];
  write(bytes: Uint8Array): void {
    this.writes++;
    this.parts.push(bytes);
    if (!this.isOpen) this.writableLength += bytes.length;
  }
  cork(): void {}
  uncork(): void {}
  drain(): void {
    this.isOpen = true;
    this.writableLength = 0;
  }
  /** What arrived: `H1` for headers with configuration 1, `K12` for key frame 12, `13` for frame 13. Fails on a torn entry. */
  received(): string[] {
    const bytes = Buffer.concat(this.parts);
    const entries: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (bytes[at] === HEADER) {
        entries.push(`H${bytes[at + 1]}`);
        at += 2;
      } else {
        entries.push(`${bytes[at + 2] ? 'K' : ''}${bytes.readUInt16BE(at)}`);
        at += FRAME_BYTES;
        assert.ok(at <= bytes.length, 'an entry was torn');
      }
    }
    return entries;
  }
}

async function setUp({ maxLag = 2 * SECOND, gop = 10 } = {}) {
  const clock = new VirtualClock();
  const hub = new Hub(
    {
      window: { duration: SECOND, bytes: 1e9 },
      grace: 60 * SECOND,
      stopGrace: 0,
      takeover: 'always',
      staleAfter: 0,
      segment: SECOND,
    },
    clock,
  );
  const sessions = new Sessions(clock);
  const session = () => sessions.open({ protocol: 'test', remote: '', close: () => {} });
  const publisher = await hub.publish('v/a/n', session(), new AbortController().signal);
  publisher.announce(new Set(['video']));
  let [next, track] = [0, TRACK];
  let woken = 0;
  const send = (count = 1) => {
    for (let i = 0; i < count; i++) {
      const dts = next * 40 * MILLISECOND;
      publisher.write({ track, dts, pts: dts, keyframe: next % gop === 0, data: new Uint8Array(10) });
      next++;
      clock.advance(40 * MILLISECOND);
    }
  };
  send();
  const stream = hub.find('v/a/n')!;
  const pacer = { now: () => clock.now(), wake: () => void woken++ };
  const outlet = new Outlet(stream, new TestMux(), pacer, {
    window: { duration: maxLag, bytes: 1e9 },
    stallTimeout: 20 * SECOND,
  });
  const burst = () => {
    outlet.begin();
    assert.ok(outlet.flush(Number.POSITIVE_INFINITY));
  };
  const join = () => {
    const sink = new TestSink();
    const viewer = {
      sink,
      session: session(),
      ended: [] as string[],
      end: (reason: RefusedError) => void viewer.ended.push(reason.code),
    };
    return { ...viewer, ended: viewer.ended, leave: outlet.join(viewer) };
  };
  const reconfigure = (config: number) => (track = { ...TRACK, config: Uint8Array.of(config) });
  return { clock, hub, publisher, outlet, send, burst, join, reconfigure, woken: () => woken };
}

const range = (from: number, to: number, gop = 10) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${(from + i) % gop === 0 ? 'K' : ''}${from + i}`);

test('a viewer begins at once with the headers and the newest key frame, and gets every frame after it', async () => {
  const { send, burst, join } = await setUp();
  send(14);
  const { sink } = join();
  assert.deepEqual(sink.received(), ['H1', ...range(10, 14)]);
  send(3);
  burst();
  send(1);
  burst();
  assert.deepEqual(sink.received(), ['H1', ...range(10, 18)]);
});

test('viewers that keep up are given the same memory, one write a burst', async () => {
  const { send, burst, join } = await setUp();
  const [a, b] = [join(), join()];
  send(5);
  burst();
  send(5);
  burst();
  assert.deepEqual([a.sink.writes, b.sink.writes], [3, 3]);
  for (const [i, part] of a.sink.parts.entries()) assert.equal(part, b.sink.parts[i]);
});

test('one who joins between bursts lacks nothing and gets nothing twice', async () => {
  const { send, burst, join } = await setUp();
  join();
  send(5);
  const late = join();
  send(5);
  burst();
  send(2);
  burst();
  assert.deepEqual(late.sink.received(), ['H1', ...range(0, 12)]);
});

test('headers are sent again when the configuration changes, and a joiner gets only the new ones', async () => {
  const { send, burst, join, reconfigure } = await setUp();
  const early = join();
  send(9);
  reconfigure(2);
  send(2);
  burst();
  assert.deepEqual(early.sink.received(), ['H1', ...range(0, 9), 'H2', 'K10', '11']);
  assert.deepEqual(join().sink.received(), ['H2', 'K10', '11']);
});

test('a viewer whose socket is full is left alone, and catches up by whole entries when it has drained', async () => {
  const { outlet, send, burst, join } = await setUp();
  const [slow, quick] = [join(), join()];
  slow.sink.isOpen = false;
  send(5);
  burst();
  const { writes } = slow.sink;
  send(20);
  burst();
  assert.equal(slow.sink.writes, writes);
  assert.ok(outlet.lagging);
  assert.deepEqual(quick.sink.received(), ['H1', ...range(0, 25)]);
  slow.sink.drain();
  burst();
  assert.deepEqual(slow.sink.received(), ['H1', ...range(0, 25)]);
  assert.equal(slow.session.skipped, 0);
  assert.ok(!outlet.lagging);
});

test('a viewer that the window has passed by goes on at a key frame, and what it missed is counted', async () => {
  const { send, burst, join, reconfigure } = await setUp({ maxLag: 0.9 * SECOND });
  const slow = join();
  slow.sink.isOpen = false;
  send(4);
  burst();
  for (let i = 0; i < 19; i++) {
    send(5);
    burst();
  }
  slow.sink.drain();
  burst();
  assert.deepEqual(slow.sink.received(), ['H1', ...range(0, 4), ...range(80, 99)]);
  assert.equal(slow.session.skipped, 75);
  slow.sink.isOpen = false;
  send(1);
  burst();
  reconfigure(2);
  for (let i = 0; i < 10; i++) {
    send(5);
    burst();
  }
  slow.sink.drain();
  burst();
  const rest = slow.sink.received().slice(-22);
  assert.deepEqual(rest.slice(0, 2), ['H2', 'K130'], 'new headers before the key frame at which it goes on');
});

test('a viewer that takes nothing for too long is ended, and nobody else', async () => {
  const { send, burst, join } = await setUp();
  const [dead, alive] = [join(), join()];
  dead.sink.isOpen = false;
  for (let i = 0; i < 600; i++) {
    send();
    burst();
  }
  assert.deepEqual(dead.ended, ['timeout']);
  assert.deepEqual(alive.ended, []);
  assert.equal(alive.sink.received().length, 602);
});

test('a viewer that takes little at a time is not ended, however long it needs for all', async () => {
  const { send, burst, join } = await setUp();
  const slow = join();
  slow.sink.isOpen = false;
  send();
  burst();
  const given = slow.sink.writableLength;
  for (let seconds = 0; seconds < 100; seconds++) {
    send(25);
    burst();
    slow.sink.writableLength -= seconds % 15 === 0 ? 1 : 0;
  }
  assert.deepEqual([slow.ended, slow.sink.writableLength], [[], given - 7]);
  for (let seconds = 0; seconds < 30; seconds++) {
    slow.sink.writableLength++;
    send(25);
    burst();
  }
  assert.deepEqual(slow.ended, ['timeout'], 'what others write to it is no progress');
});

test('one who comes before any key frame is in the window waits for the next', async () => {
  const { send, burst, outlet } = await setUp({ gop: 1_000_000 });
  assert.ok(outlet);
  send(3);
  burst();
  const none = await setUp({ gop: 50 });
  none.send(3);
  none.burst();
  const viewer = none.join();
  assert.deepEqual(viewer.sink.received(), ['H1', ...range(0, 3, 50)]);
});

test('at the end of the stream a viewer gets what it lacks and is then told why', async () => {
  const { hub, send, burst, join } = await setUp();
  const [quick, slow] = [join(), join()];
  slow.sink.isOpen = false;
  send(3);
  burst();
  send(2);
  hub.close();
  burst();
  assert.deepEqual([quick.ended, slow.ended], [['shutdown'], []]);
  assert.deepEqual(quick.sink.received(), ['H1', ...range(0, 5)]);
  slow.sink.drain();
  burst();
  burst();
  assert.deepEqual(slow.sink.received(), ['H1', ...range(0, 5)]);
  assert.deepEqual(slow.ended, ['shutdown']);
});

test('one who leaves during a burst takes no turn from the others', async () => {
  const { outlet, send, burst, join } = await setUp();
  const viewers = Array.from({ length: 100 }, join);
  send(2);
  outlet.begin();
  assert.equal(outlet.flush(Number.NEGATIVE_INFINITY), false, 'it stops at the deadline');
  viewers[3]!.leave();
  viewers[3]!.leave();
  assert.ok(outlet.flush(Number.POSITIVE_INFINITY));
  assert.ok(outlet.lagging, 'the one that lost its turn is due in the next burst');
  burst();
  for (const [i, { sink }] of viewers.entries()) {
    assert.deepEqual(sink.received(), i === 3 ? sink.received() : ['H1', 'K0', '1', '2']);
  }
});

test('whatever viewers and sockets do, each receives whole entries in order, a key frame after every gap', async () => {
  const action = fc.constantFrom(
    'send',
    'send',
    'send',
    'burst',
    'burst',
    'join',
    'leave',
    'block',
    'drain',
    'reconfigure',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(action, fc.nat(50)), { minLength: 50, maxLength: 300 }), async (actions) => {
      const { send, burst, join, reconfigure } = await setUp({ maxLag: SECOND });
      const viewers = [join()];
      let config = 1;
      for (const [what, which] of actions) {
        const viewer = viewers[which % viewers.length]!;
        if (what === 'send') send(1 + (which % 20));
        else if (what === 'burst') burst();
        else if (what === 'join') viewers.push(join());
        else if (what === 'leave') viewer.leave();
        else if (what === 'block') viewer.sink.isOpen = false;
        else if (what === 'drain') viewer.sink.drain();
        else reconfigure(++config % 100);
      }
      for (const { sink } of viewers) checkOrder(sink.received());
    }),
    { seed: 4, numRuns: 150 },
  );
});

function checkOrder(entries: string[]): void {
  let last: number | undefined;
  for (const entry of entries) {
    if (entry.startsWith('H')) continue;
    const number = Number(entry.replace('K', ''));
    if (last === undefined || number !== last + 1) {
      assert.ok(entry.startsWith('K'), `${entry} after ${last}`);
      assert.ok(last === undefined || number > last);
    }
    last = number;
  }
}
