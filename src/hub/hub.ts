import type { Clock } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Window } from '../base/log.ts';
import type { Signal } from '../base/signal.ts';
import { describePath } from './path.ts';
import { outwait, Publisher } from './publisher.ts';
import type { Session } from './session.ts';
import { type Publishing, Stream } from './stream.ts';

/** How streams behave when publishers come and go. */
export interface HubOptions {
  /** What every stream keeps for its readers. */
  readonly window: Window;
  /** How long a stream waits for a publisher that broke off, in microseconds. */
  readonly grace: number;
  /** How long it goes on after a deliberate stop, in microseconds; 0 ends it at once. */
  readonly stopGrace: number;
  /** Who wins when a second publisher comes: see docs/publish.md. */
  readonly takeover: 'stale' | 'always' | 'never';
  /** How long a publisher must have been silent to count as stale, in microseconds. */
  readonly staleAfter: number;
}

/** What happens in the life of a stream. Callbacks, logs and metrics hang on these. */
export type HubEvent =
  | { readonly type: 'published'; readonly stream: Stream; readonly session: Session }
  | { readonly type: 'unpublished'; readonly stream: Stream; readonly session: Session; readonly deliberate: boolean }
  | { readonly type: 'read'; readonly stream: Stream; readonly session: Session }
  | { readonly type: 'stopped'; readonly stream: Stream; readonly session: Session }
  | { readonly type: 'ended'; readonly stream: Stream };

/** Where publishers and readers of streams meet. */
export class Hub {
  readonly #options: HubOptions;
  readonly #clock: Clock;
  readonly #streams = new Map<string, Stream>();
  readonly #observers: ((event: HubEvent) => void)[] = [];
  /** Called when a stream has frames to read, by path. */
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Cancels the end of a stream that has no publisher. */
  readonly #endings = new Map<Stream, () => void>();
  /** Why nothing can be published or read any more. */
  #closed: RefusedError | undefined;

  constructor(options: HubOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** All streams, those included that wait for their publisher's return. */
  get streams(): Iterable<Stream> {
    return this.#streams.values();
  }

  find(path: string): Stream | undefined {
    return this.#streams.get(path);
  }

  /** Has every event of every stream handed to `observer`, which must not throw. */
  observe(observer: (event: HubEvent) => void): void {
    this.#observers.push(observer);
  }

  /**
   * Makes `session` the publisher of `path`, begins the stream if there is none, and replaces a present publisher as the
   * takeover rule says. Throws {@link RefusedError} `busy` if that one stays, and the reason of `signal` when it aborts.
   */
  async publish(path: string, session: Session, signal: Signal): Promise<Publisher> {
    for (;;) {
      this.#check(signal);
      const rival = this.find(path)?.publisher;
      if (!rival) return this.#begin(this.#streams.get(path) ?? this.#create(path), session);
      const yields = await this.#yields(rival, signal);
      this.#check(signal);
      if (!yields) throw new RefusedError('busy', `${describePath(path)} is being published by somebody else`);
      if (rival.closed) continue;
      rival.close(false);
      rival.session.close(new RefusedError('busy', `another publisher took ${describePath(path)} over`));
    }
  }

  /**
   * The stream at `path`, as soon as there are frames in it. Throws {@link RefusedError} `not-found` after `wait`
   * microseconds, which may be infinite, and the reason of `signal` when it aborts.
   */
  async read(path: string, wait: number, signal: Signal): Promise<Stream> {
    const deadline = this.#clock.now() + wait;
    for (;;) {
      this.#check(signal);
      const stream = this.#streams.get(path);
      if (stream?.lineup) return stream;
      await this.#appearance(path, deadline - this.#clock.now(), signal);
    }
  }

  /** Counts `session` among the readers of `stream` until the function returned is called. */
  join(stream: Stream, session: Session): () => void {
    stream.readers.add(session);
    this.#emit({ type: 'read', stream, session });
    return () => {
      if (stream.readers.delete(session)) this.#emit({ type: 'stopped', stream, session });
    };
  }

  /** Ends all streams at once; from then on everything is refused. */
  close(): void {
    this.#closed = new RefusedError('shutdown', 'the server is stopping');
    for (const path of [...this.#waiting.keys()]) this.#announce(path);
    for (const stream of [...this.#streams.values()]) {
      stream.publisher?.close(true);
      this.#end(stream, this.#closed);
    }
  }

  #check(signal: Signal): void {
    if (this.#closed) throw this.#closed;
    if (signal.aborted) throw signal.reason;
  }

  async #yields(rival: Publishing, signal: Signal): Promise<boolean> {
    const { takeover, staleAfter } = this.#options;
    if (takeover !== 'stale') return takeover === 'always';
    return outwait(rival, staleAfter, signal, this.#clock);
  }

  #create(path: string): Stream {
    const stream = new Stream(path, this.#clock.wall(), this.#options.window);
    this.#streams.set(path, stream);
    return stream;
  }

  #begin(stream: Stream, session: Session): Publisher {
    this.#endings.get(stream)?.();
    this.#endings.delete(stream);
    const publisher = new Publisher(stream, session, this.#clock, {
      begun: () => this.#announce(stream.path),
      closed: (deliberate) => this.#unpublish(publisher, deliberate),
    });
    stream.publisher = publisher;
    this.#emit({ type: 'published', stream, session });
    return publisher;
  }

  #unpublish(publisher: Publisher, deliberate: boolean): void {
    const { stream, session } = publisher;
    stream.publisher = undefined;
    this.#emit({ type: 'unpublished', stream, session, deliberate });
    // A stream that never showed a frame has no viewers to keep.
    const grace = !stream.lineup ? 0 : deliberate ? this.#options.stopGrace : this.#options.grace;
    const end = () => this.#end(stream, new RefusedError('gone', `${describePath(stream.path)} has ended`));
    this.#endings.set(stream, this.#clock.after(grace, end));
  }

  #end(stream: Stream, reason: RefusedError): void {
    this.#endings.get(stream)?.();
    this.#endings.delete(stream);
    this.#streams.delete(stream.path);
    stream.end(reason.code, reason.message);
    this.#emit({ type: 'ended', stream });
  }

  #announce(path: string): void {
    const waiting = this.#waiting.get(path);
    this.#waiting.delete(path);
    for (const wake of waiting ?? []) wake();
  }

  #appearance(path: string, wait: number, signal: Signal): Promise<void> {
    if (wait <= 0) throw new RefusedError('not-found', `nothing is published on ${describePath(path)}`);
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(path) ?? new Set();
      this.#waiting.set(path, waiting);
      const settle = (act: () => void) => {
        cancel();
        signal.removeEventListener('abort', abort);
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(path) === waiting) this.#waiting.delete(path);
        act();
      };
      const wake = () => settle(resolve);
      const abort = () => settle(() => reject(signal.reason));
      const expire = () =>
        settle(() => reject(new RefusedError('not-found', `nothing was published on ${describePath(path)} in time`)));
      const cancel = Number.isFinite(wait) ? this.#clock.after(wait, expire) : () => {};
      signal.addEventListener('abort', abort);
      waiting.add(wake);
      if (signal.aborted) abort();
    });
  }

  #emit(event: HubEvent): void {
    for (const observer of this.#observers) observer(event);
  }
}
