import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MILLISECOND, VirtualClock } from '../base/clock.ts';
import { insist, Pauses } from './insist.ts';

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
let missed: unknown[] = [];
beforeEach(() => {
  [clock, attempts, missed] = [new VirtualClock(), [], []];
});

const isAnswer = (reason: unknown) => (reason as Error).message !== 'nobody is there';

function begin({
  signal = never,
  pauses = new Pauses([100, 300]),
  ...more
}: Partial<Beginning> = {}): Promise<Attempt> {
  const dial = (until: AbortSignal) => {
    attempts.push(new Attempt(until));
    return attempts.at(-1)!.made;
  };
  const onMiss = (reason: unknown) => missed.push((reason as Error).message);
  return insist({ dial, close: (attempt) => attempt.close(), onMiss, ...more }, { clock, pauses }, signal);
}

interface Beginning {
  readonly signal: AbortSignal;
  readonly pauses: Pauses;
  readonly isAnswer: typeof isAnswer;
}

/** How many attempts there are after each of these times, in milliseconds, one after another. */
function countAfter(...pauses: number[]): number[] {
  return pauses.map((pause) => {
    clock.advance(pause * MILLISECOND);
    return attempts.length;
  });
}

test('another attempt begins after each pause without an answer, of which the last is repeated', () => {
  void begin();
  assert.deepEqual(countAfter(99, 1, 299, 1, 299, 1, 3000), [1, 2, 2, 3, 3, 4, 14]);
});

test('pauses begin anew when that is asked for', () => {
  const pauses = new Pauses([100, 300]);
  void begin({ pauses });
  assert.deepEqual(countAfter(100, 150), [2, 2]);
  pauses.reset();
  assert.deepEqual(countAfter(150, 100, 299, 1), [3, 4, 4, 5]);
});

test('the first answer is taken, and the other attempts are given up', async () => {
  const found = begin();
  countAfter(100);
  attempts[1]!.succeed();
  assert.equal(await found, attempts[1]);
  assert.deepEqual(countAfter(300), [2]);
  assert.deepEqual(
    attempts.map(({ signal }) => signal.aborted),
    [true, false],
  );
});

test('an attempt that succeeds after all is closed', async () => {
  const found = begin();
  countAfter(100);
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
  countAfter(100);
  attempts[1]!.fail('you are not let in');
  await assert.rejects(found, /not let in/);
  assert.deepEqual(countAfter(300), [2]);
  assert.deepEqual([attempts[0]!.signal.aborted, missed], [true, []]);
});

test('a failure that is no answer is told, and changes nothing', async () => {
  const found = begin({ isAnswer });
  attempts[0]!.fail('nobody is there');
  await turn();
  assert.deepEqual(countAfter(100, 300), [2, 3]);
  attempts[1]!.fail('nobody is there');
  attempts[2]!.succeed();
  assert.equal(await found, attempts[2]);
  assert.deepEqual(missed, ['nobody is there', 'nobody is there']);
});

test('all attempts are given up with the whole', async () => {
  const giveUp = new AbortController();
  const found = begin({ signal: giveUp.signal, isAnswer });
  countAfter(100);
  giveUp.abort(new Error('it is too late'));
  await assert.rejects(found, /too late/);
  assert.deepEqual(countAfter(300), [2]);
  assert.ok(attempts.every(({ signal }) => signal.aborted));
  await assert.rejects(begin({ signal: giveUp.signal }), /too late/);
  assert.equal(attempts.length, 2);
});
