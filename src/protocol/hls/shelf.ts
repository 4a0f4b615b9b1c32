import { type Clock, SECOND } from '../../base/clock.ts';
import type { RefusedError } from '../../base/errors.ts';
import type { ToldSegment } from '../../container/hls/read-media-playlist.ts';
import type { Stamp } from '../../media/frame.ts';
import type { Track } from '../../media/track.ts';
import { Row } from './row.ts';
import { type Init, type ShelvedPart, ShelvedSegment } from './shelved.ts';
import { Waits } from './waits.ts';

/** How much a {@link Shelf} keeps. */
export interface ShelfLimits {
  /** How many whole segments are listed. */
  readonly window: number;
  /** Of all segments together: what can be fetched goes first, then the oldest; one that alone is larger becomes a gap. */
  readonly bytes: number;
}

/** So many segments are kept beyond those that are listed, for players that have an older playlist. */
const NO_LONGER_LISTED = 2;
/** By their wall clocks segments of one number are the same, or not; in microseconds. */
const SAME_TIME = 1 * SECOND;

/** The newest segments of a stream in one container, and those who wait for the next ones. */
export class Shelf {
  readonly waits: Waits;
  /** Counts changes, so that what is made of the contents can be kept until then. */
  version = 0;
  /** The tracks as of the newest segment. */
  tracks: readonly Track[] = [];
  readonly #window: number;
  readonly #row: Row;
  /** The one that is being made, which is not in the row if others have told of it before. */
  #making: ShelvedSegment | undefined;
  readonly #wakers = new Set<() => void>();
  #ended = false;
  #failed: RefusedError | undefined;

  constructor({ window, bytes }: ShelfLimits, clock: Clock) {
    this.#window = window;
    this.#row = new Row({ segments: window + NO_LONGER_LISTED, bytes, leap: window });
    this.waits = new Waits(clock);
  }

  /** Has `waker` called after every change of what a playlist would say, until the function returned is called. */
  onChange(waker: () => void): () => void {
    this.#wakers.add(waker);
    return () => this.#wakers.delete(waker);
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
    return this.#row.longest;
  }

  /** The newest segment, whole or not. */
  get last(): ShelvedSegment | undefined {
    return this.#row.last;
  }

  /** The segments that a playlist has: the newest ones. */
  get listed(): readonly ShelvedSegment[] {
    return this.#row.all.slice(-this.#window - (this.last?.duration === undefined ? 1 : 0));
  }

  /** The same from that number on, where those before the listed ones are still here. */
  listedFrom(number: number): readonly ShelvedSegment[] {
    const { listed } = this;
    const { all } = this.#row;
    const from = all.findIndex(({ stamp }) => stamp.segment === number);
    const first = all.indexOf(listed[0]!);
    return from < 0 ? listed : all.slice(Math.min(from, first));
  }

  /** Whether a whole segment is listed. */
  get hasWhole(): boolean {
    return this.#row.all.some(({ duration }) => duration !== undefined);
  }

  find(number: number): ShelvedSegment | undefined {
    return this.#row.find(number);
  }

  /** The init segment of that name, as long as a segment here needs it; with its bytes where they are here. */
  init(name: string): Init | undefined {
    return this.#row.init(name);
  }

  /** Whether the segment is there (without `part`), or that part of it, or anything that comes after. */
  has(segment: number, part?: number): boolean {
    const { last } = this;
    if (this.#ended || this.#failed) return true;
    if (!last) return false;
    const { stamp, duration, parts } = last;
    if (part === undefined) return stamp.segment > segment || (stamp.segment === segment && duration !== undefined);
    if (stamp.segment === segment) return parts.length > part || (duration !== undefined && parts.length === 0);
    // A part beyond the last one of its segment is the next segment's first.
    const before = stamp.segment === segment + 1 ? this.find(segment) : undefined;
    const isBeyond = before !== undefined && before.parts.length <= part;
    return stamp.segment > segment && (!isBeyond || parts.length > 0 || duration !== undefined);
  }

  /** Whether the segments before this one are not all here, so that it is worth asking others for them. */
  isAfterHole(number: number): boolean {
    const { last } = this;
    if (!last || last.stamp.segment >= number) return false;
    return last.stamp.segment < number - 1 || (last.duration === undefined && last.spoilt);
  }

  /** Begins the next segment. One that others have told of already stays as they told, and gets its bytes in the end. */
  open(stamp: Stamp, time: number): void {
    this.#making = new ShelvedSegment(stamp, time);
    const told = this.find(stamp.segment);
    if (told && Math.abs(told.time - time) < SAME_TIME) return;
    this.#row.append(this.#making);
    this.version++;
  }

  /** What the segment that is being made is made of. */
  describe(tracks: readonly Track[], init: Init | undefined): void {
    this.tracks = tracks;
    if (this.#making) this.#making.init = init;
  }

  /** Adds a part to the segment that is being made. */
  add(part: ShelvedPart): void {
    const making = this.#making;
    if (!making || making.spoilt) return;
    making.add(part);
    this.use(making);
    this.#trim();
    this.#change();
  }

  /** Frames are missing in the segment that is being made: no more of it will be made here. */
  spoil(): void {
    if (!this.#making) return;
    this.#making.spoilt = true;
    this.#change();
  }

  /** The segment that was being made is over, and has so many pictures. */
  close(duration: number, pictures = 0): void {
    const made = this.#making;
    if (!made) return;
    this.#making = undefined;
    made.close(duration);
    made.pictures = pictures;
    const told = this.find(made.stamp.segment);
    if (told && told !== made && !told.content && made.content) this.fill(told, made.content);
    else if (told === made && !made.spoilt) this.#lengthen(duration);
    this.#trim();
    this.#change();
  }

  /**
   * Takes in what another has who has the same stream, as far as it comes before the segment of a number, by default the one that
   * is being made: what is not here can be fetched from there. What lies before the oldest segment here is over for good.
   */
  tell(told: readonly ToldSegment[], before = this.#making?.stamp.segment ?? Number.POSITIVE_INFINITY): void {
    const oldest = this.#row.all[0]?.stamp.segment ?? 0;
    for (const each of told) if (each.number >= oldest && each.number < before) this.#learn(each);
    this.#trim();
    this.#change();
  }

  /** A segment is used: it stays in memory longer than those that are not. */
  use(segment: ShelvedSegment): void {
    this.#row.use(segment);
  }

  /** Puts the bytes of a segment here that were fetched. */
  fill(segment: ShelvedSegment, content: readonly Uint8Array[]): void {
    segment.fill(content);
    this.use(segment);
    this.#trim();
    this.waits.wake();
  }

  /** Puts the bytes of an init segment here that were fetched. */
  keepInit(name: string, bytes: Uint8Array): void {
    for (const segment of this.#row.all) if (segment.init?.name === name) segment.init = { name, bytes };
  }

  /** A segment can be had elsewhere from now on. */
  keep(segment: ShelvedSegment): void {
    segment.elsewhere = true;
  }

  /** A segment cannot be had elsewhere, though it was told of. */
  lose(segment: ShelvedSegment): void {
    segment.elsewhere = false;
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
    for (const waker of this.#wakers) waker();
  }

  #learn({ number, discontinuity, time, duration, init, gap }: ToldSegment): void {
    const present = this.find(number);
    if (present?.content) {
      present.elsewhere ||= !gap;
      return;
    }
    if (present === this.#making) this.#making = undefined;
    const segment = new ShelvedSegment({ segment: number, discontinuity }, time!);
    segment.duration = duration;
    segment.elsewhere = !gap;
    segment.init = init === undefined ? undefined : (this.init(init) ?? { name: init, bytes: undefined });
    if (present) this.#row.replace(present, segment);
    else this.#row.append(segment);
    if (this.#making?.duration !== undefined) this.#making = undefined;
    this.#lengthen(duration);
  }

  #lengthen(duration: number): void {
    this.#row.longest = Math.max(this.#row.longest, duration);
  }

  /** What is being made may be larger than all that may be here. */
  #trim(): void {
    if (this.#row.trim()) return;
    this.#making?.drop();
    this.spoil();
  }
}
