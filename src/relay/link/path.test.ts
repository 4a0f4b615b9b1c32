import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MILLISECOND, SECOND } from '../../base/clock.ts';
import { Path } from './path.ts';

const ms = (time: number) => time * MILLISECOND;
/** The other's clock shows so much more. */
const AHEAD = 7_000_000_000;

/** An answer that took so long there and back, sent at `sent`. */
function answer(path: Path, sent: number, there: number, back: number, drift = 0): void {
  const received = sent + there + AHEAD + drift;
  path.learn({ item: 'pong', sent, received, held: ms(3) }, sent + there + ms(3) + back);
}

test('the clock of the other end is known from the first answer on', () => {
  const path = new Path();
  assert.equal(path.aligned, false);
  answer(path, SECOND, ms(40), ms(40));
  assert.equal(path.aligned, true);
  assert.deepEqual([path.rtt, path.leastRtt, path.jitter], [ms(80), ms(80), 0]);
  assert.equal(path.toLocal(AHEAD + 5), 5);
  assert.equal(path.toRemote(5), AHEAD + 5);
});

test('answers that waited on one way do not shift the clock', () => {
  const path = new Path();
  for (let i = 0; i < 100; i++) answer(path, SECOND + i * ms(200), ms(40), ms(40) + (i % 10 === 0 ? 0 : ms(30)));
  assert.ok(Math.abs(path.toLocal(AHEAD)) < ms(1), `${path.toLocal(AHEAD)} µs off`);
  assert.equal(path.leastRtt, ms(80));
  assert.ok(path.rtt > ms(95) && path.jitter > ms(2));
});

test('a clock that drifts is followed, and never jumps', () => {
  const path = new Path();
  let before: number | undefined;
  for (let i = 0; i < 600; i++) {
    const sent = SECOND + i * ms(200);
    answer(path, sent, ms(40), ms(40), i * ms(200) * 1e-4);
    const offset = path.toLocal(0);
    if (before !== undefined) assert.ok(Math.abs(offset - before) <= ms(2) + 1, `a jump of ${offset - before} µs`);
    before = offset;
  }
  assert.ok(Math.abs(path.toLocal(AHEAD + 600 * ms(200) * 1e-4)) < ms(2.5));
});

test('an answer from the future, or from long ago, teaches nothing', () => {
  const path = new Path();
  path.learn({ item: 'pong', sent: 2 * SECOND, received: 5, held: 0 }, SECOND);
  path.learn({ item: 'pong', sent: 0, received: 5, held: 0 }, 60 * SECOND);
  path.learn({ item: 'pong', sent: SECOND, received: 5, held: SECOND }, SECOND + ms(80));
  assert.equal(path.aligned, false);
});

test('without an answer the first message tells the clock, and no later one', () => {
  const path = new Path();
  path.guess(AHEAD, ms(50));
  path.guess(AHEAD, ms(90));
  assert.equal(path.toLocal(AHEAD), ms(50));
});
