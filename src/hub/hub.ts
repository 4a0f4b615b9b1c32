import { type Clock, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Window } from '../base/log.ts';
import type { Signal } from '../base/signal.ts';
import { Casting } from './casting.ts';
import { type Lease, type Leases, MemoryLeases } from './lease.ts';
import { Mirror } from './mirror.ts';
import { describePath } from './path.ts';
import { outwait, Publisher, type PublisherOptions } from './publisher.ts';
import { goesOnWith, type Seen } from './seen.ts';
import type { Session } from './session.ts';
import { believed, type Standing } from './standing.ts';
import { type Publishing, type Role, Stream } from './stream.ts';
import { Tenures } from './tenures.ts';
import { Waiting } from './waiting.ts';

/** How streams behave when publishers come and go. */
export interface HubOptions {
  /** What every stream keeps for its readers. */
  readonly window: Window;
  /** How long a stream waits for a publisher that broke off, in microseconds. */
  readonly grace: number;
  /** How long it goes on after a deliberate stop, in microseconds; 0 ends it at once. */
  readonly stopGrace: number;
  /** Who wins when a second publisher comes: see docs/publish.md. */
  readonly takeover: 'stale' | 'always' | 'never' | 'backup';
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
  | RecordingEvent
  | SegmentEvent;

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

/** A segment of a stream was written as a file, and the playlist has it. */
export interface SegmentEvent {
  readonly type: 'segment';
  readonly stream: Stream;
  readonly number: number;
  /** In microseconds. */
  readonly duration: number;
  /** The folder of all that is written, and the names in it of the segment and of its playlist. */
  readonly folder: string;
  readonly file: string;
  readonly playlist: string;
}

/**
 * Looks for a stream elsewhere, and mirrors it if it can be had. Called for a path that somebody wants to read and nobody
 * publishes here; resolves, and never rejects, when the stream is there or can't be had. `undefined`: not even tried.
 */
export type Resolver = (path: string) => Promise<void> | undefined;

/** Where a publisher comes from. */
export interface Origin {
  /** How its frames stood on the timeline where it was before. */
  readonly stood?: Standing | undefined;
  /** Whether it is fetched from a server, which begins with frames that it has kept. */
  readonly isFetched?: boolean;
}

/** Elsewhere nobody tells when a stream begins: resolvers are asked so often as long as somebody waits for it. */
const SEARCH_EVERY = 1 * SECOND;
/** More than this is no clock's fault: nobody has seen such a token, or such a time. */
const MOST_AHEAD = 3600 * SECOND;
/** For what nobody can end. */
const NEVER: Signal = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} };
/** So many publishers may stand by for one stream. */
const MOST_UNDERSTUDIES = 4;

/** Where publishers and readers of streams meet. */
export class Hub {
  readonly #options: HubOptions;
  readonly #clock: Clock;
  readonly #streams = new Map<string, Stream>();
  readonly #observers: ((event: HubEvent) => void)[] = [];
  /** Those who wait for streams that have frames to read. */
  readonly #waiting: Waiting;
  /** Cancels the end of a stream that has no publisher. */
  readonly #endings = new Map<Stream, () => void>();
  readonly #tenures: Tenures;
  readonly #resolvers: Resolver[] = [];
  /** Which streams are fetched as soon as they are to be had. */
  readonly #wishes: ((path: string) => boolean)[] = [];
  /** The searches under way, by path: readers of one path share one. */
  readonly #searches = new Map<string, Promise<void>>();
  readonly #casting: Casting;
  /** A stream that another node has taken over, while its publisher is sent away: nobody here goes on with it. */
  #conceded: Stream | undefined;
  /** Why nothing can be published or read any more. */
  #closed: RefusedError | undefined;

  constructor(options: HubOptions, clock: Clock, leases: Leases = new MemoryLeases(clock)) {
    this.#options = options;
    this.#clock = clock;
    this.#waiting = new Waiting(clock);
    this.#tenures = new Tenures(leases);
    this.#casting = new Casting(clock, (stream, to) => void this.#recast(stream, to));
    leases.onRival((path) => this.#yield(path));
  }

  /** All streams, those included that wait for their publisher's return. */
  get streams(): Iterable<Stream> {
    return this.#streams.values();
  }

  find(path: string): Stream | undefined {
    return this.#streams.get(path);
  }

  /** How far a stream was ever seen here: no owner counts whose token is lower. */
  seen(path: string): Seen {
    const stream = this.#streams.get(path);
    const token = stream?.lease.token ?? this.#tenures.tokenOf(path);
    return { token, dts: stream?.newest.dts ?? Number.NEGATIVE_INFINITY };
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
    this.#waiting.wake(path);
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
    const unheard: Lease = { token: this.seen(path).token, anchor: undefined };
    const stream = present ?? this.#add(new Stream(path, this.#clock.wall(), unheard, this.#options.window));
    const ours = { token: stream.lease.token, next: stream.log.head, floor: stream.newest.dts };
    const before = stream.mirrored ?? { ...ours, needsKeyframe: stream.lineup === undefined };
    stream.mirrored = { ...before, isInner: session.isInner };
    return this.#append(
      stream,
      new Mirror(stream, session, this.#clock, {
        begun: () => this.#waiting.wake(path),
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
   * takeover rule says; beside one, a backup stands by. One who says where it `stood` goes on there, on whichever node that was; one
   * who `isFetched` comes from a server that begins with frames which it has kept. Throws {@link RefusedError} `busy` if another one
   * stays, and the reason of `signal` when it aborts.
   */
  async publish(
    path: string,
    session: Session,
    signal: Signal,
    role?: Role,
    { stood, isFetched = false }: Origin = {},
  ): Promise<Publisher> {
    const standing = believed(stood, this.#clock.wall());
    const part = role ?? (this.#options.takeover === 'backup' ? 'backup' : 'main');
    const options = { segment: this.#options.segment, role: part, isFetched };
    for (;;) {
      this.#check(signal);
      // A search that is under way may be what waits for this.
      if (part === 'backup' && !this.#streams.get(path)?.publisher && !this.#searches.has(path))
        await this.#search(path, signal);
      const rival = part === 'backup' ? this.#streams.get(path)?.publisher : this.#rival(path);
      if (!rival) {
        const lease = await this.#claim(path, signal, standing);
        if (this.#isFree(path, lease)) return this.#begin(this.#owned(path, lease), session, options, standing);
      } else if (part === 'backup' || rival.role === 'backup') {
        return this.#standBy(path, session, options);
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
    const stream = this.#streams.get(path);
    const rival = this.#rival(path);
    if (!stream || !rival) return;
    if (rival instanceof Publisher && rival.role === 'backup') this.#stepBack(stream, rival);
    else this.#dismissQuietly(stream, rival);
  }

  /**
   * Somebody has seen more of a stream that is published here, by an owner that we have not heard of: it goes on under a greater
   * token and from a later time, or not at all where its owner has become another one. A publisher that goes on with what was seen
   * is not moved: he is about to have those times. Never rejects.
   */
  async raise(path: string, seen: Seen): Promise<void> {
    const stream = this.#streams.get(path);
    if (!stream || stream.mirrored || seen.token - this.#clock.wall() > MOST_AHEAD) return;
    try {
      if (stream.publisher && stream.lease.token < seen.token) await this.#tenures.raise(stream, seen.token);
      if (goesOnWith(stream, seen)) return;
      const position = this.#positionOf(stream);
      if (seen.dts > position && seen.dts < position + MOST_AHEAD) {
        stream.timeline.resume(seen.dts, this.#clock.now());
      }
    } catch {
      this.concede(path);
    }
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
        await this.#waiting.appearance(path, deadline - this.#clock.now(), signal, { pause });
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
    session.source = stream;
    this.#emit({ type: 'read', stream, session });
    return () => {
      if (stream.readers.delete(session)) this.#emit({ type: 'stopped', stream, session });
    };
  }

  /** Has all observers know what was made of a stream. */
  notify(event: RecordingEvent | SegmentEvent): void {
    this.#emit(event);
  }

  /** Ends all streams at once; from then on everything is refused. */
  close(): void {
    this.#closed = new RefusedError('shutdown', 'the server is stopping');
    for (const path of this.#waiting.paths) this.#waiting.wake(path);
    for (const stream of [...this.#streams.values()]) {
      stream.publisher?.close(true);
      if (!stream.mirrored) this.#tenures.keepNext(stream, 0);
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

  /** Whether one who has claimed a stream may write it: what was fetched from its owner meanwhile, under a lower token, has to go. */
  #isFree(path: string, { token }: Lease): boolean {
    const stream = this.#streams.get(path);
    return !stream || (stream.lease.token <= token && (!stream.publisher || stream.mirrored !== undefined));
  }

  #dismiss(publishing: Publishing, path: string): void {
    if (publishing.closed) return;
    publishing.close(false);
    publishing.session.close(new RefusedError('busy', `another publisher took ${describePath(path)} over`));
  }

  /** The same, and nobody who stands by goes on. */
  #dismissQuietly(stream: Stream, publishing: Publishing): void {
    this.#conceded = stream;
    this.#dismiss(publishing, stream.path);
    this.#conceded = undefined;
  }

  /** Somebody else claims the stream: he may have it as the takeover rule says, with the numbers that come next. */
  async #yield(path: string): Promise<boolean> {
    if (this.#tenures.isClaiming(path)) return false;
    const rival = this.#rival(path);
    if (rival && !(await this.#yields(rival, NEVER))) return false;
    this.concede(path);
    const stream = this.#streams.get(path);
    if (stream && !stream.mirrored) this.#tenures.keepNext(stream, 0);
    return true;
  }

  async #claim(path: string, signal: Signal, standing: Standing | undefined): Promise<Lease> {
    const present = this.#streams.get(path);
    const lease = await this.#tenures.claim(path, present, Math.max(this.seen(path).token, standing?.token ?? 0));
    if ((signal.aborted || this.#closed) && !this.#streams.has(path)) this.#tenures.release(path);
    this.#check(signal);
    // Nobody here knows of the stream but he.
    return present ? lease : { ...lease, anchor: lease.anchor ?? standing?.anchor };
  }

  /** Where a stream stands, or will begin. */
  #positionOf({ timeline, lease: { anchor } }: Stream): number {
    return timeline.position ?? (anchor === undefined ? 0 : this.#clock.wall() - anchor);
  }

  async #yields(rival: Publishing, signal: Signal): Promise<boolean> {
    const { takeover, staleAfter } = this.#options;
    if (rival.role === 'backup') return true;
    if (takeover === 'always' || takeover === 'never') return takeover === 'always';
    return outwait(rival, staleAfter, signal, this.#clock);
  }

  /** The stream at `path`, to be written here under this lease. */
  #owned(path: string, lease: Lease): Stream {
    const present = this.#streams.get(path);
    // One that is still fetched from another worker: from now on that one fetches it here.
    if (present?.publisher) this.#dismissQuietly(present, present.publisher);
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

  #begin(stream: Stream, session: Session, options: PublisherOptions, standing: Standing | undefined): Publisher {
    const publisher = this.#append(stream, this.#publisher(stream, session, options));
    publisher.enter(standing);
    return publisher;
  }

  #standBy(path: string, session: Session, options: PublisherOptions): Publisher {
    const stream = this.#streams.get(path)!;
    if (stream.understudies.size >= MOST_UNDERSTUDIES)
      throw new RefusedError('busy', `enough publishers stand by for ${describePath(path)}`);
    const publisher = this.#publisher(stream, session, options);
    this.#casting.add(stream, publisher);
    return publisher;
  }

  #publisher(stream: Stream, session: Session, options: PublisherOptions): Publisher {
    const publisher: Publisher = new Publisher(stream, session, this.#clock, options, {
      begun: () => {
        this.#waiting.wake(stream.path);
        this.#tenures.keep(stream, {});
      },
      anchored: (anchor) => this.#tenures.keep(stream, { anchor: stream.lease.anchor ?? anchor }),
      stamped: () => this.#tenures.reserve(stream),
      offered: () => this.#casting.offered(stream, publisher),
      closed: (deliberate) => {
        if (stream.publisher === publisher) this.#unpublish(stream, session, deliberate);
        else this.#casting.remove(stream, publisher);
      },
    });
    return publisher;
  }

  /** Has one who stood by go on with a stream; whoever did so before stands by, if he is still there. */
  async #recast(stream: Stream, to: Publisher): Promise<void> {
    this.#casting.remove(stream, to);
    try {
      if (stream.publisher instanceof Publisher) this.#stepBack(stream, stream.publisher);
      const lease = await this.#tenures.inherit(stream);
      if (stream.ended) return this.#closed ? undefined : this.#tenures.release(stream.path);
      this.#owned(stream.path, lease);
      if (to.closed || stream.publisher) return;
      this.#append(stream, to);
      to.enter();
    } catch {
      // It stays another node's: what that one has is waited for.
      if (!to.closed && !stream.ended) this.#casting.add(stream, to);
    }
  }

  /** Who publishes it stands by from now on. */
  #stepBack(stream: Stream, publisher: Publisher): void {
    stream.publisher = undefined;
    publisher.standBy();
    this.#casting.add(stream, publisher);
    this.#await(stream, this.#options.grace);
  }

  /** Makes `publishing` the one who appends. */
  #append<T extends Publisher | Mirror>(stream: Stream, publishing: T): T {
    this.#endings.get(stream)?.();
    this.#endings.delete(stream);
    stream.publisher = publishing;
    stream.feeder = publishing.session;
    this.#emit({ type: 'published', stream, session: publishing.session });
    return publishing;
  }

  #unpublish(stream: Stream, session: Session, deliberate: boolean): void {
    stream.publisher = undefined;
    this.#emit({ type: 'unpublished', stream, session, deliberate });
    // A stream that never showed a frame has no viewers to keep.
    this.#await(stream, !stream.lineup ? 0 : deliberate ? this.#options.stopGrace : this.#options.grace);
    if (stream !== this.#conceded) this.#casting.replace(stream);
  }

  /** Ends a stream after some time without a publisher. */
  #await(stream: Stream, grace: number): void {
    this.#endings.get(stream)?.();
    const end = () => this.#end(stream, new RefusedError('gone', `${describePath(stream.path)} has ended`));
    this.#endings.set(stream, this.#clock.after(grace, end));
  }

  #end(stream: Stream, reason: RefusedError): void {
    this.#endings.get(stream)?.();
    this.#endings.delete(stream);
    this.#streams.delete(stream.path);
    this.#tenures.forget(stream);
    if (reason !== this.#closed) this.#tenures.release(stream.path);
    stream.end(reason.code, reason.message);
    for (const understudy of stream.understudies) understudy.session.close(reason);
    this.#emit({ type: 'ended', stream });
  }

  /** Resolves when a stream is there, or nobody knows of one. Rejects with what `signal` says when it aborts. */
  async #search(path: string, signal: Signal): Promise<void> {
    const search = this.#searches.get(path) ?? this.#beginSearch(path);
    await this.#waiting.appearance(path, Number.POSITIVE_INFINITY, signal, { search });
  }

  #beginSearch(path: string): Promise<void> {
    const answers = this.#resolvers.map((resolve) => resolve(path) ?? Promise.resolve());
    const search = Promise.all(answers).then(() => void this.#searches.delete(path));
    this.#searches.set(path, search);
    return search;
  }

  #emit(event: HubEvent): void {
    for (const observer of this.#observers) observer(event);
  }
}
