import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Sample } from '../../src/media/frame.ts';
import type { Kind } from '../../src/media/track.ts';
import { madeStream } from '../../test/support/made-stream.ts';
import { Junction } from './junction.ts';
import type { Line } from './line.ts';
import type { SourceEvents } from './source.ts';

/** How a line brings the made stream: so much later than life, and from such a key frame on; seconds. */
interface Way {
  readonly lag: number;
  readonly from: number;
}

const STEP = 0.05;

/** Lines of one stream under a clock that the test moves, and a viewer who plays what comes a second later. */
class Stage {
  now = 0;
  readonly ways = new Map<string, Way>();
  readonly open = new Map<string, { events: SourceEvents; sent: number }>();
  readonly played: Sample[] = [];
  readonly said: string[] = [];
  readonly junction = new Junction(
    (line, events) => this.#open(line, events),
    () => this.now * 1000,
    {
      frames: ({ samples }) => this.played.push(...samples),
      joined: (line) => this.said.push(`joined ${line.id}`),
      anew: () => this.said.push('anew'),
      bytes: () => {},
      failed: (line, { kind }, hasPlayed) => this.said.push(`${hasPlayed ? 'over' : 'failed'} ${line.id} ${kind}`),
    },
  );

  /** Goes to a line that comes in this way; life is at `now`. */
  go(id: string, way: Way): void {
    this.ways.set(id, way);
    this.junction.go(line(id));
  }

  fail(id: string): void {
    this.open.get(id)!.events.failed({ kind: 'closed' });
  }

  /** Moves on; lines in `silent` bring nothing. */
  run(seconds: number, silent: readonly string[] = []): void {
    for (const end = this.now + seconds; this.now < end; this.now += STEP) {
      for (const [id, source] of this.open) if (!silent.includes(id)) this.#bring(id, source);
      this.junction.look(1);
    }
  }

  #bring(id: string, source: { events: SourceEvents; sent: number }): void {
    const { lag } = this.ways.get(id)!;
    const until = this.now - lag;
    if (until <= source.sent) return;
    const samples = madeStream(source.sent, until);
    source.sent = until;
    source.events.frames({ samples, kinds: new Set<Kind>(['audio', 'video']) });
  }

  #open(opened: Line, events: SourceEvents) {
    this.open.set(opened.id, { events, sent: this.ways.get(opened.id)!.from });
    return { close: () => void this.open.delete(opened.id) };
  }
}

function line(id: string): Line {
  return { id, node: id, name: id, region: '', protocol: 'http-flv', url: `http://${id}/` };
}

function assertWhole(played: readonly Sample[]): void {
  for (const kind of ['video', 'audio'] as const) {
    const times = played.filter(({ track }) => track.kind === kind).map(({ dts }) => dts);
    const step = kind === 'video' ? 40_000 : 23_220;
    for (const [i, dts] of times.entries()) if (i > 0) assert.equal(dts - times[i - 1]!, step, `${kind} at ${dts}`);
  }
}

test('a switch loses no frame and repeats none, whatever the two lines are late by', () => {
  const seconds = (max: number) => fc.integer({ min: 0, max: max * 100 }).map((value) => value / 100);
  fc.assert(
    fc.property(seconds(0.7), seconds(0.7), seconds(2), (before, after, at) => {
      const stage = new Stage();
      stage.now = 10;
      stage.go('a', { lag: before, from: 8 });
      stage.run(1 + at);
      const keyFrame = Math.floor(stage.now - after);
      stage.go('b', { lag: after, from: keyFrame });
      stage.run(3);
      assert.deepEqual(stage.said, ['joined a', 'joined b']);
      assert.deepEqual([...stage.open.keys()], ['b']);
      assertWhole(stage.played);
      assert.ok(stage.played.at(-1)!.dts > (stage.now - after - 0.2) * 1e6);
    }),
    { seed: 4, numRuns: 60 },
  );
});

test('a line that begins where the other one has not come to yet waits for it', () => {
  const stage = new Stage();
  stage.now = 10;
  stage.go('late', { lag: 0.7, from: 8 });
  stage.run(1);
  stage.go('early', { lag: 0, from: 11 });
  stage.run(0.2);
  assert.equal(stage.junction.line!.id, 'late');
  stage.run(2);
  assert.equal(stage.junction.line!.id, 'early');
  assertWhole(stage.played);
});

test('a line that is further behind than there is to play asks for more, and takes over when that is there', () => {
  const stage = new Stage();
  stage.now = 10;
  stage.go('a', { lag: 0, from: 8 });
  stage.run(1);
  stage.go('b', { lag: 1.5, from: 8 });
  stage.run(1);
  assert.equal(stage.junction.line!.id, 'a');
  assert.ok(stage.junction.needed > 1.5 && stage.junction.needed < 2, `${stage.junction.needed}`);
  stage.junction.look(2);
  assert.equal(stage.junction.line!.id, 'b');
  assert.equal(stage.junction.needed, 0);
});

test('when the line that plays is over the next one takes its place at once, and what is missing is missing', () => {
  const stage = new Stage();
  stage.now = 10;
  stage.go('a', { lag: 0, from: 8 });
  stage.run(1);
  stage.fail('a');
  assert.equal(stage.junction.line, undefined);
  stage.now = 15;
  stage.go('b', { lag: 0, from: 14 });
  stage.run(0.1);
  assert.deepEqual(stage.said, ['joined a', 'over a closed', 'joined b']);
  assert.equal(stage.played.find(({ dts }) => dts > 12e6)!.dts, 14e6);
});

test('a silent line gives way to one that brings something newer, and to none that does not', () => {
  const stage = new Stage();
  stage.now = 10;
  stage.go('a', { lag: 0, from: 8 });
  stage.run(1);
  stage.run(2, ['a']);
  stage.go('mute', { lag: 4, from: 8 });
  stage.run(0.1, ['a']);
  assert.equal(stage.junction.line!.id, 'a');
  stage.go('b', { lag: 0, from: 10 });
  stage.run(0.2, ['a']);
  assert.equal(stage.junction.line!.id, 'b');
  assertWhole(stage.played);
});

test('a line that fails before its turn leaves the other one alone', () => {
  const stage = new Stage();
  stage.now = 10;
  stage.go('a', { lag: 0, from: 8 });
  stage.run(1);
  stage.go('b', { lag: 20, from: 8 });
  stage.fail('b');
  stage.run(1);
  assert.deepEqual(stage.said, ['joined a', 'failed b closed']);
  assertWhole(stage.played);
});

test('a stream that has begun anew is played from its beginning', () => {
  const stage = new Stage();
  stage.now = 3600;
  stage.go('a', { lag: 0, from: 3599 });
  stage.run(1);
  stage.fail('a');
  stage.go('b', { lag: 3590, from: 9 });
  stage.run(1);
  assert.deepEqual(stage.said, ['joined a', 'over a closed', 'anew', 'joined b']);
  assert.ok(stage.played.at(-1)!.dts < 12e6);
});
