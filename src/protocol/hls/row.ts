import { type Init, ShelvedSegment } from './shelved.ts';

/** How much a {@link Row} keeps. */
export interface RowLimits {
  /** How many segments, and how many bytes of them, are kept. */
  readonly segments: number;
  readonly bytes: number;
  /** So many missing numbers are bridged by gaps. */
  readonly leap: number;
}

/** Segments whose numbers go up by one. */
export class Row {
  /** The longest segment that ever was here, in microseconds. */
  longest = 0;
  readonly #limits: RowLimits;
  readonly #segments: ShelvedSegment[] = [];
  #uses = 0;

  constructor(limits: RowLimits) {
    this.#limits = limits;
  }

  /** The oldest first; the last one may still be being made. */
  get all(): readonly ShelvedSegment[] {
    return this.#segments;
  }

  get last(): ShelvedSegment | undefined {
    return this.#segments.at(-1);
  }

  find(number: number): ShelvedSegment | undefined {
    return this.#segments.findLast(({ stamp }) => stamp.segment === number);
  }

  /** The init segment of that name, as long as a segment here needs it; with its bytes where they are here. */
  init(name: string): Init | undefined {
    const all = this.#segments.filter(({ init }) => init?.name === name);
    return (all.find(({ init }) => init!.bytes) ?? all[0])?.init;
  }

  /** Adds a segment. After numbers that are missing there are gaps; behind too many of them, or in another life, all begins anew. */
  append(segment: ShelvedSegment): void {
    const { last } = this;
    const missing = segment.stamp.segment - (last?.stamp.segment ?? Number.NaN) - 1;
    if (last && missing >= 0 && missing < this.#limits.leap) this.#bridge(last, missing, segment.time);
    else this.#segments.length = 0;
    this.#segments.push(segment);
  }

  /** Puts a segment in the place of one with the same number. */
  replace(present: ShelvedSegment, segment: ShelvedSegment): void {
    this.#segments[this.#segments.indexOf(present)] = segment;
  }

  /** A segment is used: it stays in memory longer than those that are not. */
  use(segment: ShelvedSegment): void {
    segment.used = ++this.#uses;
  }

  /** Lets go of what is too much; false where the one that is being made alone is. */
  trim(): boolean {
    const all = this.#segments;
    const most = this.#limits.segments + (this.last?.duration === undefined ? 1 : 0);
    if (all.length > most) all.splice(0, all.length - most);
    let excess = all.reduce((sum, { bytes }) => sum + bytes, 0) - this.#limits.bytes;
    while (excess > 0 && all.length > 1) excess -= this.#free();
    return excess <= 0;
  }

  /** Makes room: what can be fetched again is let go of first, the least used; else the oldest goes. Returns how much. */
  #free(): number {
    const spare = this.#segments.filter(({ content, elsewhere }) => content !== undefined && elsewhere);
    const [least] = spare.toSorted((a, b) => a.used - b.used);
    const { bytes } = least ?? this.#segments.shift()!;
    least?.drop();
    return bytes;
  }

  /** The time up to `until` is that of the segments that are missing, and of the last one, where nobody knows how long that was. */
  #bridge(last: ShelvedSegment, missing: number, until: number): void {
    if (missing === 0 && last.duration !== undefined) return;
    const isKnown = last.duration !== undefined && !last.spoilt;
    const from = isKnown ? last.time + last.duration! : last.time;
    const share = Math.floor((until - from) / (isKnown ? missing : missing + 1));
    // Players do not like segments that are longer than they were told; and where there was a pause it is none of theirs.
    const each = Math.max(1, Math.min(share, this.longest || share));
    if (!isKnown) last.close(each);
    for (let i = 0; i < missing; i++) this.#segments.push(gapBehind(this.last!, each));
  }
}

/** One of which nothing is known but that it was. */
function gapBehind({ stamp, time, duration, init }: ShelvedSegment, length: number): ShelvedSegment {
  const gap = new ShelvedSegment({ ...stamp, segment: stamp.segment + 1 }, time + duration!);
  gap.init = init;
  gap.spoilt = true;
  gap.close(length);
  return gap;
}
