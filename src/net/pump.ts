import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { RefusedError } from '../base/errors.ts';
import type { Reader } from '../hub/reader.ts';
import type { Frame } from '../media/frame.ts';
import { backlog } from './backlog.ts';

/** Where a {@link pump} pumps to. */
export interface Drain {
  readonly sink: Duplex;
  /** Writes a frame to the sink. */
  write(frame: Frame): void;
  /** The sink has taken all before a position, as far as can be known here. */
  taken?(position: number): void;
}

/**
 * Sends all that a reader reads, no faster than it is taken. Always rejects: with how the stream ended, `RefusedError` `timeout` when
 * nothing is taken any more, or the reason of `signal`.
 */
export async function pump(reader: Reader, { sink, write, taken }: Drain, signal: AbortSignal): Promise<never> {
  const { log } = reader.stream;
  let wake = () => {};
  const off = log.onChange(() => wake());
  const stop = () => wake();
  signal.addEventListener('abort', stop);
  try {
    for (;;) {
      signal.throwIfAborted();
      const changed = new Promise<void>((resolve) => (wake = resolve));
      for (let frame = reader.next(); frame; frame = sink.writableNeedDrain ? undefined : reader.next()) write(frame);
      if (sink.writableNeedDrain) await drained(sink, signal);
      else {
        taken?.(reader.position);
        if (reader.position === log.head) await changed;
      }
    }
  } finally {
    off();
    signal.removeEventListener('abort', stop);
  }
}

/** One that takes nothing for so long is given up, in milliseconds. */
const PATIENCE_MS = 5000;

async function drained(sink: Duplex, signal: AbortSignal): Promise<void> {
  const stalling = new AbortController();
  let waiting = backlog(sink);
  const timer = setInterval(() => {
    const left = backlog(sink);
    if (left >= waiting) stalling.abort(new RefusedError('timeout', 'nothing is taken any more'));
    waiting = left;
  }, PATIENCE_MS);
  const either = AbortSignal.any([signal, stalling.signal]);
  try {
    await once(sink, 'drain', { signal: either });
  } catch (error) {
    throw either.aborted ? either.reason : error;
  } finally {
    clearInterval(timer);
  }
}
