import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Outline, Section } from '../hub/recordings.ts';
import type { Point } from './contents.ts';
import type { Opened } from './shelf.ts';

/** How long sections are at least, where key frames allow that, in microseconds: an hour has 900. */
const SECTION = 4 * SECOND;

/** A recording divided at key frames. Of one that is being written the last section is left out, as it is not over. */
export function outlineOf({ header, contents, isFinished }: Opened): Outline {
  if (header.format !== 'fmp4') throw new RefusedError('unsupported', 'only recordings in fMP4 can be played by parts');
  const groups = divide(contents.points);
  const sections = groups.map((group, i): Section => {
    const [first, next] = [group[0]!, groups[i + 1]?.[0]];
    const end = next && !next.isAfterBreak ? next.time : group.at(-1)!.end;
    return {
      at: first.at,
      size: (next?.at ?? contents.size) - first.at,
      time: header.anchor + first.time,
      duration: end - first.time,
      isAfterBreak: i > 0 && first.isAfterBreak,
    };
  });
  return { opening: header.opening.size, sections: isFinished ? sections : sections.slice(0, -1), isFinished };
}

/** Points in groups of which each begins with a key frame. */
function divide(points: readonly Point[]): Point[][] {
  const groups: Point[][] = [];
  for (const point of points) {
    const group = groups.at(-1);
    const isDue = !group || point.isAfterBreak || point.time - group[0]!.time >= SECTION;
    if (point.isKey && isDue) groups.push([point]);
    else group?.push(point);
  }
  return groups;
}
