import { framesOf } from './frames.ts';
import type { Viewer } from './viewer.ts';

/** The longest time in which a viewer got no picture, from a moment (by `performance.now`) on, in whole milliseconds. */
export function longestGap({ tags, times }: Viewer, from: number): number {
  const pictures = times.filter((time, i) => time >= from && framesOf([tags[i]!], 'video').length > 0);
  return Math.round(Math.max(...pictures.map((time, i) => time - (pictures[i - 1] ?? from))));
}
