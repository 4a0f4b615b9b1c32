import { type Clock, SECOND } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { Turnstile } from '../../base/turnstile.ts';
import { readMediaPlaylist, type ToldSegment } from '../../container/hls/read-media-playlist.ts';
import type { ReadFile } from '../../hub/files.ts';
import { MEDIA_PLAYLIST, readName, segmentName } from './names.ts';
import type { Shelf } from './shelf.ts';
import type { ShelvedSegment } from './shelved.ts';

/** What a {@link Retrieval} goes by. */
export interface RetrievalGround {
  /** Who else has the stream at present, or what is left of it: asked in this order. */
  readonly sources: () => readonly ReadFile[];
  /** How large a segment may be, in bytes. */
  readonly bytes: number;
  readonly clock: Clock;
}

/** How long others may take to tell what they have, and to send a file; in microseconds. */
const PATIENCE_TO_ASK = 1 * SECOND;
const PATIENCE_TO_FETCH = 10 * SECOND;
/** How many files of a stream are fetched at once. */
const MOST_AT_ONCE = 4;
const LARGEST_PLAYLIST = 1024 * 1024;
const LARGEST_INIT = 1024 * 1024;

/** Fetches what a shelf lacks from those who have it: each file once, however many ask for it. */
export class Retrieval {
  readonly #shelf: Shelf;
  readonly #ground: RetrievalGround;
  readonly #turnstile = new Turnstile(MOST_AT_ONCE);
  /** What is being fetched, by name. */
  readonly #underWay = new Map<string, Promise<readonly Uint8Array[]>>();
  /** Who has yet to tell what it has. */
  readonly #asked = new Set<ReadFile>();

  constructor(shelf: Shelf, ground: RetrievalGround) {
    this.#shelf = shelf;
    this.#ground = ground;
  }

  /** Whether there is anybody to ask. */
  get isPossible(): boolean {
    return this.#ground.sources().length > 0;
  }

  /** Has the shelf told what the others have before a segment (see {@link Shelf.tell}). Resolves in a second at most; never rejects. */
  async ask(before?: number): Promise<void> {
    const answers = this.#ground.sources().map((read) => this.#told(read).catch(() => []));
    for (const told of await Promise.all(answers)) this.#shelf.tell(told, before);
  }

  /** The bytes of a segment. Rejects with {@link RefusedError}: `not-found` where nobody has it, after which it is a gap. */
  async segment(segment: ShelvedSegment): Promise<readonly Uint8Array[]> {
    try {
      const content = await this.#fetch(segmentName(segment.stamp.segment, 'fmp4'), this.#ground.bytes);
      if (segment.content !== content) this.#shelf.fill(segment, content);
      return content;
    } catch (error) {
      if (error instanceof RefusedError && error.code === 'not-found') this.#shelf.lose(segment);
      throw error;
    }
  }

  /** The bytes of an init segment. Rejects with {@link RefusedError}. */
  async init(name: string): Promise<readonly Uint8Array[]> {
    const pieces = await this.#fetch(name, LARGEST_INIT);
    this.#shelf.keepInit(name, Buffer.concat(pieces));
    return pieces;
  }

  async #told(read: ReadFile): Promise<readonly ToldSegment[]> {
    if (this.#asked.has(read)) return [];
    const pieces = await this.#within(PATIENCE_TO_ASK, (signal) => {
      this.#asked.add(read);
      return read(MEDIA_PLAYLIST, { most: LARGEST_PLAYLIST, signal }).finally(() => this.#asked.delete(read));
    });
    const { segments, ended } = readMediaPlaylist(Buffer.concat(pieces).toString());
    // What has ended is another stream of the same name.
    if (ended) return [];
    return segments.filter(({ init = '', time }) => time !== undefined && readName(init)?.kind === 'init');
  }

  #fetch(name: string, most: number): Promise<readonly Uint8Array[]> {
    const present = this.#underWay.get(name);
    if (present) return present;
    const fetched = this.#turnstile.pass(() => this.#read(name, most)).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, fetched);
    return fetched;
  }

  async #read(name: string, most: number): Promise<readonly Uint8Array[]> {
    let isNowhere = true;
    for (const read of this.#ground.sources()) {
      try {
        return await this.#within(PATIENCE_TO_FETCH, (signal) => read(name, { most, signal }));
      } catch (error) {
        isNowhere &&= error instanceof RefusedError && (error.code === 'not-found' || error.code === 'too-large');
      }
    }
    if (isNowhere && this.isPossible) throw new RefusedError('not-found', `nobody has ${name} any more`);
    throw new RefusedError('limit', `${name} cannot be fetched at present`);
  }

  async #within<T>(patience: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController();
    const expired = Promise.withResolvers<never>();
    const cancel = this.#ground.clock.after(patience, () => {
      const reason = new RefusedError('timeout', 'it takes too long');
      late.abort(reason);
      expired.reject(reason);
    });
    return Promise.race([work(late.signal), expired.promise]).finally(cancel);
  }
}
