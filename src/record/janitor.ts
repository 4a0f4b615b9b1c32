import { MILLISECOND } from '../base/clock.ts';
import type { Recording } from '../hub/recordings.ts';
import type { RecordOptions } from './options.ts';

/**
 * Which finished recordings have to go, of all (the oldest first), and whether there is too little room even then. `free` is
 * what is free on the disk, in bytes; `wall` the time, in microseconds since 1970.
 */
export function toRemove(
  all: readonly Recording[],
  { age, size, free: floor }: RecordOptions['keep'],
  free: number,
  wall: number,
): { readonly remove: readonly Recording[]; readonly isShort: boolean } {
  let total = all.reduce((sum, recording) => sum + recording.size, 0);
  let room = free;
  const remove = all.filter((recording) => {
    const isOld = age > 0 && wall / MILLISECOND - recording.ended > age / MILLISECOND;
    const isTooMuch = size > 0 && total > size;
    if (!recording.isFinished || !(isOld || isTooMuch || room < floor)) return false;
    total -= recording.size;
    room += recording.size;
    return true;
  });
  return { remove, isShort: room < floor };
}
