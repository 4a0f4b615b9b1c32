import { mediaPlaylist } from '../../container/hls/media-playlist.ts';
import type { Feed } from './feed.ts';
import type { Folder } from './folder.ts';
import { MEDIA_PLAYLIST, readName, segmentName } from './names.ts';
import { segmentOf, targetDurationOf } from './playlist.ts';
import type { ShelvedSegment } from './shelved.ts';

/** Stands in every folder that we made: in others nothing is removed. */
export const MARK = '.headwater';

/** What a {@link Copy} is made with. */
export interface CopyGround {
  readonly folder: Folder;
  /** The stream's own place in it. */
  readonly place: string;
  /** How long segments are aimed at, in microseconds. */
  readonly segment: number;
  /** The playlist was written. */
  readonly onWritten: () => Promise<void>;
  /** A segment was written, and the playlist that names it. */
  readonly onSegment: (segment: ShelvedSegment) => void;
  /** Something cannot be written for this reason, or can be again. */
  readonly onTrouble: (reason: string | undefined) => void;
}

/**
 * Keeps what a feed of fMP4 has as files: segments first, then the playlist that names them, and old ones go. The shelf is all that
 * waits for a slow disk: what has left it before its turn is a gap in the files.
 */
export class Copy {
  readonly feed: Feed;
  /** Resolves when no more will be written: to whether the stream has ended. */
  readonly done: Promise<boolean>;
  readonly #ground: CopyGround;
  readonly #done = Promise.withResolvers<boolean>();
  readonly #unwatch: () => void;
  readonly #written = new Set<number>();
  readonly #inits = new Set<string>();
  /** Those that are written, and that no playlist names yet. */
  #unnamed: ShelvedSegment[] = [];
  /** Each is tried once. */
  readonly #failed = new Set<number>();
  #playlist = '';
  #isMarked = false;
  #hasLeft = false;
  #isDue = true;
  #isBusy = false;
  #trouble: string | undefined;

  constructor(feed: Feed, ground: CopyGround) {
    this.feed = feed;
    this.#ground = ground;
    this.done = this.#done.promise;
    this.#unwatch = feed.shelf.onChange(() => this.#schedule());
    void this.#begin().then(() => this.#schedule());
  }

  /** Whether there is something to play. */
  get isThere(): boolean {
    return this.#playlist !== '';
  }

  /** Writes no more; nothing is said of an end where the stream has none. Idempotent. */
  leave(hasEnded = false): void {
    this.#unwatch();
    this.#hasLeft = true;
    this.#done.resolve(hasEnded);
  }

  /** What was there before a restart counts as written, once the shelf knows of it. */
  async #begin(): Promise<void> {
    this.#isBusy = true;
    await this.feed.toDate();
    const { folder, place } = this.#ground;
    const names = await folder.list(place);
    this.#isMarked = names.includes(MARK);
    for (const name of this.#isMarked ? names : []) {
      const wish = readName(name);
      if (wish?.kind === 'init') this.#inits.add(name);
      else if (wish?.part === undefined && wish?.container === 'fmp4') this.#written.add(wish.segment);
    }
    this.#isBusy = false;
  }

  #schedule(): void {
    this.#isDue = true;
    if (!this.#isBusy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#isDue && !this.#hasLeft) {
      this.#isDue = false;
      await this.#sync();
    }
    this.#isBusy = false;
    const { ended, failed } = this.feed.shelf;
    if (ended || failed) this.leave(ended);
  }

  async #sync(): Promise<void> {
    const { shelf } = this.feed;
    const isDue = ({ stamp: { segment }, duration, gap }: ShelvedSegment) =>
      duration !== undefined && !gap && !this.#written.has(segment) && !this.#failed.has(segment);
    for (let next = shelf.listed.find(isDue); next; next = shelf.listed.find(isDue))
      if (await this.#put(next)) this.#unnamed.push(next);
    if (await this.#try(() => this.#writePlaylist())) {
      for (const each of this.#unnamed) this.#ground.onSegment(each);
      this.#unnamed = [];
    }
    this.#unnamed = this.#unnamed.filter(({ stamp }) => shelf.find(stamp.segment) !== undefined);
    await this.#try(() => this.#sweep());
  }

  /** Resolves to whether it is written. */
  async #put(segment: ShelvedSegment): Promise<boolean> {
    const { shelf, retrieval } = this.feed;
    const { folder, place } = this.#ground;
    const number = segment.stamp.segment;
    const isDone = await this.#try(async () => {
      if (!this.#isMarked) await folder.write(`${place}/${MARK}`, []);
      this.#isMarked = true;
      await this.#putInit(segment.init!.name);
      const content = segment.content ?? (await retrieval.segment(segment));
      await folder.write(`${place}/${segmentName(number, 'fmp4')}`, content);
    });
    if (!isDone) {
      this.#failed.add(number);
      return false;
    }
    this.#report(undefined);
    this.#written.add(number);
    shelf.keep(segment);
    return true;
  }

  async #putInit(name: string): Promise<void> {
    if (this.#inits.has(name)) return;
    const { folder, place } = this.#ground;
    const bytes = this.feed.shelf.init(name)?.bytes;
    await folder.write(`${place}/${name}`, bytes ? [bytes] : await this.feed.retrieval.init(name));
    this.#inits.add(name);
  }

  async #writePlaylist(): Promise<void> {
    const { folder, place, segment, onWritten } = this.#ground;
    const text = this.#text(segment);
    if (text === this.#playlist || text === '') return;
    await folder.write(`${place}/${MEDIA_PLAYLIST}`, [Buffer.from(text)]);
    this.#playlist = text;
    await onWritten();
  }

  /** Empty while there is nothing to play. A server that stops does not end the stream. */
  #text(segment: number): string {
    const { shelf, stream } = this.feed;
    const over = shelf.listed.filter(({ duration }) => duration !== undefined);
    if (!over.some(({ stamp }) => this.#written.has(stamp.segment))) return '';
    const segments = over.map((each) => ({
      ...segmentOf(each, 'fmp4'),
      parts: [],
      gap: !this.#written.has(each.stamp.segment),
    }));
    const ended = shelf.ended && stream.ended?.code !== 'shutdown';
    return mediaPlaylist({ segments, targetDuration: targetDurationOf(shelf, segment), lowLatency: undefined, ended });
  }

  /** Removes what has left the shelf. */
  async #sweep(): Promise<void> {
    const { folder, place } = this.#ground;
    const { shelf } = this.feed;
    for (const number of this.#written) {
      if (shelf.find(number)) continue;
      this.#written.delete(number);
      await folder.remove(`${place}/${segmentName(number, 'fmp4')}`);
    }
    for (const name of this.#inits) {
      if (shelf.init(name)) continue;
      this.#inits.delete(name);
      await folder.remove(`${place}/${name}`);
    }
    for (const number of this.#failed) if (!shelf.find(number)) this.#failed.delete(number);
  }

  async #try(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#report((error as NodeJS.ErrnoException).code ?? (error as Error).message);
      return false;
    }
  }

  /** Each reason once, until a segment can be written again. */
  #report(reason: string | undefined): void {
    if (reason !== this.#trouble) this.#ground.onTrouble(reason);
    this.#trouble = reason;
  }
}
