import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linePair } from '../../../test/support/line.ts';
import { RefusedError } from '../../base/errors.ts';
import { Rpc } from './rpc.ts';

interface Sums {
  add(one: number, other: number): number;
  later(value: string | null): Promise<string | null>;
  fail(kind: 'refused' | 'coded' | 'bug'): void;
}

class Calculator implements Sums {
  readonly #base = 100;
  readonly seen: unknown[] = [];

  add(one: number, other: number): number {
    this.seen.push([one, other]);
    return this.#base + one + other;
  }

  async later(value: string | null): Promise<string | null> {
    return value;
  }

  fail(kind: 'refused' | 'coded' | 'bug'): void {
    if (kind === 'refused') throw new RefusedError('busy', 'it is taken');
    throw Object.assign(new TypeError('it failed'), kind === 'coded' && { code: 'EADDRINUSE' });
  }
}

function setUp() {
  const [near, far] = linePair();
  const calculator = new Calculator();
  new Rpc<object>(far, calculator);
  return { rpc: new Rpc<Sums>(near, {}), calculator };
}

test('a function of another process is called with its arguments, and its result comes back', async () => {
  const { rpc, calculator } = setUp();
  assert.deepEqual(await Promise.all([rpc.call('add', 1, 2), rpc.call('later', null), rpc.call('later', 'x')]), [
    103,
    null,
    'x',
  ]);
  rpc.tell('add', 3, 4);
  await rpc.call('later', null);
  assert.deepEqual(calculator.seen, [
    [1, 2],
    [3, 4],
  ]);
});

test('what it throws is thrown here: a refusal as one, everything else with its code and where it was', async () => {
  const { rpc } = setUp();
  await assert.rejects(rpc.call('fail', 'refused'), (error) => {
    assert.ok(error instanceof RefusedError);
    assert.deepEqual([error.code, error.message], ['busy', 'it is taken']);
    return true;
  });
  await assert.rejects(rpc.call('fail', 'coded'), { message: 'it failed', code: 'EADDRINUSE' });
  await assert.rejects(rpc.call('fail', 'bug'), (error: Error) => {
    assert.equal('code' in error, false);
    assert.match(error.stack!, /rpc\.test/);
    return true;
  });
});

test('whoever waits for a process that is gone is told, and so is whoever asks later', async () => {
  const [near] = linePair();
  const rpc = new Rpc<Sums>(near, {});
  const waiting = rpc.call('add', 1, 1);
  rpc.close(new Error('it has ended'));
  await assert.rejects(waiting, /it has ended/);
  await assert.rejects(rpc.call('add', 1, 1), /it has ended/);
  rpc.tell('add', 1, 1);
});
