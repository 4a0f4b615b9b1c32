import type { Clock } from '../../base/clock.ts';
import type { RefusedError } from '../../base/errors.ts';
import type { Stamp } from '../../media/frame.ts';
import type { Track } from '../../media/track.ts';
import { Waits } from './waits.ts';

/** A part of a segment, or in MPEG-TS the whole of it. */
export interface ShelvedPart {
  readonly bytes: Uint8Array;
  /** In microseconds. */
  readonly duration: number;
  /** Whether decoding can begin here. */
  readonly independent: boolean;
}

/** What decoders must know first, under a name that tells it from all others. */
export interface Init {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A segment, as far as it is made. */
export interface ShelvedSegment {
  readonly stamp: Stamp;
  /** The wall clock at its first frame, in microseconds since 1970. */
  readonly time: number;
  readonly parts: ShelvedPart[];
  init: Init | undefined;
  /** In microseconds; undefined while it is being made. */
  duration: number | undefined;
  /** Whether frames of it are missing here: then nothing of it is to be had. */
  gap: boolean;
  /** Of all parts. */
  bytes: number;
}

/** How much a {@link Shelf} keeps. */
export interface ShelfLimits {
  /** How many whole segments are listed. */
  readonly window: number;
  /** Of all segments together; one that alone is larger becomes a gap. */
  readonly bytes: number;
}

/** So many segments are kept beyond those that are listed, for players that have an older playlist. */
const NO_LONGER_LISTED = 2;

/** The newest segments of a stream in one container, and those who wait for the next ones. */
export class Shelf {
  readonly waits: Waits;
  /** Counts changes, so that what is made of the contents can be kept until then. */
  version = 0;
  /** The tracks as of the newest segment. */
  tracks: readonly Track[] = [];
  readonly #limits: ShelfLimits;
  /** The oldest first; the last one may still be being made. */
  readonly #segments: ShelvedSegment[] = [];
  #ended = false;
  #failed: RefusedError | undefined;
  #longest = 0;

  constructor(limits: ShelfLimits, clock: Clock) {
    this.#limits = limits;
    this.waits = new Waits(clock);
  }

  /** Whether no more will come. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Why there can be nothing. */
  get failed(): RefusedError | undefined {
    return this.#failed;
  }

  /** The longest segment that ever was here, in microseconds. */
  get longest(): number {
    return this.#longest;
  }

  /** The newest segment, whole or not. */
  get last(): ShelvedSegment | undefined {
    return this.#segments.at(-1);
  }

  /** The segments that a playlist has: numbers without a break up to the newest. */
  get listed(): readonly ShelvedSegment[] {
    const all = this.#segments;
    let from = all.length - 1;
    const most = this.#limits.window + (this.last?.duration === undefined ? 1 : 0);
    while (from > 0 && all.length - from < most && isNext(all[from - 1]!, all[from]!)) from--;
    return all.slice(Math.max(0, from));
  }

  /** The same from that number on, where those before the listed ones are still here. */
  listedFrom(number: number): readonly ShelvedSegment[] {
    const { listed } = this;
    const from = this.#segments.findIndex(({ stamp }) => stamp.segment === number);
    const first = this.#segments.indexOf(listed[0]!);
    return from < 0 ? listed : this.#segments.slice(Math.min(from, first));
  }

  /** Whether a whole segment is listed. */
  get hasWhole(): boolean {
    const { last } = this;
    if (last?.duration !== undefined) return true;
    const before = this.#segments.at(-2);
    return before !== undefined && isNext(before, last!);
  }

  find(number: number): ShelvedSegment | undefined {
    return this.#segments.findLast(({ stamp }) => stamp.segment === number);
  }

  /** The init segment of that name, as long as a segment here needs it. */
  init(name: string): Uint8Array | undefined {
    return this.#segments.findLast(({ init }) => init?.name === name)?.init?.bytes;
  }

  /** Whether the segment is there (without `part`), or that part of it, or anything that comes after. */
  has(segment: number, part?: number): boolean {
    const { last } = this;
    if (this.#ended || this.#failed) return true;
    if (!last) return false;
    const { stamp, duration, parts } = last;
    if (part === undefined) return stamp.segment > segment || (stamp.segment === segment && duration !== undefined);
    if (stamp.segment === segment) return parts.length > part || last.gap;
    // A part beyond the last one of its segment is the next segment's first.
    const before = stamp.segment === segment + 1 ? this.find(segment) : undefined;
    const isBeyond = before !== undefined && before.parts.length <= part;
    return stamp.segment > segment && (!isBeyond || parts.length > 0 || duration !== undefined);
  }

  /** Begins the next segment. */
  open(stamp: Stamp, time: number): void {
    this.#segments.push({ stamp, time, parts: [], init: undefined, duration: undefined, gap: false, bytes: 0 });
    this.version++;
  }

  /** What the segment that is being made is made of. */
  describe(tracks: readonly Track[], init: Init | undefined): void {
    this.tracks = tracks;
    this.last!.init = init;
  }

  /** Adds a part to the segment that is being made. */
  add(part: ShelvedPart): void {
    const { last } = this;
    if (!last || last.gap) return;
    last.parts.push(part);
    last.bytes += part.bytes.length;
    this.#trim();
    this.#change();
  }

  /** Frames are missing in the segment that is being made: nothing of it is served any more. */
  spoil(): void {
    const { last } = this;
    if (!last) return;
    last.gap = true;
    last.parts.length = 0;
    last.bytes = 0;
    this.#change();
  }

  /** The segment is whole. */
  close(duration: number): void {
    this.last!.duration = duration;
    this.#longest = Math.max(this.#longest, duration);
    this.#trim();
    this.#change();
  }

  /** No more will come. */
  end(): void {
    this.#ended = true;
    this.#change();
  }

  /** There can be nothing. */
  fail(reason: RefusedError): void {
    this.#failed = reason;
    this.#change();
  }

  #change(): void {
    this.version++;
    this.waits.wake();
  }

  #trim(): void {
    const segments = this.#segments;
    const most = this.#limits.window + NO_LONGER_LISTED + (this.last?.duration === undefined ? 1 : 0);
    let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    while (segments.length > most || (bytes > this.#limits.bytes && segments.length > 1)) {
      bytes -= segments.shift()!.bytes;
    }
    if (bytes > this.#limits.bytes) this.spoil();
  }
}

function isNext(before: ShelvedSegment, after: ShelvedSegment): boolean {
  return after.stamp.segment === before.stamp.segment + 1;
}
