import { type Clock, SECOND } from '../../base/clock.ts';
import type { RefusedError } from '../../base/errors.ts';
import type { ToldSegment } from '../../container/hls/read-media-playlist.ts';
import type { Stamp } from '../../media/frame.ts';
import type { Track } from '../../media/track.ts';
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
  readonly #limits: ShelfLimits;
  /** Numbers go up by one; the last one may still be being made. */
  readonly #segments: ShelvedSegment[] = [];
  /** The one that is being made, which is not there if others have told of it before. */
  #making: ShelvedSegment | undefined;
  #uses = 0;
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

  /** The segments that a playlist has: the newest ones. */
  get listed(): readonly ShelvedSegment[] {
    return this.#segments.slice(-this.#limits.window - (this.last?.duration === undefined ? 1 : 0));
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
    return this.#segments.some(({ duration }) => duration !== undefined);
  }

  find(number: number): ShelvedSegment | undefined {
    return this.#segments.findLast(({ stamp }) => stamp.segment === number);
  }

  /** The init segment of that name, as long as a segment here needs it; with its bytes where they are here. */
  init(name: string): Init | undefined {
    const all = this.#segments.filter(({ init }) => init?.name === name);
    return (all.find(({ init }) => init!.bytes) ?? all[0])?.init;
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
    this.#append(this.#making);
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

  /** The segment that was being made is over. */
  close(duration: number): void {
    const made = this.#making;
    if (!made) return;
    this.#making = undefined;
    made.close(duration);
    const told = this.find(made.stamp.segment);
    if (told && told !== made && !told.content && made.content) this.fill(told, made.content);
    else if (told === made && !made.spoilt) this.#longest = Math.max(this.#longest, duration);
    this.#trim();
    this.#change();
  }

  /**
   * Takes in what another has who has the same stream, as far as it comes before the segment of a number, by default the one that
   * is being made: what is not here can be fetched from there. What lies before the oldest segment here is over for good.
   */
  tell(told: readonly ToldSegment[], before = this.#making?.stamp.segment ?? Number.POSITIVE_INFINITY): void {
    const oldest = this.#segments[0]?.stamp.segment ?? 0;
    for (const each of told) if (each.number >= oldest && each.number < before) this.#learn(each);
    this.#trim();
    this.#change();
  }

  /** A segment is used: it stays in memory longer than those that are not. */
  use(segment: ShelvedSegment): void {
    segment.used = ++this.#uses;
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
    for (const segment of this.#segments) if (segment.init?.name === name) segment.init = { name, bytes };
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
    if (present) this.#segments[this.#segments.indexOf(present)] = segment;
    else this.#append(segment);
    this.#longest = Math.max(this.#longest, duration);
  }

  /** After numbers that are neither here nor told of there are gaps; behind too many of them, or in another life, all begins anew. */
  #append(segment: ShelvedSegment): void {
    const { last } = this;
    const missing = segment.stamp.segment - (last?.stamp.segment ?? Number.NaN) - 1;
    if (last && missing >= 0 && missing < this.#limits.window) this.#bridge(last, missing, segment.time);
    else this.#segments.length = 0;
    this.#segments.push(segment);
  }

  /** The time up to `until` is that of the segments that are missing, and of the last one, where nobody knows how long that was. */
  #bridge(last: ShelvedSegment, missing: number, until: number): void {
    if (missing === 0 && last.duration !== undefined) return;
    const isKnown = last.duration !== undefined && !last.spoilt;
    const from = isKnown ? last.time + last.duration! : last.time;
    const share = Math.floor((until - from) / (isKnown ? missing : missing + 1));
    // Players do not like segments that are longer than they were told; and where there was a pause it is none of theirs.
    const each = Math.max(1, Math.min(share, this.#longest || share));
    if (!isKnown) last.close(each);
    if (last === this.#making) this.#making = undefined;
    for (let i = 0; i < missing; i++) this.#segments.push(gapBehind(this.last!, each));
  }

  #trim(): void {
    const segments = this.#segments;
    const most = this.#limits.window + NO_LONGER_LISTED + (this.last?.duration === undefined ? 1 : 0);
    if (segments.length > most) segments.splice(0, segments.length - most);
    let excess = segments.reduce((sum, { bytes }) => sum + bytes, 0) - this.#limits.bytes;
    while (excess > 0 && segments.length > 1) excess -= this.#free();
    if (excess > 0) this.#spoilAll();
  }

  /** Makes room: what can be fetched again is let go of first, the least used; else the oldest goes. Returns how much. */
  #free(): number {
    const spare = this.#segments.filter(({ content, elsewhere }) => content !== undefined && elsewhere);
    const [least] = spare.toSorted((a, b) => a.used - b.used);
    const freed = (least ?? this.#segments.shift()!).bytes;
    least?.drop();
    return freed;
  }

  /** What is being made is larger than all that may be here. */
  #spoilAll(): void {
    this.#making?.drop();
    this.spoil();
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
