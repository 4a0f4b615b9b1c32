import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { madeStream } from '../../test/support/made-stream.ts';
import { until } from '../../test/support/until.ts';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { Hub } from '../hub/hub.ts';
import type { Publisher } from '../hub/publisher.ts';
import { Reader } from '../hub/reader.ts';
import { Sessions } from '../hub/session.ts';
import type { Frame } from '../media/frame.ts';
import { pump } from './pump.ts';

const never = new AbortController().signal;

async function newPublisher(): Promise<Publisher> {
  const clock = new VirtualClock();
  const window = { duration: 60 * SECOND, bytes: 1e8 };
  const options = { window, takeover: 'stale', staleAfter: 1, segment: 2 * SECOND, grace: 1, stopGrace: 1 } as const;
  const session = new Sessions(clock).open({ protocol: 'test', remote: '', close: () => {} });
  const publisher = await new Hub(options, clock).publish('v/live/movie', session, never);
  publisher.announce(new Set(['video', 'audio']));
  return publisher;
}

/** Pumps a stream to the test, in pieces of one kilobyte. */
async function stage(t: TestContext, signal = never) {
  const publisher = await newPublisher();
  const [sink, far] = duplexPair();
  t.after(() => sink.destroy());
  const taken: number[] = [];
  const write = ({ seq }: Frame) => void sink.write(Buffer.alloc(1024, seq));
  const reader = new Reader(publisher.stream, 0);
  const over = pump(reader, { sink, write, taken: (position) => void taken.push(position) }, signal);
  over.catch(() => {});
  return { publisher, far, taken, over, reader };
}

test('all that comes is sent, no faster than it is taken', async (t) => {
  const { publisher, far, taken, reader } = await stage(t);
  const samples = madeStream(0, 4);
  for (const sample of samples) publisher.write(sample);
  await new Promise(setImmediate);
  assert.ok(reader.position < samples.length, 'it waits');
  let bytes = 0;
  far.on('data', (piece: Buffer) => (bytes += piece.length));
  await until('all is sent', () => taken.at(-1) === samples.length);
  await until('all is there', () => bytes === samples.length * 1024);
});

test('it ends as the stream does, when everything was sent, and at once when it is to', async (t) => {
  const { publisher, far, over } = await stage(t);
  far.resume();
  for (const sample of madeStream(0, 1)) publisher.write(sample);
  publisher.stream.end('gone', 'that was all');
  await assert.rejects(over, /that was all/);
  const stopping = new AbortController();
  const other = await stage(t, stopping.signal);
  stopping.abort(new Error('enough'));
  await assert.rejects(other.over, /enough/);
});

test('one who takes nothing for five seconds is given up', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { publisher, over } = await stage(t);
  for (const sample of madeStream(0, 4)) publisher.write(sample);
  await new Promise(setImmediate);
  // By the first look something was taken, as far as can be known.
  for (let looks = 0; looks < 2; looks++) t.mock.timers.tick(5000);
  await assert.rejects(over, { code: 'timeout', message: 'nothing is taken any more' });
});
