import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND } from '../../src/base/clock.ts';
import type { Sample } from '../../src/media/frame.ts';
import { madeStream } from '../../test/support/made-stream.ts';
import { retimed } from '../../test/support/samples.ts';
import { VIDEO } from '../../test/support/tracks.ts';
import { Held, Splice } from './splice.ts';

const HOUR = 3600;
const WRAP = 2 ** 32 * 1000;

function held(samples: readonly Sample[]): Held {
  const all = new Held();
  for (const sample of samples) all.add(sample);
  return all;
}

function played(samples: readonly Sample[]): Splice {
  const splice = new Splice();
  for (const sample of samples) splice.take(sample);
  return splice;
}

test('how a line fits is told by its frames', () => {
  const cases: [name: string, before: Sample[], next: Sample[], fit: string][] = [
    ['nothing has come', madeStream(0, 5), [], 'none'],
    ['nothing was played', [], madeStream(3, 5), 'late'],
    ['it begins before', madeStream(0, 5), madeStream(4, 5.2), 'early'],
    ['it is behind', madeStream(0, 5), madeStream(3, 4), 'early'],
    ['it begins later', madeStream(0, 5), madeStream(7, 8), 'late'],
    ['it lacks the sound', madeStream(0, 5), madeStream(4, 6).filter(({ track }) => track.kind === 'video'), 'late'],
    ['the stream has begun anew', madeStream(HOUR, HOUR + 5), madeStream(0, 3), 'foreign'],
    ['other frames have the same times', madeStream(0, 5), madeStream(4, 6, 1), 'foreign'],
    ['the codec has changed', madeStream(0, 5), madeStream(7, 8).map(asHevc), 'foreign'],
  ];
  for (const [name, before, next, fit] of cases) assert.equal(played(before).fit(held(next)), fit, name);
});

function asHevc(sample: Sample): Sample {
  return sample.track.kind === 'video' ? { ...sample, track: { ...VIDEO, codec: 'h265' } } : sample;
}

test('the next line goes on with the frame after the last one, of each kind', () => {
  const stream = madeStream(0, 10);
  const first = stream.filter(({ dts }) => dts < 5 * SECOND);
  const splice = played(first);
  const followed = splice.follow(held(madeStream(3, 6)));
  const rest = madeStream(6, 10).flatMap((sample) => splice.take(sample) ?? []);
  assert.deepEqual(
    [...first, ...followed, ...rest].map(({ dts }) => dts),
    stream.map(({ dts }) => dts),
  );
});

test('a line that is behind is heard from where it comes to what was not played', () => {
  const splice = played(madeStream(0, 5));
  assert.ok(Math.abs(splice.lag(held(madeStream(3, 4))) - 1) < 0.05);
  assert.deepEqual(splice.follow(held(madeStream(3, 4))), []);
  const rest = madeStream(4, 7).flatMap((sample) => splice.take(sample) ?? []);
  assert.deepEqual(rest, madeStream(5, 7));
});

test('frames of one line that have the same time are all played', () => {
  const splice = played(madeStream(0, 1));
  const twice = { ...madeStream(1, 1.1)[0]!, dts: 2 * SECOND };
  assert.ok(splice.take(twice) && splice.take(twice));
});

test('a line whose timestamps have begun again at 0 goes on where the other one is', () => {
  // At 5 s of the stream it has been on air for 49 days.
  const splice = played(retimed(madeStream(0, 5), { later: WRAP - 3 * SECOND }));
  const next = held(retimed(madeStream(4, 7), { later: -3 * SECOND }));
  assert.equal(splice.fit(next), 'early');
  assert.ok(Math.abs(splice.lag(next) + 2) < 0.05);
  const followed = splice.follow(next);
  assert.deepEqual(followed, retimed(madeStream(5, 7), { later: WRAP - 3 * SECOND }));
});
