import { type Clock, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Window } from '../base/log.ts';
import type { Signal } from '../base/signal.ts';
import { type Lease, type Leases, MemoryLeases } from './lease.ts';
import { Mirror } from './mirror.ts';
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
  /** How long segments are aimed at, in microseconds. */
  readonly segment: number;
}

/** What happens in the life of a stream. Callbacks, logs and metrics hang on these. */
export type HubEvent =
  | { readonly type: 'published'; readonly stream: Stream; readonly session: Session }
  | { readonly type: 'unpublished'; readonly stream: Stream; readonly session: Session; readonly deliberate: boolean }
  | { readonly type: 'read'; readonly stream: Stream; readonly session: Session }
  | { readonly type: 'stopped'; readonly stream: Stream; readonly session: Session }
  | { readonly type: 'ended'; readonly stream: Stream }
  | RecordingEvent;

/** What a recorder tells of a stream. */
export type RecordingEvent =
  /** A file is finished: how many bytes, and when its first and last frames came in, in milliseconds since 1970. */
  | {
      readonly type: 'recorded';
      readonly stream: Stream;
      readonly file: string;
      readonly size: number;
      readonly began: number;
      readonly ended: number;
    }
  /** Recording fails for this reason, or without one goes on again. */
  | { readonly type: 'recording'; readonly stream: Stream; readonly trouble: string | undefined };

/**
 * Looks for a stream elsewhere, and mirrors it if it can be had. Called for a path that somebody wants to read and nobody
 * publishes here; resolves, and never rejects, when the stream is there or can't be had. `undefined`: not even tried.
 */
export type Resolver = (path: string) => Promise<void> | undefined;

/** Elsewhere nobody tells when a stream begins: resolvers are asked so often as long as somebody waits for it. */
const SEARCH_EVERY = 1 * SECOND;
/** So many numbers of segments are given away in advance: as many at most are left out after a crash. */
const NUMBERS_AHEAD = 16;
/** For what nobody can end. */
const NEVER: Signal = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} };
/** Of a stream whose owner has not been heard of yet. */
const NO_OWNER: Lease = { token: 0, anchor: undefined };

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
  readonly #leases: Leases;
  readonly #resolvers: Resolver[] = [];
  /** Which streams are fetched as soon as they are to be had. */
  readonly #wishes: ((path: string) => boolean)[] = [];
  /** The searches under way, by path: readers of one path share one. */
  readonly #searches = new Map<string, Promise<void>>();
  /** Why nothing can be published or read any more. */
  #closed: RefusedError | undefined;

  constructor(options: HubOptions, clock: Clock, leases: Leases = new MemoryLeases(clock)) {
    this.#options = options;
    this.#clock = clock;
    this.#leases = leases;
    leases.onRival((path) => this.#yield(path));
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

  /** Has `resolver` asked for the streams that are wanted and not here. */
  resolveWith(resolver: Resolver): void {
    this.#resolvers.push(resolver);
  }

  /** Has streams that fit fetched when they are {@link offer}ed, and kept as long as they last though nobody reads them. */
  want(fits: (path: string) => boolean): void {
    this.#wishes.push(fits);
  }

  /** Whether any stream is wanted to be here. */
  get hasWishes(): boolean {
    return this.#wishes.length > 0;
  }

  /** Whether a module wants a stream to be here. */
  isWanted(path: string): boolean {
    return this.#wishes.some((fits) => fits(path));
  }

  /** A stream is to be had now from where it was not before: those who wait for it look again, and it is fetched if it is wanted. */
  offer(path: string): void {
    this.#announce(path);
    if (this.isWanted(path)) this.read(path, 0, NEVER).catch(() => {});
  }

  /**
   * Makes `session` the mirror of a stream that another node owns; the stream begins here with its announcement.
   * Throws {@link RefusedError} `busy` when it is being published or mirrored already.
   */
  mirror(path: string, session: Session): Mirror {
    if (this.#closed) throw this.#closed;
    const present = this.#streams.get(path);
    if (present?.publisher) throw new RefusedError('busy', `${describePath(path)} is being published here`);
    const stream = present ?? this.#add(new Stream(path, this.#clock.wall(), NO_OWNER, this.#options.window));
    const { next, floor } = stream.mirrored ?? { next: 0, floor: stream.newest.dts };
    stream.mirrored = { next, floor, isInner: session.isInner };
    return this.#append(
      stream,
      new Mirror(stream, session, this.#clock, {
        begun: () => this.#announce(path),
        closed: () => this.#unpublish(stream, session, false),
        ended: (code, message) => {
          this.#unpublish(stream, session, true);
          this.#end(stream, new RefusedError(code, message));
        },
      }),
    );
  }

  /**
   * Makes `session` the publisher of `path`, begins the stream if there is none, and replaces a present publisher as the
   * takeover rule says. Throws {@link RefusedError} `busy` if that one stays, and the reason of `signal` when it aborts.
   */
  async publish(path: string, session: Session, signal: Signal): Promise<Publisher> {
    for (;;) {
      this.#check(signal);
      const rival = this.#rival(path);
      if (!rival) {
        const lease = await this.#claim(path, signal);
        if (!this.#rival(path)) return this.#begin(this.#owned(path, lease), session);
      } else {
        const yields = await this.#yields(rival, signal);
        this.#check(signal);
        if (!yields) throw new RefusedError('busy', `${describePath(path)} is being published by somebody else`);
        this.#dismiss(rival, path);
      }
    }
  }

  /** Has whoever publishes a stream here, or fetches it from elsewhere, go at once: its owner is another one. */
  concede(path: string): void {
    const rival = this.#rival(path);
    if (rival) this.#dismiss(rival, path);
  }

  /**
   * The stream at `path`, as soon as there are frames in it; resolvers are asked for one that is not here, once at least and
   * again while it is waited for. Throws {@link RefusedError} `not-found` after `wait` microseconds, which may be infinite, and
   * the reason of `signal` when it aborts.
   */
  async read(path: string, wait: number, signal: Signal): Promise<Stream> {
    const deadline = this.#clock.now() + wait;
    const pause = this.#resolvers.length > 0 ? SEARCH_EVERY : Number.POSITIVE_INFINITY;
    for (let hasAsked = this.#resolvers.length === 0; ; ) {
      this.#check(signal);
      const stream = this.#streams.get(path);
      if (stream?.lineup) return stream;
      if (hasAsked || stream?.publisher) {
        await this.#appearance(path, deadline - this.#clock.now(), signal, { pause });
        hasAsked = pause === Number.POSITIVE_INFINITY;
      } else {
        await this.#search(path, signal);
        hasAsked = true;
      }
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

  /** Has all observers know what a recorder tells. */
  notify(event: RecordingEvent): void {
    this.#emit(event);
  }

  /** Ends a stream that was fetched for viewers who have left. */
  drop(path: string): void {
    const stream = this.#streams.get(path);
    stream?.publisher?.close(true);
    if (stream) this.#end(stream, new RefusedError('gone', 'nobody watches it any more'));
  }

  /** Ends all streams at once; from then on everything is refused. */
  close(): void {
    this.#closed = new RefusedError('shutdown', 'the server is stopping');
    for (const path of [...this.#waiting.keys()]) this.#announce(path);
    for (const stream of [...this.#streams.values()]) {
      stream.publisher?.close(true);
      if (!stream.mirrored) this.#keepNext(stream, 0);
      this.#end(stream, this.#closed);
    }
  }

  #check(signal: Signal): void {
    if (this.#closed) throw this.#closed;
    if (signal.aborted) throw signal.reason;
  }

  /** Who has to go before somebody else can publish. What is fetched from another worker is no rival: its owner's claim is. */
  #rival(path: string): Publishing | undefined {
    const present = this.#streams.get(path)?.publisher;
    return present?.session.isInner ? undefined : present;
  }

  #dismiss(publishing: Publishing, path: string): void {
    if (publishing.closed) return;
    publishing.close(false);
    publishing.session.close(new RefusedError('busy', `another publisher took ${describePath(path)} over`));
  }

  /** Somebody else claims the stream: he may have it as the takeover rule says, with the numbers that come next. */
  async #yield(path: string): Promise<boolean> {
    const rival = this.#rival(path);
    if (rival && !(await this.#yields(rival, NEVER))) return false;
    this.concede(path);
    const stream = this.#streams.get(path);
    if (stream && !stream.mirrored) this.#keepNext(stream, 0);
    return true;
  }

  async #claim(path: string, signal: Signal): Promise<Lease> {
    const present = this.#streams.get(path);
    const lease = await this.#leases.claim(path, present && !present.mirrored ? present.lease : undefined);
    if ((signal.aborted || this.#closed) && !this.#streams.has(path)) this.#leases.release(path);
    this.#check(signal);
    return lease;
  }

  async #yields(rival: Publishing, signal: Signal): Promise<boolean> {
    const { takeover, staleAfter } = this.#options;
    if (takeover !== 'stale') return takeover === 'always';
    return outwait(rival, staleAfter, signal, this.#clock);
  }

  /** The stream at `path`, to be written here under this lease. */
  #owned(path: string, lease: Lease): Stream {
    const present = this.#streams.get(path);
    // One that is still fetched from another worker: from now on that one fetches it here.
    if (present?.publisher) this.#dismiss(present.publisher, path);
    if (present && !present.mirrored && present.lease.token === lease.token) return present;
    const stream = present ?? this.#add(new Stream(path, this.#clock.wall(), lease, this.#options.window));
    // What this node had before it was restarted goes on from there, as does what another node has begun.
    const [now, { dts, arrival }] = [this.#clock.now(), stream.newest];
    if (dts !== Number.NEGATIVE_INFINITY) stream.timeline.resume(dts, arrival);
    else if (lease.anchor !== undefined) stream.timeline.resume(this.#clock.wall() - lease.anchor, now);
    if (lease.next && (!present || lease.next.segment > present.segments.next.segment)) {
      stream.segments.resume(lease.next);
    }
    stream.lease = lease;
    stream.mirrored = undefined;
    return stream;
  }

  #add(stream: Stream): Stream {
    this.#streams.set(stream.path, stream);
    return stream;
  }

  #begin(stream: Stream, session: Session): Publisher {
    return this.#append(
      stream,
      new Publisher(stream, session, this.#clock, this.#options.segment, {
        begun: () => {
          this.#announce(stream.path);
          this.#keep(stream, {});
        },
        anchored: (anchor) => this.#keep(stream, { anchor: stream.lease.anchor ?? anchor }),
        stamped: () => this.#reserve(stream),
        closed: (deliberate) => this.#unpublish(stream, session, deliberate),
      }),
    );
  }

  /** Makes `publishing` the one who appends. */
  #append<T extends Publisher | Mirror>(stream: Stream, publishing: T): T {
    this.#endings.get(stream)?.();
    this.#endings.delete(stream);
    stream.publisher = publishing;
    this.#emit({ type: 'published', stream, session: publishing.session });
    return publishing;
  }

  /** Keeps numbers that will not be used twice, whenever this node ends: well before they are used. */
  #reserve(stream: Stream): void {
    const { next } = stream.segments;
    const kept = stream.lease.next;
    const isEnough = kept && kept.segment - next.segment > NUMBERS_AHEAD / 2;
    if (!isEnough || kept.discontinuity <= next.discontinuity) this.#keepNext(stream, NUMBERS_AHEAD);
  }

  #keepNext(stream: Stream, ahead: number): void {
    const { segment, discontinuity } = stream.segments.next;
    this.#keep(stream, { next: { segment: segment + ahead, discontinuity: discontinuity + 1 } });
  }

  #keep(stream: Stream, change: Partial<Lease>): void {
    stream.lease = { ...stream.lease, ...change };
    this.#leases.keep(stream.path, stream.lease);
  }

  #unpublish(stream: Stream, session: Session, deliberate: boolean): void {
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
    if (reason !== this.#closed) this.#leases.release(stream.path);
    stream.end(reason.code, reason.message);
    this.#emit({ type: 'ended', stream });
  }

  /** Resolves when a stream is there, or nobody knows of one. Rejects with what `signal` says when it aborts. */
  async #search(path: string, signal: Signal): Promise<void> {
    const search = this.#searches.get(path) ?? this.#beginSearch(path);
    await this.#appearance(path, Number.POSITIVE_INFINITY, signal, { search });
  }

  #beginSearch(path: string): Promise<void> {
    const answers = this.#resolvers.map((resolve) => resolve(path) ?? Promise.resolve());
    const search = Promise.all(answers).then(() => void this.#searches.delete(path));
    this.#searches.set(path, search);
    return search;
  }

  #announce(path: string): void {
    const waiting = this.#waiting.get(path);
    this.#waiting.delete(path);
    for (const wake of waiting ?? []) wake();
  }

  /** Resolves when a stream may be there, or it is time to look: after `pause` microseconds, or when `search` is over. */
  #appearance(
    path: string,
    wait: number,
    signal: Signal,
    { pause = Number.POSITIVE_INFINITY, search }: { pause?: number; search?: Promise<void> },
  ): Promise<void> {
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
      const timeout = Math.min(wait, pause);
      const cancel = Number.isFinite(timeout) ? this.#clock.after(timeout, wait > pause ? wake : expire) : () => {};
      signal.addEventListener('abort', abort);
      waiting.add(wake);
      if (signal.aborted) abort();
      void search?.then(wake);
    });
  }

  #emit(event: HubEvent): void {
    for (const observer of this.#observers) observer(event);
  }
}
