import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIO, VIDEO } from '../../test/support/tracks.ts';
import { MILLISECOND, SECOND, VirtualClock } from '../base/clock.ts';
import type { Reader } from '../hub/reader.ts';
import { Sessions } from '../hub/session.ts';
import { Buffer } from './buffer.ts';

const STEP = 40 * MILLISECOND;
const PER_SECOND = SECOND / STEP;

/** One that publishes 25 pictures a second with a key frame each second, from picture 0 on. */
function stage(duration = 10 * SECOND) {
  const clock = new VirtualClock();
  const session = new Sessions(clock).open({ protocol: 'test', remote: '', close: () => {} });
  let ends = 0;
  const buffer = new Buffer('v/live/movie', session, { duration, bytes: 1e7 }, clock, () => ends++);
  buffer.publisher.announce(new Set(['video']));
  let sent = 0;
  const send = (seconds: number) => {
    for (let i = 0; i < seconds * PER_SECOND; i++, sent++) {
      const dts = sent * STEP;
      const keyframe = sent % PER_SECOND === 0;
      buffer.publisher.write({ track: VIDEO, dts, pts: dts, keyframe, data: Uint8Array.of(sent) });
      clock.advance(STEP);
    }
  };
  return { buffer, send, ends: () => ends };
}

/** The numbers of the pictures that a reader has for an origin. */
function read(reader: Reader): number[] {
  const numbers: number[] = [];
  for (let frame = reader.next(); frame; frame = reader.next()) numbers.push(frame.data[0]!);
  return numbers;
}

test('the first origin is sent all, though it began before the first frame came', () => {
  const { buffer, send } = stage();
  const reader = buffer.open();
  send(3);
  assert.deepEqual(
    read(reader),
    Array.from({ length: 75 }, (_, i) => i),
  );
});

test('one that goes on is sent what comes after the last one stopped, from the key frame before on', () => {
  const { buffer, send } = stage();
  const reader = buffer.open();
  send(3);
  read(reader);
  buffer.confirm(reader.position, false);
  send(2);
  const numbers = read(buffer.open());
  assert.deepEqual([numbers[0], numbers.length, buffer.skipped], [50, 75, 0]);
});

test('what an origin says that it has is kept for two seconds more: it may not have passed it on', () => {
  const { buffer, send } = stage();
  const reader = buffer.open();
  send(6);
  read(reader);
  buffer.confirm(reader.position, true);
  assert.equal(read(buffer.open())[0], 75);
});

test('what is not needed any more is let go', () => {
  const { buffer, send } = stage(60 * SECOND);
  const reader = buffer.open();
  for (let i = 0; i < 30; i++) {
    send(1);
    read(reader);
    buffer.confirm(reader.position, true);
  }
  assert.ok(buffer.stream.log.head - buffer.stream.log.tail <= 4 * PER_SECOND);
});

test('what the window loses while no origin is there is counted, and the next one begins at a key frame', () => {
  const { buffer, send } = stage(2 * SECOND);
  const reader = buffer.open();
  send(2);
  read(reader);
  buffer.confirm(reader.position, false);
  send(8);
  const [first] = read(buffer.open());
  assert.equal(first! % PER_SECOND, 0);
  assert.equal(buffer.skipped, first! - 50);
});

test('what an origin is too slow for is counted as well', () => {
  const { buffer, send } = stage(2 * SECOND);
  const reader = buffer.open();
  send(1);
  read(reader);
  send(8);
  const [first] = read(reader);
  buffer.close();
  assert.equal(buffer.skipped, first! - 25);
});

test('a confirmation of what was never sent, or is gone, does no harm', () => {
  const { buffer, send } = stage();
  buffer.confirm(1000, true);
  buffer.open();
  send(6);
  buffer.confirm(3, true);
  buffer.confirm(1e15, true);
  assert.equal(read(buffer.open())[0], 75);
});

test('a stream of sound goes on without video', () => {
  const { buffer } = stage();
  const { publisher } = buffer;
  publisher.announce(new Set(['audio']));
  const reader = buffer.open();
  publisher.write({ track: AUDIO, dts: 0, pts: 0, keyframe: true, data: Uint8Array.of(7) });
  assert.deepEqual(read(reader), [7]);
});

test('the stream ends with its publisher, and says whether that was meant', () => {
  for (const [deliberate, code] of [
    [true, 'gone'],
    [false, 'timeout'],
  ] as const) {
    const { buffer, ends } = stage();
    buffer.publisher.close(deliberate);
    assert.deepEqual([buffer.stream.ended?.code, ends()], [code, 1]);
  }
});
