import type { Clock } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Logger } from '../../ops/log.ts';
import type { HlsOptions } from './options.ts';
import { type Container, packagings } from './packaging.ts';
import { Segmenter } from './segmenter.ts';
import { Shelf } from './shelf.ts';

/** What making segments needs. */
export interface FeedGround {
  readonly options: HlsOptions;
  /** The most that the segments of one stream may take in one container, in bytes. */
  readonly bytes: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes segments of a stream in one container, from the oldest one that its window has from its beginning, until it is closed. */
export class Feed {
  readonly stream: Stream;
  readonly shelf: Shelf;
  readonly #segmenter: Segmenter;
  readonly #log: Logger;
  readonly #leave: () => void;
  #position: number;
  #isDue = false;
  #closed = false;

  constructor(stream: Stream, container: Container, { options, bytes, clock, log }: FeedGround) {
    this.stream = stream;
    this.#log = log;
    this.shelf = new Shelf({ window: options.window, bytes }, clock);
    this.#segmenter = new Segmenter(stream, this.shelf, packagings[container](), options.part);
    this.#position = oldestStamped(stream);
    this.#leave = stream.log.onChange(() => this.#schedule());
    this.#pump();
  }

  /** Makes no more segments; those that are there stay. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#leave();
  }

  /** Frames that come together are taken together. */
  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    this.#isDue = false;
    if (this.#closed) return;
    try {
      this.#read();
    } catch (error) {
      this.close();
      if (!(error instanceof RefusedError))
        this.#log.error({ error, path: this.stream.path }, 'making segments failed');
      this.shelf.fail(error instanceof RefusedError ? error : new RefusedError('gone', 'no segments can be made'));
    }
  }

  #read(): void {
    const { log } = this.stream;
    if (this.#position < log.tail) {
      this.#segmenter.spoil();
      this.#position = log.tail;
    }
    while (this.#position < log.head) this.#segmenter.write(log.at(this.#position++));
    if (!this.stream.ended) return;
    this.close();
    this.#segmenter.finish();
  }
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
