import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import { Callbacks } from '../net/callbacks.ts';
import { silentLogger } from '../ops/log.ts';
import type { Letter } from './courier.ts';
import { Outbox } from './outbox.ts';

const ORIGIN = 'http://10.0.0.7:8085';

/** A server under a clock of its own, and what it was told. */
class Stage {
  readonly clock = new VirtualClock();
  readonly callbacks = new Callbacks();
  readonly told: string[] = [];
  readonly lines: string[] = [];
  /** What it answers; a promise keeps it waiting. */
  answer: (told: string) => { status: number; text: string } | Promise<{ status: number; text: string }>;
  attempts = 0;
  mostAtOnce = 0;
  #onWay = 0;
  readonly outbox: Outbox;

  constructor({ retry = 300 * SECOND, queue = 1000 } = {}) {
    this.answer = () => ({ status: 200, text: '0' });
    const note = (_: unknown, message?: string) => void this.lines.push(message!);
    const log = { ...silentLogger, info: note, warn: note, error: note } as typeof silentLogger;
    const send = async ({ json }: Pick<Letter, 'json'>) => {
      this.attempts++;
      this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#onWay);
      try {
        const answer = await this.answer(json!);
        if (answer.status === 200) this.told.push(json!);
        return answer;
      } finally {
        this.#onWay--;
      }
    };
    this.outbox = new Outbox({ send, clock: this.clock, log, callbacks: this.callbacks, retry, queue });
  }

  post(lane: string, json: string, origin = ORIGIN): void {
    this.outbox.post({ event: 'on_stop', lane, url: `${origin}/x`, json });
  }

  away(): void {
    this.answer = () => {
      throw new Error('connect ECONNREFUSED');
    };
  }

  /** Moves time on, in steps in which what was sent is answered. */
  async advance(seconds: number): Promise<void> {
    for (let i = 0; i < seconds * 10; i++) {
      this.clock.advance(100 * MILLISECOND);
      await turn();
    }
  }

  get counters() {
    return this.callbacks.of('on_stop');
  }
}

async function turn(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise(setImmediate);
}

test('what is told is told in its order', async () => {
  const stage = new Stage();
  for (let i = 0; i < 20; i++) stage.post('a', `a${i}`);
  await turn();
  await turn();
  await turn();
  await stage.advance(1);
  assert.deepEqual(
    stage.told,
    Array.from({ length: 20 }, (_, i) => `a${i}`),
  );
  assert.deepEqual([stage.counters.ok, stage.callbacks.waiting], [20, 0]);
});

test('one who answers slowly holds up nobody else, and not all are called at once', async () => {
  const stage = new Stage();
  const slow = Promise.withResolvers<{ status: number; text: string }>();
  stage.answer = (told) => (told === 'slow' ? slow.promise : { status: 200, text: '0' });
  stage.post('a', 'slow');
  stage.post('a', 'after');
  for (let i = 0; i < 50; i++) stage.post(`lane ${i}`, `${i}`);
  await stage.advance(5);
  assert.equal(stage.told.length, 50);
  assert.ok(stage.mostAtOnce <= 8, `${stage.mostAtOnce} at once`);
  slow.resolve({ status: 200, text: '0' });
  await stage.advance(1);
  assert.deepEqual(stage.told.slice(50), ['slow', 'after']);
});

test('while the server is away it is tried less and less often, one at a time; then all is told in order', async () => {
  const stage = new Stage();
  stage.away();
  for (const lane of ['a', 'b', 'c']) for (let i = 0; i < 3; i++) stage.post(lane, `${lane}${i}`);
  await stage.advance(60);
  assert.ok(stage.attempts >= 8 && stage.attempts <= 20, `${stage.attempts} attempts in a minute`);
  assert.deepEqual([stage.told, stage.counters.failed, stage.callbacks.waiting], [[], 0, 9]);
  assert.equal(stage.counters.retried, stage.attempts);
  stage.answer = () => ({ status: 200, text: '{"code":0}' });
  await stage.advance(11);
  const ofLane = (lane: string) => stage.told.filter((each) => each.startsWith(lane));
  for (const lane of ['a', 'b', 'c']) assert.deepEqual(ofLane(lane), [`${lane}0`, `${lane}1`, `${lane}2`]);
  assert.deepEqual([stage.counters.ok, stage.callbacks.waiting], [9, 0]);
  assert.deepEqual(stage.lines, ['callbacks cannot be told: they are tried again', 'callbacks are told again']);
});

test('a server in trouble is tried again, one that says no is not', async () => {
  const stage = new Stage();
  const answers = [
    { status: 503, text: '' },
    { status: 200, text: '1' },
    { status: 404, text: '' },
    { status: 200, text: '0' },
  ];
  stage.answer = () => answers.shift()!;
  for (const letter of ['first', 'second', 'third']) stage.post('a', letter);
  await stage.advance(5);
  assert.deepEqual([stage.attempts, answers.length], [4, 0]);
  const { ok, refused, failed, retried } = stage.counters;
  assert.deepEqual([ok, refused, failed, retried], [1, 2, 0, 1]);
  assert.equal(stage.lines.filter((line) => line === 'what is told is not taken').length, 1, 'said once');
});

test('what could not be told for too long is given up', async () => {
  const stage = new Stage({ retry: 20 * SECOND });
  stage.away();
  for (let i = 0; i < 100; i++) stage.post(`lane ${i % 10}`, `${i}`);
  await stage.advance(40);
  assert.deepEqual([stage.counters.failed, stage.callbacks.waiting], [100, 0]);
  stage.answer = () => ({ status: 200, text: '0' });
  stage.post('lane 1', 'new');
  await stage.advance(11);
  assert.deepEqual(stage.told, ['new']);
});

test('nothing is tried again where that is not wanted', async () => {
  const stage = new Stage({ retry: 0 });
  stage.away();
  stage.post('a', 'x');
  await stage.advance(30);
  assert.deepEqual([stage.attempts, stage.counters.failed, stage.counters.retried], [1, 1, 0]);
});

test('no more wait than may, and that is said once', async () => {
  const stage = new Stage({ queue: 10 });
  stage.away();
  for (let i = 0; i < 25; i++) stage.post('a', `${i}`);
  await turn();
  assert.deepEqual([stage.callbacks.waiting, stage.counters.dropped], [10, 15]);
  assert.equal(stage.lines.filter((line) => line.startsWith('callbacks are dropped')).length, 1);
  stage.answer = () => ({ status: 200, text: '0' });
  await stage.advance(11);
  assert.deepEqual(
    stage.told,
    Array.from({ length: 10 }, (_, i) => `${i}`),
  );
});

test('what waits for one server takes no room from what another one is told', async () => {
  const stage = new Stage({ queue: 10 });
  const never = Promise.withResolvers<never>();
  stage.answer = (told) => (told.startsWith('other') ? { status: 200, text: '0' } : never.promise);
  for (let i = 0; i < 25; i++) stage.post('a', `${i}`);
  for (let i = 0; i < 5; i++) stage.post('a', `other ${i}`, 'http://10.0.0.8:8085');
  await stage.advance(1);
  assert.equal(stage.told.length, 5);
  assert.deepEqual([stage.callbacks.waiting, stage.counters.dropped], [10, 15]);
});

test('what a server never takes is tried again only after what it was not told yet', async () => {
  const stage = new Stage();
  stage.answer = (told) => ({ status: told.startsWith('bad') ? 500 : 200, text: '0' });
  for (let i = 0; i < 8; i++) stage.post(`lane ${i}`, `bad ${i}`);
  await stage.advance(60);
  stage.post('other', 'good');
  await stage.advance(11);
  assert.deepEqual(stage.told, ['good']);
});

test('that it takes some and never others is not in the log again and again', async () => {
  const stage = new Stage();
  stage.answer = (told) => ({ status: told.startsWith('bad') ? 500 : 200, text: '0' });
  for (let i = 0; i < 20; i++) {
    for (const letter of ['bad', 'good']) stage.post(`${letter} ${i}`, `${letter} ${i}`);
    await stage.advance(1);
  }
  assert.ok(stage.told.length > 1);
  assert.deepEqual(stage.lines, ['callbacks cannot be told: they are tried again', 'callbacks are told again']);
});

test('who waits for a lane goes on when it is told, when that fails, and when he has no time left', async () => {
  const stage = new Stage();
  const never = new AbortController();
  await stage.outbox.settled('a', never.signal);
  stage.away();
  stage.post('a', 'x');
  await stage.advance(5);
  const attempts = stage.attempts;
  await stage.outbox.settled('a', never.signal);
  assert.equal(stage.attempts, attempts + 1, 'it was tried at once, and not waited for');
  stage.answer = () => ({ status: 200, text: '0' });
  await stage.outbox.settled('a', never.signal);
  assert.deepEqual(stage.told, ['x']);
  stage.answer = () => Promise.withResolvers<never>().promise;
  stage.post('a', 'y');
  const late = new AbortController();
  const settled = stage.outbox.settled('a', late.signal);
  late.abort();
  await settled;
});

test('at the end what is left is told quickly, or given up', async () => {
  const stage = new Stage();
  stage.away();
  for (let i = 0; i < 5; i++) stage.post('a', `${i}`);
  await stage.advance(30);
  stage.answer = () => ({ status: 200, text: '0' });
  await stage.outbox.close(5000, () => true);
  assert.deepEqual([stage.told.length, stage.callbacks.waiting], [5, 0]);
  const other = new Stage();
  other.away();
  for (let i = 0; i < 5; i++) other.post('a', `${i}`);
  await other.outbox.close(50, () => true);
  assert.deepEqual([other.counters.failed, other.callbacks.waiting], [5, 0]);
  assert.ok(other.lines.includes('callbacks could not be told before the end'));
});
