import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { Channel, orAbort } from './channel.ts';

const over = AbortSignal.abort(new Error('over'));

test('what nobody waits for any more may fail', async () => {
  const failing = Promise.withResolvers<never>();
  await assert.rejects(orAbort(failing.promise, over), /over/);
  failing.reject(new Error('late'));
  // One that fails unheard would end the process, and this test, by then.
  await new Promise(setImmediate);
});

test('a channel on which nobody waits for an answer any more may break', async () => {
  const stream = new PassThrough();
  await assert.rejects(new Channel(stream).hear(over, 1000), /over/);
  stream.destroy();
  await new Promise((resolve) => stream.once('close', resolve));
  await new Promise(setImmediate);
});
