/** The part of TimeRanges that is needed here; seconds. */
export interface Ranges {
  readonly length: number;
  start(index: number): number;
  end(index: number): number;
}

const close = 0.1;
const inside = 0.01;

/**
 * Where to seek so as to get over a hole in the buffer, such as an encoder leaves that changes its picture size;
 * undefined where there is none. Chrome's video starves at the hole while its clock, driven by the sound, goes on:
 * so a hole must be crossed also after `time` has passed it, once: `crossed` is the last answer.
 */
export function acrossHole(buffered: Ranges, time: number, crossed: number): number | undefined {
  const last = buffered.length - 1;
  if (last < 1 || time < buffered.end(last - 1) - close) return undefined;
  const target = buffered.start(last) + inside;
  return target > crossed ? target : undefined;
}
