import type { End, Fragment, Gap, Header } from './manifest.ts';
import type { Begun } from './wire/piece.ts';

/** A place in a recording where decoding can begin, or its very beginning, with all that follows up to the next one. */
export interface Point {
  /** Where it is in the file, in bytes. */
  readonly at: number;
  /** The decoding time of its first picture, of its first sound where there is no picture; in microseconds. */
  readonly time: number;
  /** The earliest decoding time in it. */
  readonly first: number;
  /** Whether decoding can begin here. */
  readonly isKey: boolean;
  /** The segment that the stream's owner begins here, if it does. */
  readonly stamp: Begun | undefined;
  /** Whether there is a pause before it, or frames are missing. */
  readonly isAfterBreak: boolean;
  /** Whether frames are missing before it that belong to what came before. */
  readonly isAfterHole: boolean;
  /** Whether frames are missing in it. */
  hasHole: boolean;
  /** Where its last picture ends, or sound; in microseconds. */
  end: number;
  /** In which order its frames came: see `wire/order.ts`. */
  order: string;
}

/** What the lines of a manifest come to, one after another. */
export class Contents {
  /** Where it can be begun with, in the order of the file. */
  readonly points: Point[] = [];
  /** Frames known to be missing. */
  missing = 0;
  /** Where the last fragment ends, in bytes. */
  size: number;
  /** The latest decoding time, in microseconds; 0 where there is none. */
  last = 0;
  /** When the last fragment came in (milliseconds since 1970), and how many frames there are. */
  readonly totals: { ended: number; video: number; audio: number };
  /** What was noted since the last fragment. */
  #gaps: Gap[] = [];

  constructor({ began, opening }: Pick<Header, 'began' | 'opening'>) {
    this.size = opening.size;
    this.totals = { ended: began, video: 0, audio: 0 };
  }

  add(fragment: Fragment): void {
    const { video, audio, at, size, wall } = fragment;
    this.last = Math.max(this.last, ...spansOf(fragment).map((span) => span.last));
    this.totals.video += video?.frames ?? 0;
    this.totals.audio += audio?.frames ?? 0;
    this.totals.ended = Math.max(this.totals.ended, wall);
    this.size = at + size;
    if (this.points.length === 0 || fragment.key || fragment.stamp) this.points.push(this.#pointOf(fragment));
    else if (this.#holes.length > 0) this.points.at(-1)!.hasHole = true;
    this.#gaps = [];
    const point = this.points.at(-1)!;
    point.order += fragment.order;
    point.end = Math.max(point.end, endOf(fragment));
  }

  note(gap: Gap): void {
    this.missing += gap.frames;
    this.#gaps.push(gap);
  }

  /** The earliest decoding time, in microseconds; 0 where there is none. */
  get first(): number {
    return this.points[0]?.first ?? 0;
  }

  /** The last line of its manifest. */
  end(how: End['end']): End {
    const { size, totals, missing } = this;
    return { end: how, size, ...totals, missing };
  }

  get #holes(): readonly Gap[] {
    return this.#gaps.filter(({ frames }) => frames > 0);
  }

  #pointOf(fragment: Fragment): Point {
    const { at, key, stamp, video, audio } = fragment;
    const time = stamp?.time ?? (video ?? audio)!.first;
    const first = Math.min(time, ...spansOf(fragment).map((span) => span.first));
    // The newest frames are held back a little, so a gap may be noted before the fragment in which it is.
    const hasHole = this.#holes.some(({ from }) => from >= time);
    const isAfterHole = this.#holes.some(({ from }) => from < time);
    const place = { at, time, first, isKey: key || stamp !== undefined, stamp };
    return { ...place, isAfterBreak: this.#gaps.length > 0, isAfterHole, hasHole, end: time, order: '' };
  }
}

function spansOf({ video, audio }: Fragment) {
  return [video, audio].filter((span) => span !== undefined);
}

/** Where the last picture of a fragment ends, or sound: as long after its beginning as that after the one before it. */
function endOf({ video, audio }: Fragment): number {
  const { first, last, frames } = (video ?? audio)!;
  return frames > 1 ? last + Math.round((last - first) / (frames - 1)) : last;
}
