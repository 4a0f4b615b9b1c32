import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { type SignalSource, untilSignal } from './signals.ts';

class Source extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

test('the first signal is handed on', async () => {
  const source = new Source();
  const signal = untilSignal(source as SignalSource);
  source.emit('SIGTERM', 'SIGTERM');
  assert.equal(await signal, 'SIGTERM');
  assert.deepEqual(source.exits, []);
});

test('one keystroke that arrives twice counts once, a second one exits at once', (t) => {
  const source = new Source();
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  void untilSignal(source as SignalSource);
  source.emit('SIGINT', 'SIGINT');
  now += 100;
  source.emit('SIGINT', 'SIGINT');
  assert.deepEqual(source.exits, []);
  now += 1000;
  source.emit('SIGINT', 'SIGINT');
  assert.deepEqual(source.exits, [130]);
});
