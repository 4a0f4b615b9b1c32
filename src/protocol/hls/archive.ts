import type { Clock } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { readMediaPlaylist, type ToldSegment } from '../../container/hls/read-media-playlist.ts';
import type { ReadFile } from '../../hub/files.ts';
import type { Past, PastFrames, PastSegment } from '../../hub/past.ts';
import type { Track } from '../../media/track.ts';
import { readName, segmentName, WHOLE_PLAYLIST } from './names.ts';
import { packagings } from './packaging.ts';
import { Segmenter } from './segmenter.ts';
import { Shelf } from './shelf.ts';
import type { Init } from './shelved.ts';

/** A segment that is over, with the wall clock at its first frame: microseconds since 1970. */
export type PastTold = ToldSegment & { readonly time: number };

/** Where segments of a stream can be had that are on no shelf any more. */
export interface Archive {
  /** All that it has, the oldest first; their numbers go up, and some may be missing. */
  list(): Promise<readonly PastTold[]>;
  /** One that has just left the shelf, where it was as `seen`; `undefined` where nothing is known of it. */
  find(number: number, seen: PastTold | undefined): Promise<PastTold | undefined>;
  /** A segment in pieces; `undefined` where it is not to be had. */
  segment(number: number): Promise<readonly Uint8Array[] | undefined>;
  /** An init segment in pieces; `undefined` where it is not to be had. */
  init(name: string): Promise<readonly Uint8Array[] | undefined>;
}

/** What was recorded here. Segments are made again of its frames. */
export class RecordedArchive implements Archive {
  readonly #past: Past;
  readonly #part: number;
  readonly #clock: Clock;
  readonly #inits = new Map<readonly Track[], Init>();

  /** `part` is how long parts are aimed at, in microseconds. */
  constructor(past: Past, part: number, clock: Clock) {
    this.#past = past;
    this.#part = part;
    this.#clock = clock;
  }

  async list(): Promise<readonly PastTold[]> {
    return (await this.#past.segments()).map((each) => this.#told(each));
  }

  async find(number: number, seen: PastTold | undefined): Promise<PastTold | undefined> {
    const found = await this.#past.find(number);
    return found ? this.#told(found) : seen && { ...seen, gap: true };
  }

  async segment(number: number): Promise<readonly Uint8Array[] | undefined> {
    const frames = await this.#past.frames(number);
    return frames && remake(frames, this.#part, this.#clock);
  }

  async init(name: string): Promise<readonly Uint8Array[] | undefined> {
    for (const init of this.#inits.values()) if (init.name === name) return [init.bytes!];
    return undefined;
  }

  #told({ stamp: { segment: number, discontinuity }, time, duration, tracks, gap }: PastSegment): PastTold {
    const common = { number, discontinuity, uri: segmentName(number, 'fmp4'), parts: [], time, duration, gap };
    return { ...common, init: this.#initOf(tracks) };
  }

  #initOf(tracks: readonly Track[]): string {
    const init = this.#inits.get(tracks) ?? packagings.fmp4()(tracks).init!;
    this.#inits.set(tracks, init);
    return init.name;
  }
}

/** As all that a segmenter goes by is in the frames, the segment is the same as ever, to the last byte. */
function remake({ tracks, frames, next }: PastFrames, part: number, clock: Clock): readonly Uint8Array[] | undefined {
  const shelf = new Shelf({ window: 1, bytes: Number.POSITIVE_INFINITY }, clock);
  const kinds = new Map(tracks.map((track) => [track.kind, track]));
  const lineup = Object.fromEntries(tracks.map(({ kind, codec }) => [kind, codec]));
  const segmenter = new Segmenter({ lineup, tracks: kinds }, shelf, packagings.fmp4(), part);
  for (const frame of frames) segmenter.write(frame);
  if (next) segmenter.write(next);
  else segmenter.finish();
  return shelf.find(frames[0]!.stamp!.segment)?.content;
}

/** How long others may take to tell what they have, and to send a file; in milliseconds. */
const [PATIENCE_TO_ASK, PATIENCE_TO_FETCH] = [2000, 10_000];
const LARGEST_PLAYLIST = 8 * 1024 * 1024;
const LARGEST_INIT = 1024 * 1024;

/** What another node keeps, or another worker of this one. */
export class RemoteArchive implements Archive {
  readonly #read: ReadFile;
  /** How large a segment may be, in bytes. */
  readonly #most: number;

  constructor(read: ReadFile, most: number) {
    this.#read = read;
    this.#most = most;
  }

  async list(): Promise<readonly PastTold[]> {
    const reading = { most: LARGEST_PLAYLIST, signal: AbortSignal.timeout(PATIENCE_TO_ASK) };
    const pieces = await this.#read(WHOLE_PLAYLIST, reading);
    const { segments } = readMediaPlaylist(Buffer.concat(pieces).toString());
    return withTimes(segments.filter(({ init = '' }) => readName(init)?.kind === 'init'));
  }

  /** What was on the shelf is there, as long as it is kept there: the next list will tell. */
  async find(_: number, seen: PastTold | undefined): Promise<PastTold | undefined> {
    return seen;
  }

  segment(number: number): Promise<readonly Uint8Array[] | undefined> {
    return this.#fetch(segmentName(number, 'fmp4'), this.#most);
  }

  init(name: string): Promise<readonly Uint8Array[] | undefined> {
    return this.#fetch(name, LARGEST_INIT);
  }

  async #fetch(name: string, most: number): Promise<readonly Uint8Array[] | undefined> {
    try {
      return await this.#read(name, { most, signal: AbortSignal.timeout(PATIENCE_TO_FETCH) });
    } catch (error) {
      if (error instanceof RefusedError && error.code === 'not-found') return undefined;
      throw error;
    }
  }
}

/** A long playlist tells the wall clock now and then: the others are as much later as it says. */
function withTimes(segments: readonly ToldSegment[]): PastTold[] {
  const told: PastTold[] = [];
  for (const segment of segments) {
    const before = told.at(-1);
    const time = segment.time ?? (before && before.time + before.duration);
    if (time !== undefined) told.push({ ...segment, time });
  }
  return told;
}
