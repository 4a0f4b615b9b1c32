import { MILLISECOND } from '../base/clock.ts';
import type { Frame } from '../media/frame.ts';
import type { RecordOptions } from './options.ts';

/** What is looked at of a file. */
interface Begun {
  /** The decoding time of its first frame and when that came in, in microseconds. */
  readonly start: number;
  readonly wall: number;
  readonly bytes: number;
}

/** Whether a recording goes on in another file, from this frame on. */
export function isSplitDue({ every, size, at }: RecordOptions['split'], begun: Begun, frame: Frame): boolean {
  if (every > 0 && frame.dts - begun.start >= every) return true;
  if (size > 0 && begun.bytes >= size) return true;
  return at !== 'off' && beginningOf(at, frame.ingest) !== beginningOf(at, begun.wall);
}

/** When the hour or day of a moment began, by the machine's own zone. */
function beginningOf(unit: 'hour' | 'day', wall: number): number {
  const date = new Date(wall / MILLISECOND);
  if (unit === 'day') date.setHours(0, 0, 0, 0);
  else date.setMinutes(0, 0, 0);
  return date.getTime();
}
