import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codecInMessage, readableCodec, unsupportedCodec } from './codecs.ts';
import { acrossHole } from './holes.ts';
import { type Failure, type PlayerState, retries, retryDelay, stateAfter } from './policy.ts';
import { Progress, type Verdict } from './progress.ts';

const failures: [Failure, before: PlayerState, after: PlayerState][] = [
  [{ kind: 'status', status: 401 }, 'refused', 'refused'],
  [{ kind: 'status', status: 403 }, 'refused', 'refused'],
  [{ kind: 'status', status: 404 }, 'waiting', 'ended'],
  [{ kind: 'status', status: 410 }, 'waiting', 'ended'],
  [{ kind: 'status', status: 429 }, 'busy', 'busy'],
  [{ kind: 'status', status: 503 }, 'busy', 'busy'],
  [{ kind: 'network' }, 'offline', 'offline'],
  [{ kind: 'closed' }, 'waiting', 'interrupted'],
  [{ kind: 'media' }, 'waiting', 'interrupted'],
  [{ kind: 'unsupported', codec: 'AV1' }, 'unsupported', 'unsupported'],
];

test('a failure is told in the words that fit what the viewer has seen', () => {
  for (const [failure, before, after] of failures) {
    assert.equal(stateAfter(failure, false), before, JSON.stringify(failure));
    assert.equal(stateAfter(failure, true), after, JSON.stringify(failure));
  }
});

test('the player returns by itself from everything but a no, a foreign codec and a pause', () => {
  const states = new Set(failures.flatMap(([, before, after]) => [before, after]));
  const final = [...states, 'paused' as const].filter((state) => !retries(state));
  assert.deepEqual(final.sort(), ['paused', 'refused', 'unsupported']);
});

test('retries are soon at first, then rarer, and never in step', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 9].map((attempt) => retryDelay(attempt, 1)),
    [500, 1000, 2000, 4000, 8000, 15000, 15000],
  );
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const delay = retryDelay(attempt, random);
      assert.ok(delay >= 250 && delay <= 15_000);
    }),
    { seed: 1 },
  );
});

/** Feeds one sample a second made by `at` and returns the verdicts. */
function watch(seconds: number, at: (second: number) => { time: number; end: number }): Verdict[] {
  const progress = new Progress(0);
  return Array.from({ length: seconds }, (_, second) => progress.judge({ now: second * 1000, ...at(second) }));
}

test('a picture that moves is playing, and one that stops is stalled two seconds later', () => {
  const verdicts = watch(8, (second) => ({ time: Math.min(second, 4), end: Math.min(second, 4) }));
  assert.deepEqual(verdicts, ['starting', 'playing', 'playing', 'playing', 'playing', 'playing', 'stalled', 'stalled']);
});

test('a connection without data is given up after fifteen seconds', () => {
  const verdicts = watch(17, () => ({ time: 0, end: 0 }));
  assert.deepEqual([verdicts.indexOf('silent'), verdicts.includes('playing')], [15, false]);
});

test('data that does not become a moving picture is stuck after eight seconds', () => {
  const verdicts = watch(10, (second) => ({ time: 0, end: second }));
  assert.equal(verdicts.indexOf('stuck'), 8);
});

test('a hole in the buffer is crossed once, when the picture has come to it or the clock has run past it', () => {
  const ranges = [
    [0, 8.94],
    [9.02, 12],
  ] as const;
  const buffered = {
    length: 2,
    start: (index: number) => ranges[index]![0],
    end: (index: number) => ranges[index]![1],
  };
  assert.equal(acrossHole({ ...buffered, length: 1 }, 8.94, 0), undefined);
  assert.equal(acrossHole({ ...buffered, length: 0 }, 0, 0), undefined);
  assert.equal(acrossHole(buffered, 5, 0), undefined);
  const target = acrossHole(buffered, 8.9, 0);
  assert.ok(target! > 9.02 && target! < 9.06);
  assert.equal(acrossHole(buffered, 11, 0), target);
  assert.equal(acrossHole(buffered, 11, target!), undefined);
});

test('the codec that the browser cannot play is named', () => {
  const old = (type: string) => /avc1|mp4a|mpeg/.test(type);
  assert.equal(unsupportedCodec({ videoCodec: 'avc1.64001f', audioCodec: 'mp4a.40.2' }, old), undefined);
  assert.equal(unsupportedCodec({ audioCodec: 'mp3' }, old), undefined);
  assert.equal(unsupportedCodec({ videoCodec: 'hvc1.1.6.L93.B0', audioCodec: 'mp4a.40.2' }, old), 'H.265 (HEVC)');
  assert.equal(unsupportedCodec({ videoCodec: 'avc1.64001f', audioCodec: 'opus' }, old), 'Opus');
});

test('codecs are named from parameters, FourCCs and error messages', () => {
  assert.deepEqual(['av01.0.04M.08', 'vp09', 'ac-3', 'ec-3', 'fLaC', 'x264'].map(readableCodec), [
    'AV1',
    'VP9',
    'AC-3',
    'E-AC-3',
    'FLAC',
    'x264',
  ]);
  assert.equal(codecInMessage("The type provided ('video/mp4;codecs=hev1.1.6.L93') is unsupported."), 'H.265 (HEVC)');
  assert.equal(codecInMessage('Flv: Unsupported codec in video frame: vp09'), 'VP9');
  assert.equal(codecInMessage('Flv: Unsupported audio codec idx: 7'), '7');
  assert.equal(codecInMessage('something else'), undefined);
});
