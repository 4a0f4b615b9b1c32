import type { Clock } from '../../base/clock.ts';
import type { Segment } from '../../container/hls/media-playlist.ts';
import type { Past, PastSegment } from '../../hub/past.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Track } from '../../media/track.ts';
import { type Container, packagings } from './packaging.ts';
import { Remade } from './remade.ts';
import type { Init, Shelf } from './shelf.ts';

/** What a {@link History} works with. */
export interface HistoryGround {
  readonly clock: Clock;
  /** Finds what is kept of a stream, if anything is. */
  readonly find: (stream: Stream) => Promise<Past | undefined>;
  /** How long parts are aimed at, in microseconds. */
  readonly part: number;
  /** How far back it goes, in microseconds. */
  readonly reach: number;
  /** How much may be kept of what was made again, in bytes. */
  readonly bytes: number;
}

/** A segment of the past as playlists have it, and the wall clock at its first frame: microseconds since 1970. */
export interface Told extends Segment {
  readonly duration: number;
  readonly began: number;
}

/** The container of all that is made again. */
export const PAST_CONTAINER: Container = 'fmp4';
/** In segments: how often the wall clock stands in a playlist; players reckon from there. */
const CLOCK_EVERY = 30;
/** A leap of more numbers than these is not bridged: what was before it is left out. */
const WIDEST_LEAP = 1000;

/** The segments of a stream that are on its shelf no longer, as far back as they are kept: told of in playlists, made again for who asks. */
export class History {
  readonly #stream: Stream;
  readonly #shelf: Shelf;
  readonly #ground: HistoryGround;
  readonly #remade: Remade;
  /** By the tracks that they are for, and by their names. */
  readonly #inits = new Map<readonly Track[], Init>();
  #past: Past | undefined;
  #told: Told[] = [];
  #update: Promise<void> | undefined;

  /** Empty until it is first brought {@link toDate}. */
  constructor(stream: Stream, shelf: Shelf, ground: HistoryGround) {
    this.#stream = stream;
    this.#shelf = shelf;
    this.#ground = ground;
    this.#remade = new Remade(ground);
  }

  /** The segments before those that the shelf lists, the oldest first, numbers without a break. */
  get told(): readonly Told[] {
    return this.#told;
  }

  /** Takes in what the shelf does not list any more. Resolves when that is done. */
  toDate(): Promise<void> {
    this.#update ??= this.#extend().finally(() => {
      this.#update = undefined;
    });
    return this.#update;
  }

  /** Whether it tells of a segment that the shelf does not have. */
  has(number: number): boolean {
    const [first, last] = [this.#told[0], this.#told.at(-1)];
    const isTold = first !== undefined && number >= first.number && number <= last!.number;
    return isTold && (this.#shelf.find(number)?.gap ?? true);
  }

  /** The init segment of that name, where a segment here needs it. */
  init(name: string): Uint8Array | undefined {
    for (const init of this.#inits.values()) if (init.name === name) return init.bytes;
    return undefined;
  }

  /** A segment of the past, in the pieces of which it is made; `undefined` where it cannot be had. */
  async segment(number: number): Promise<readonly Uint8Array[] | undefined> {
    return this.#past && this.#remade.segment(this.#past, number);
  }

  async #extend(): Promise<void> {
    this.#past ??= await this.#ground.find(this.#stream);
    const first = this.#shelf.listed[0]?.stamp.segment;
    if (!this.#past || first === undefined) return;
    if (this.#told.length === 0) {
      const all = await this.#past.segments();
      for (const each of all) if (each.stamp.segment < first) this.#add(each);
    }
    for (let next = this.#next; next < first; next++) {
      const found = await this.#find(this.#past, next);
      if (found) this.#add(found);
    }
    const missing = first - this.#next;
    if (missing > 0) this.#bridge(missing, this.#shelf.listed[0]!.time);
    this.#forget();
  }

  /** The number behind the last segment that is told of; without any there is none to wait for. */
  get #next(): number {
    return (this.#told.at(-1)?.number ?? Number.POSITIVE_INFINITY) + 1;
  }

  /** What is not kept, but was there, is told of as a gap. */
  async #find(past: Past, number: number): Promise<PastSegment | undefined> {
    const shelved = this.#shelf.find(number);
    const known = shelved && { ...shelved, duration: shelved.duration!, tracks: [], gap: true };
    return (await past.find(number)) ?? known;
  }

  #add(segment: PastSegment): void {
    const missing = this.#told.length > 0 ? segment.stamp.segment - this.#next : 0;
    if (missing > 0) this.#bridge(missing, segment.time);
    this.#tell(segment);
  }

  /** Numbers that were never used, or whose segments are not kept, as gaps that fill the time until `until`. */
  #bridge(missing: number, until: number): void {
    if (missing > WIDEST_LEAP) {
      this.#told = [];
      return;
    }
    const { number, began, duration, discontinuity } = this.#told.at(-1)!;
    const length = Math.max(1, Math.floor((until - began - duration) / missing));
    for (let i = 0; i < missing; i++) {
      const stamp = { segment: number + 1 + i, discontinuity };
      this.#tell({ stamp, time: began + duration + i * length, duration: length, tracks: [], gap: true });
    }
  }

  #tell({ stamp, time, duration, tracks, gap }: PastSegment): void {
    const { segment: number, discontinuity } = stamp;
    const isClockDue = this.#told.length % CLOCK_EVERY === 0 || this.#told.at(-1)!.discontinuity !== discontinuity;
    this.#told.push({
      number,
      discontinuity,
      uri: `${number}.m4s`,
      duration,
      parts: [],
      init: tracks.length > 0 ? this.#initOf(tracks).name : this.#told.at(-1)?.init,
      time: isClockDue ? time : undefined,
      gap,
      began: time,
    });
  }

  #initOf(tracks: readonly Track[]): Init {
    let init = this.#inits.get(tracks);
    if (!init) this.#inits.set(tracks, (init = packagings[PAST_CONTAINER]()(tracks).init!));
    return init;
  }

  /** What lies too far back is told of no longer. The first one always has the wall clock. */
  #forget(): void {
    const oldest = (this.#told.at(-1)?.began ?? 0) - this.#ground.reach;
    const kept = this.#told.findIndex(({ began }) => began >= oldest);
    if (kept <= 0) return;
    this.#told.splice(0, kept);
    this.#told[0] = { ...this.#told[0]!, time: this.#told[0]!.began };
  }
}
