import { SECOND } from '../base/clock.ts';
import type { Stream } from '../hub/stream.ts';
import { RecordWriter } from './wire/record.ts';

/** One who lacks more than this goes on with what is new, in microseconds. */
const MOST_MISSED = 2 * SECOND;

/**
 * What one who has seen a stream up to the time `seen` lacks before the newest point where a receiver may begin, from an earlier such
 * point on: messages of type record. What it has of them it leaves out.
 */
export function missedSince({ log }: Stream, seen: number): Uint8Array[] {
  const { start } = log;
  if (start === undefined) return [];
  const missed = log.at(start).dts - seen;
  if (missed <= 0 || missed > MOST_MISSED) return [];
  const writer = new RecordWriter();
  for (let from = start - 1; from >= log.tail; from--) {
    const { startable, dts } = log.at(from);
    if (!startable || dts > seen) continue;
    return Array.from({ length: start - from }, (_, i) => writer.write(log.at(from + i)).message);
  }
  return [];
}
