import type { Stream } from '../hub/stream.ts';
import { RecordWriter } from './wire/record.ts';

/**
 * What one missed of a stream who has seen it up to `dts` and begins again at its newest key frame, as far as the window has it: messages
 * of type record, from the key frame before on.
 */
export function missedSince({ log }: Stream, dts: number): Uint8Array[] {
  const end = log.start;
  if (end === undefined || log.at(end).dts <= dts) return [];
  let from = log.startFrom(log.tail)!;
  for (let next = from; log.at(next).dts <= dts; next = log.startFrom(next + 1)!) from = next;
  const writer = new RecordWriter();
  return Array.from({ length: end - from }, (_, i) => writer.write(log.at(from + i)).message);
}
