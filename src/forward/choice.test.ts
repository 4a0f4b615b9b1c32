import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Taker } from '../net/takers.ts';
import { Choice } from './choice.ts';
import { isFinal } from './refusal.ts';

const PATH = 'v/live/movie';

function stage(...names: readonly string[]) {
  const clock = new VirtualClock();
  const lines: unknown[] = [];
  const takers = names.map((name) => ({ name }) as Taker);
  const log = { warn: (fields: unknown) => void lines.push(fields) };
  const choice = new Choice({ takers: { find: async () => takers }, clock, log } as never);
  const fail = async (reason: string) => choice.failed((await choice.next(PATH))!, new Error(reason));
  return { clock, lines, choice, fail, next: async () => (await choice.next(PATH))?.name };
}

test('the first of the list is chosen, and the next one while that rests after a failure', async () => {
  const { clock, fail, next } = stage('a', 'b');
  assert.equal(await next(), 'a');
  await fail('it is dead');
  assert.equal(await next(), 'b');
  clock.advance(SECOND / 2);
  assert.equal(await next(), 'a');
});

test('one that fails again and again rests for longer, up to ten seconds, until it takes a stream', async () => {
  const { clock, choice, next } = stage('a', 'b');
  const a = { name: 'a' } as Taker;
  const restOf = async () => {
    choice.failed(a, new Error('it is dead'));
    let rest = 0;
    for (; (await next()) !== 'a'; rest++) clock.advance(SECOND / 4);
    return rest / 4;
  };
  const rests = [];
  for (let i = 0; i < 7; i++) rests.push(await restOf());
  assert.deepEqual(rests, [0.5, 1, 2, 4, 8, 10, 10]);
  choice.succeeded(a);
  assert.equal(await restOf(), 0.5);
});

test('where all have failed the one is asked whose rest is over first, and where there is none nobody', async () => {
  const { fail, next, clock } = stage('a', 'b');
  await fail('dead');
  clock.advance(SECOND / 4);
  await fail('dead');
  assert.equal(await next(), 'a');
  assert.equal(await stage().next(), undefined);
});

test('the log says why once, until it is another reason', async () => {
  const { fail, lines } = stage('a');
  await fail('dead');
  await fail('dead');
  await fail('full');
  assert.deepEqual(lines, [
    { origin: 'a', reason: 'dead' },
    { origin: 'a', reason: 'full' },
  ]);
});

test('a publisher hears what would be said again, and of others who publish unless that may be himself', () => {
  const [known, unknown] = [{ recognizes: true }, { recognizes: false }];
  const says = (code: 'forbidden' | 'busy' | 'limit' | 'kicked') => new RefusedError(code, '');
  assert.equal(isFinal(says('forbidden'), unknown, true), true);
  assert.equal(isFinal(says('kicked'), known, true), true);
  assert.equal(isFinal(says('limit'), known, false), false);
  assert.equal(isFinal(new Error('gone'), known, false), false);
  assert.equal(isFinal(says('busy'), unknown, false), true);
  assert.equal(isFinal(says('busy'), unknown, true), false);
  assert.equal(isFinal(says('busy'), known, true), true);
});
