import { MILLISECOND, SECOND } from '../../src/base/clock.ts';
import type { Sample } from '../../src/media/frame.ts';
import type { Codec, Kind } from '../../src/media/track.ts';

/** Decoding times in microseconds, of each kind of frame that has come. */
export type Times = Readonly<Partial<Record<Kind, number>>>;

/** How the frames of a line that was opened fit to those of the line that plays. */
export type Fit =
  | 'early' // they begin before the newest that was played: nothing is missing between
  | 'late' // they begin after it: something would be missing
  | 'none' // none has come
  | 'foreign'; // they are of another timeline or of other codecs: the stream has begun anew

/** FLV's timestamps have 32 bits of milliseconds. */
const WRAP = 2 ** 32 * MILLISECOND;
/** Frames that are more than this before the newest that was played are of another timeline. */
const FURTHEST_BACK = 20 * SECOND;
/** What may stand between two frames that follow one another. */
const LONGEST_STEP = 120 * MILLISECOND;
/** How much may be held of a line that does not play yet. */
const MOST_HELD = 64 * 1024 * 1024;

/** What a line has brought that does not play yet. */
export class Held {
  readonly samples: Sample[] = [];
  #bytes = 0;
  readonly #first: Partial<Record<Kind, number>> = {};
  readonly #codecs: Partial<Record<Kind, Codec>> = {};
  #newest = -Infinity;

  /** The decoding time of the newest frame. */
  get newest(): number {
    return this.#newest;
  }

  /** Where it begins, by kind. */
  get first(): Times {
    return this.#first;
  }

  /** What it brings, by kind. */
  get codecs(): Readonly<Partial<Record<Kind, Codec>>> {
    return this.#codecs;
  }

  /** Keeps a frame. False where it is too much. */
  add(sample: Sample): boolean {
    const { kind, codec } = sample.track;
    this.#codecs[kind] ??= codec;
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
    const isKin = Object.entries(held.codecs).every(([kind, codec]) => this.#codecs[kind as Kind] === codec);
    if (!isKin || held.newest + shift < newest - FURTHEST_BACK) return 'foreign';
    const isEarly = this.#kinds.every((kind) => {
      const first = held.first[kind];
      return first !== undefined && first + shift <= this.#last[kind]! + LONGEST_STEP;
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
    this.#codecs[kind] ??= codec;
    return this.#shift === 0 ? sample : { ...sample, dts, pts: sample.pts + this.#shift };
  }
}

/** What brings a time next to another one, in whole turns of the timestamp. */
function shiftTo(reference: number, time: number): number {
  return Math.round((reference - time) / WRAP) * WRAP;
}
