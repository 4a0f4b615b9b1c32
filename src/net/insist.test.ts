import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MILLISECOND, VirtualClock } from '../base/clock.ts';
import { insist } from './insist.ts';

const never = new AbortController().signal;

/** An attempt in the hands of the test. */
class Attempt {
  isClosed = false;
  readonly signal: AbortSignal;
  readonly #made = Promise.withResolvers<Attempt>();

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  get made(): Promise<Attempt> {
    return this.#made.promise;
  }

  succeed(): void {
    this.#made.resolve(this);
  }

  fail(reason: string): void {
    this.#made.reject(new Error(reason));
  }

  close(): void {
    this.isClosed = true;
  }
}

let clock = new VirtualClock();
let attempts: Attempt[] = [];
beforeEach(() => {
  [clock, attempts] = [new VirtualClock(), []];
});

function begin(signal = never): Promise<Attempt> {
  const dial = (until: AbortSignal) => {
    attempts.push(new Attempt(until));
    return attempts.at(-1)!.made;
  };
  return insist({ dial, close: (attempt) => attempt.close() }, { clock, pauses: [100, 300] }, signal);
}

test('another attempt begins after each pause without an answer, and no more than that', () => {
  void begin();
  const counts = [99, 1, 299, 1, 10_000].map((pause) => {
    clock.advance(pause * MILLISECOND);
    return attempts.length;
  });
  assert.deepEqual(counts, [1, 2, 2, 3, 3]);
});

test('the first answer is taken, and the other attempts are given up', async () => {
  const found = begin();
  clock.advance(100 * MILLISECOND);
  attempts[1]!.succeed();
  assert.equal(await found, attempts[1]);
  clock.advance(300 * MILLISECOND);
  assert.deepEqual(
    attempts.map(({ signal }) => signal.aborted),
    [true, false],
  );
});

test('an attempt that succeeds after all is closed', async () => {
  const found = begin();
  clock.advance(100 * MILLISECOND);
  for (const attempt of attempts) attempt.succeed();
  await found;
  await turn();
  assert.deepEqual(
    attempts.map(({ isClosed }) => isClosed),
    [false, true],
  );
});

test('a refusal is an answer, too', async () => {
  const found = begin();
  clock.advance(100 * MILLISECOND);
  attempts[1]!.fail('you are not let in');
  await assert.rejects(found, /not let in/);
  clock.advance(300 * MILLISECOND);
  assert.deepEqual([attempts.length, attempts[0]!.signal.aborted], [2, true]);
});

test('all attempts are given up with the whole', () => {
  const giveUp = new AbortController();
  void begin(giveUp.signal);
  clock.advance(100 * MILLISECOND);
  giveUp.abort();
  assert.ok(attempts.every(({ signal }) => signal.aborted));
});
