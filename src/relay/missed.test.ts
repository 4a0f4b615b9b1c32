import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeStream } from '../../test/support/made-stream.ts';
import { SECOND, VirtualClock } from '../base/clock.ts';
import { Hub } from '../hub/hub.ts';
import { Sessions } from '../hub/session.ts';
import type { Stream } from '../hub/stream.ts';
import { missedSince } from './missed.ts';
import { MESSAGE_HEAD } from './wire/message.ts';
import { RecordReader } from './wire/record.ts';

const never = new AbortController().signal;

/** A stream of eight seconds, of which the window has the last five, with a key frame each second. */
async function made(): Promise<Stream> {
  const clock = new VirtualClock();
  const window = { duration: 5 * SECOND, bytes: 1e8 };
  const options = { window, takeover: 'stale', staleAfter: 1, segment: 2 * SECOND, grace: 1, stopGrace: 1 } as const;
  const session = new Sessions(clock).open({ protocol: 'test', remote: '', close: () => {} });
  const publisher = await new Hub(options, clock).publish('v/live/movie', session, never);
  publisher.announce(new Set(['video', 'audio']));
  let now = 0;
  for (const sample of madeStream(0, 8)) {
    clock.advance(sample.dts - now);
    now = sample.dts;
    publisher.write(sample);
  }
  return publisher.stream;
}

/** The positions that records tell, which are read from the first one on. */
function positionsIn(messages: readonly Uint8Array[]): number[] {
  const reader = new RecordReader();
  return messages.map((message) => reader.read(message.subarray(MESSAGE_HEAD))!.seq);
}

test('who comes back is sent all from the key frame before, up to where all begin', async () => {
  const stream = await made();
  const { log } = stream;
  const positions = positionsIn(missedSince(stream, 5.5 * SECOND));
  assert.equal(log.at(positions[0]!).dts, 5 * SECOND);
  assert.deepEqual(
    positions,
    Array.from({ length: log.start! - positions[0]! }, (_, i) => positions[0]! + i),
  );
});

test('what the window does not have any more is not to be had', async () => {
  const stream = await made();
  const [first] = positionsIn(missedSince(stream, 1 * SECOND));
  assert.equal(first, stream.log.startFrom(0));
});

test('who has seen the newest key frame has missed nothing, and an empty stream has nothing', async () => {
  const stream = await made();
  assert.deepEqual(missedSince(stream, 7 * SECOND), []);
  stream.log.clear();
  assert.deepEqual(missedSince(stream, 0), []);
});
