import { type Clock, SECOND } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import type { ReadFile } from '../../hub/files.ts';
import type { Pasts } from '../../hub/past.ts';
import type { StreamPath } from '../../hub/path.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Logger } from '../../ops/log.ts';
import { History } from './history.ts';
import type { HlsOptions } from './options.ts';
import { type Container, packagings } from './packaging.ts';
import { Retrieval } from './retrieval.ts';
import { Segmenter } from './segmenter.ts';
import { Shelf } from './shelf.ts';

/** What making segments needs. */
export interface FeedGround {
  readonly options: HlsOptions;
  /** The most that the segments of one stream may take in one container, in bytes. */
  readonly bytes: number;
  /** How far back streams can be watched, in microseconds, and where their past is kept. */
  readonly reach: number;
  readonly pasts: Pick<Pasts, 'find' | 'elsewhere'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Reads what is kept of a stream as files, if it is. */
  readonly files?: ((path: StreamPath) => ReadFile) | undefined;
}

/** How often others are asked what they have, in microseconds: so long they make segments for us, and so long a hole may stay. */
const ASK_EVERY = 10 * SECOND;

/**
 * Makes segments of a stream in one container, from the oldest one that its window has from its beginning, until it is closed.
 * What it cannot make, because the frames were here too early or not at all, it has told by those who have the same stream.
 */
export class Feed {
  readonly stream: Stream;
  readonly shelf: Shelf;
  readonly retrieval: Retrieval;
  /** Of segments in fMP4 that are on the shelf no longer. */
  readonly history: History;
  readonly #segmenter: Segmenter;
  readonly #ground: FeedGround;
  readonly #leave: () => void;
  #cancelAsking = () => {};
  #position: number;
  #isDue = false;
  /** Whether it waits for what others tell, and what resolves then. */
  #isAsking = false;
  #told = Promise.resolve();
  /** Before which segment the others were asked last. */
  #askedBefore: number | undefined;
  #closed = false;

  constructor(stream: Stream, container: Container, ground: FeedGround) {
    const { options, bytes, clock, reach, pasts } = ground;
    this.stream = stream;
    this.#ground = ground;
    this.shelf = new Shelf({ window: options.window, bytes }, clock);
    this.retrieval = new Retrieval(this.shelf, { sources: sourcesOf(stream, container, ground), bytes, clock });
    const kept = { find: () => pasts.find(stream), elsewhere: () => pasts.elsewhere(stream) };
    this.history = new History(this.shelf, { ...kept, part: options.part, reach, bytes, clock });
    this.#segmenter = new Segmenter(stream, this.shelf, packagings[container](), options.part);
    this.#position = oldestStamped(stream);
    this.#leave = stream.log.onChange(() => this.#schedule());
    if (container === 'fmp4') this.#askLater();
    if (this.retrieval.isPossible) void this.#begin();
    this.#pump();
  }

  /** Resolves when all frames that are here are taken, and it is known what others have before them. */
  toDate(): Promise<void> {
    this.#pump();
    return this.#told;
  }

  /** Makes no more segments; those that are there stay. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#cancelAsking();
    this.#leave();
  }

  /** What was made before this node had the stream, others have; the newest of it is what somebody wants next. */
  async #begin(): Promise<void> {
    await this.#ask(this.#nextStamp);
    const newest = this.shelf.listed.findLast(({ content, elsewhere }) => !content && elsewhere);
    if (newest) this.retrieval.segment(newest).catch(() => {});
  }

  get #nextStamp(): number | undefined {
    const { log } = this.stream;
    return this.#position < log.head ? log.at(this.#position).stamp?.segment : undefined;
  }

  /** Takes no frames until others have told what they have before a segment. */
  #ask(before: number | undefined): Promise<void> {
    this.#isAsking = true;
    this.#askedBefore = before;
    this.#told = this.retrieval.ask(before).then(() => {
      this.#isAsking = false;
      this.#pump();
    });
    return this.#told;
  }

  #askLater(): void {
    this.#cancelAsking = this.#ground.clock.after(ASK_EVERY, () => {
      this.#askLater();
      if (!this.#isAsking) void this.retrieval.ask();
    });
  }

  /** Frames that come together are taken together. */
  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    this.#isDue = false;
    if (this.#closed || this.#isAsking) return;
    try {
      this.#read();
    } catch (error) {
      this.close();
      if (!(error instanceof RefusedError))
        this.#ground.log.error({ error, path: this.stream.path }, 'making segments failed');
      this.shelf.fail(error instanceof RefusedError ? error : new RefusedError('gone', 'no segments can be made'));
    }
  }

  #read(): void {
    const { log } = this.stream;
    if (this.#position < log.tail) {
      this.#segmenter.spoil();
      this.#position = log.tail;
    }
    for (; this.#position < log.head; this.#position++) {
      const frame = log.at(this.#position);
      this.#segmenter.look(frame);
      if (frame.stamp && this.#isWorthAsking(frame.stamp.segment)) return void this.#ask(frame.stamp.segment);
      this.#segmenter.write(frame);
    }
    if (!this.stream.ended) return;
    this.close();
    this.#segmenter.finish();
  }

  #isWorthAsking(segment: number): boolean {
    return this.retrieval.isPossible && segment !== this.#askedBefore && this.shelf.isAfterHole(segment);
  }
}

/** Tells who else has the files of a stream at present. In MPEG-TS they differ from node to node. */
function sourcesOf(stream: Stream, container: Container, { files }: FeedGround): () => readonly ReadFile[] {
  if (container !== 'fmp4') return () => [];
  const kept = files?.(stream.path);
  return () => [kept, stream.upstream].filter((source) => source !== undefined);
}

/** Where the oldest segment begins that is whole in the window; the end of the log where none does. */
function oldestStamped({ log }: Stream): number {
  for (let at = log.tail; at < log.head; at++) if (log.at(at).stamp) return at;
  return log.head;
}

interface Kept {
  readonly feed: Feed;
  uses: number;
  cancel: () => void;
}

/** The feeds of all streams: one per stream and container, which all viewers share and which outlasts the last one by a while. */
export class Feeds {
  readonly #ground: FeedGround;
  readonly #kept = new WeakMap<Stream, Map<Container, Kept>>();

  constructor(ground: FeedGround) {
    this.#ground = ground;
  }

  /** The feed, begun now if there is none; call `release` once when done with it. */
  use(stream: Stream, container: Container): { feed: Feed; release: () => void } {
    const ofStream = this.#kept.get(stream) ?? new Map<Container, Kept>();
    this.#kept.set(stream, ofStream);
    const present = ofStream.get(container);
    const kept =
      present && !present.feed.shelf.failed
        ? present
        : { feed: new Feed(stream, container, this.#ground), uses: 0, cancel: () => {} };
    ofStream.set(container, kept);
    kept.cancel();
    kept.uses++;
    return { feed: kept.feed, release: () => this.#release(ofStream, container, kept) };
  }

  /** The feed, if there is one. */
  find(stream: Stream, container: Container): Feed | undefined {
    return this.#kept.get(stream)?.get(container)?.feed;
  }

  #release(ofStream: Map<Container, Kept>, container: Container, kept: Kept): void {
    if (--kept.uses > 0) return;
    const { clock, options } = this.#ground;
    kept.cancel = clock.after(options.idle, () => {
      kept.feed.close();
      if (ofStream.get(container) === kept) ofStream.delete(container);
    });
  }
}
