import { MILLISECOND, SECOND } from '../../src/base/clock.ts';
import type { Sample } from '../../src/media/frame.ts';
import type { Codec, Kind } from '../../src/media/track.ts';

/** Decoding times in microseconds, of each kind of frame that has come. */
export type Times = Readonly<Partial<Record<Kind, number>>>;

/** How the frames of a line that was opened fit to those of the line that plays. */
export type Fit =
  | 'early' // they begin with one that was played: nothing is missing between
  | 'late' // they begin after it: something would be missing
  | 'none' // none has come
  | 'foreign'; // they are others, at the same times: the stream has begun anew

/** FLV's timestamps have 32 bits of milliseconds. */
const WRAP = 2 ** 32 * MILLISECOND;
/** For so long it is remembered what was played: what is older is of another timeline. */
const REMEMBERED = 20 * SECOND;
/** How much may be held of a line that does not play yet. */
const MOST_HELD = 64 * 1024 * 1024;

/** What a line has brought that does not play yet. */
export class Held {
  readonly samples: Sample[] = [];
  #bytes = 0;
  readonly #first: Partial<Record<Kind, number>> = {};
  #newest = -Infinity;

  /** The decoding time of the newest frame. */
  get newest(): number {
    return this.#newest;
  }

  /** Where it begins, by kind. */
  get first(): Times {
    return this.#first;
  }

  /** Keeps a frame. False where it is too much. */
  add(sample: Sample): boolean {
    const { kind } = sample.track;
    this.samples.push(sample);
    this.#bytes += sample.data.length;
    this.#first[kind] ??= sample.dts;
    this.#newest = Math.max(this.#newest, sample.dts);
    return this.#bytes <= MOST_HELD;
  }
}

/**
 * Makes one sequence of frames of what several lines bring one after another. All lines of a stream have one timeline and the
 * same frames on it, so the next line goes on with the frame after the last one of the line before: none twice, none left out.
 */
export class Splice {
  readonly #last: Partial<Record<Kind, number>> = {};
  readonly #codecs: Partial<Record<Kind, Codec>> = {};
  /** What the newest frames are known by, with their times. */
  readonly #recent = new Map<string, number>();
  /** The kinds of which the line that plays has not yet brought a frame that was not played. */
  readonly #behind = new Set<Kind>();
  #shift = 0;

  /** The decoding time of the newest frame that was taken; undefined before the first. */
  get newest(): number | undefined {
    const times = Object.values(this.#last);
    return times.length > 0 ? Math.max(...times) : undefined;
  }

  get #kinds(): Kind[] {
    return Object.keys(this.#last) as Kind[];
  }

  /** How a line fits that is about to follow. */
  fit(held: Held): Fit {
    if (held.samples.length === 0) return 'none';
    const newest = this.newest;
    if (newest === undefined) return 'late';
    const shift = shiftTo(newest, held.newest);
    const isOld = held.newest + shift < newest - REMEMBERED;
    if (isOld || this.#isOtherwise(held) || this.#isForeign(held, shift)) return 'foreign';
    const isEarly = this.#kinds.every((kind) => {
      const first = held.first[kind];
      return first !== undefined && first + shift <= this.#last[kind]!;
    });
    return isEarly ? 'early' : 'late';
  }

  /** How far the newest frame of a line is behind the newest that was taken, in seconds; less than nothing where it is ahead. */
  lag(held: Held): number {
    const newest = this.newest ?? held.newest;
    return (newest - held.newest - shiftTo(newest, held.newest)) / SECOND;
  }

  /** The frames from now on are those of another line. Returns those that it has brought already and that go on. */
  follow(held: Held): Sample[] {
    this.#shift = this.newest === undefined ? 0 : shiftTo(this.newest, held.newest);
    for (const kind of this.#kinds) this.#behind.add(kind);
    return held.samples.flatMap((sample) => this.take(sample) ?? []);
  }

  /** The next frame of the line that plays, at its place; nothing where it was played already. */
  take(sample: Sample): Sample | undefined {
    const { kind, codec } = sample.track;
    const dts = sample.dts + this.#shift;
    // A line that goes on repeats no frame; two that follow one another may have the same time.
    if (this.#behind.has(kind) && dts <= this.#last[kind]! + MILLISECOND / 2) return undefined;
    this.#behind.delete(kind);
    this.#last[kind] = dts;
    this.#codecs[kind] = codec;
    this.#remember(sample, dts);
    return this.#shift === 0 ? sample : { ...sample, dts, pts: sample.pts + this.#shift };
  }

  /** Whether a line has other codecs. */
  #isOtherwise({ samples }: Held): boolean {
    return samples.some(({ track: { kind, codec } }) => this.#codecs[kind] !== codec);
  }

  /** Whether a line has another frame where it should have one that was played. */
  #isForeign({ samples }: Held, shift: number): boolean {
    const [oldest] = this.#recent.values();
    const both = samples.findLast(({ dts, track }) => {
      const last = this.#last[track.kind] ?? Infinity;
      return dts + shift >= oldest! && dts + shift <= last;
    });
    return both !== undefined && !this.#recent.has(markOf(both, both.dts + shift));
  }

  #remember(sample: Sample, dts: number): void {
    this.#recent.set(markOf(sample, dts), dts);
    for (const [mark, time] of this.#recent) {
      if (time >= dts - REMEMBERED) break;
      this.#recent.delete(mark);
    }
  }
}

/** What tells a frame of a line from others. */
function markOf({ track, data }: Sample, dts: number): string {
  return `${track.codec} ${Math.round(dts / MILLISECOND)} ${data.length}`;
}

/** What brings a time next to another one, in whole turns of the timestamp. */
function shiftTo(reference: number, time: number): number {
  return Math.round((reference - time) / WRAP) * WRAP;
}
