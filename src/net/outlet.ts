import { concat } from '../base/bytes.ts';
import { RefusedError } from '../base/errors.ts';
import { type Entry, Log, type Window } from '../base/log.ts';
import { Reader } from '../hub/reader.ts';
import type { Session } from '../hub/session.ts';
import type { Stream } from '../hub/stream.ts';
import type { Frame } from '../media/frame.ts';
import { backlog } from './backlog.ts';
import type { Pacer } from './pacer.ts';

/** Encoded bytes that stand for themselves: every viewer of a format gets the same. */
export interface Encoded extends Entry {
  readonly bytes: Uint8Array;
  /** What one who begins here must be sent first: the headers as of now. The same object as long as they stay the same. */
  readonly prelude: Uint8Array;
}

/** Turns frames into the bytes of one format. */
export interface Mux {
  /** Encodes the next frame and hands what comes of it to `emit`, in order. */
  write(frame: Frame, emit: (entry: Encoded) => void): void;
}

/** Where a viewer's bytes go: a socket, or anything that writes like one. */
export interface Sink {
  write(bytes: Uint8Array): unknown;
  cork(): void;
  uncork(): void;
  /** How many bytes wait because the kernel or the peer does not take them. */
  readonly writableLength: number;
}

/** One who is sent the bytes of an {@link Outlet}. */
export interface Viewer {
  readonly sink: Sink;
  readonly session: Session;
  /** Ends it: the stream is over, or the viewer does not read. Must not throw. */
  readonly end: (reason: RefusedError) => void;
}

/** How patient an {@link Outlet} is with its viewers. */
export interface OutletOptions {
  /** What is kept of the encoded bytes for viewers that lag. */
  readonly window: Window;
  /** A viewer that takes nothing for so long is closed, in microseconds. */
  readonly stallTimeout: number;
}

/** How far a viewer has come. */
interface Cursor {
  readonly viewer: Viewer;
  /** The next entry that it is to get. */
  position: number;
  /** The headers that it has; undefined before the first entry. */
  prelude: Uint8Array | undefined;
  /** When it was last found to have taken something, in microseconds. */
  moved: number;
  /** What it had still to take when that was last looked at, in bytes: only looked at while it lags. */
  backlog: number;
  /** Its index among all cursors; -1 when it has gone. */
  index: number;
}

/** A run of entries as one piece of memory that many viewers are sent. */
interface Slice {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
  /** The headers as of its last entry. */
  readonly prelude: Uint8Array | undefined;
}

/** The most that a viewer who has to catch up is given at once, in bytes. */
const LARGEST_CATCH_UP = 256 * 1024;
/** The clock is read once for so many viewers. */
const VIEWERS_PER_LOOK = 32;
const NOTHING: Slice = { from: 0, to: 0, bytes: new Uint8Array(0), prelude: undefined };

/**
 * One format of one stream on its way to many sockets: frames are encoded once into a log of entries, and every viewer is
 * a cursor into it. A viewer that keeps up costs one write of shared memory per burst. One that does not is left alone until
 * its socket has drained, and goes on at the next key frame if the window has passed it by.
 */
export class Outlet {
  readonly #stream: Stream;
  readonly #log: Log<Encoded>;
  readonly #reader: Reader;
  readonly #mux: Mux;
  readonly #pacer: Pick<Pacer, 'now' | 'wake'>;
  readonly #stallTimeout: number;
  readonly #off: () => void;
  readonly #emit = (entry: Encoded) => this.#log.append(entry, this.#now);
  readonly #cursors: Cursor[] = [];
  /** When the frames that are being encoded came. */
  #now = 0;
  /** What the burst under way, or the last one, brings to those who keep up. */
  #news = NOTHING;
  /** What a joiner begins with. */
  #opening = NOTHING;
  /** Whose turn it is in the burst under way. */
  #turn = 0;
  #lagging = false;
  #reason: RefusedError | undefined;

  constructor(stream: Stream, mux: Mux, pacer: Pick<Pacer, 'now' | 'wake'>, options: OutletOptions) {
    this.#stream = stream;
    this.#log = new Log(options.window);
    this.#reader = new Reader(stream);
    this.#mux = mux;
    this.#pacer = pacer;
    this.#stallTimeout = options.stallTimeout;
    this.#off = stream.log.onChange(() => pacer.wake(this));
  }

  /** Whether some viewer has not got everything yet, so that another burst is due even if nothing new comes. */
  get lagging(): boolean {
    return this.#lagging;
  }

  /** Adds a viewer, which is sent everything since the newest key frame at once. The function returned takes it off. */
  join(viewer: Viewer): () => void {
    this.#pull();
    const moved = this.#pacer.now();
    if (this.#cursors.length === 0) this.#news = this.#slice(this.#log.head, this.#log.head);
    const position = this.#log.start ?? this.#log.head;
    const index = this.#cursors.length;
    const cursor: Cursor = { viewer, position, prelude: undefined, moved, backlog: 0, index };
    this.#cursors.push(cursor);
    // One who comes back (pauses and goes on) may not have taken what it was given before.
    if (viewer.sink.writableLength > LARGEST_CATCH_UP) this.#lagging = true;
    else this.#advance(cursor, this.#log.head);
    if (this.#lagging || this.#reason) this.#pacer.wake(this);
    return () => this.#remove(cursor);
  }

  /** Begins a burst: encodes what has come since the last one. */
  begin(): void {
    this.#pull();
    this.#news = this.#slice(Math.max(this.#news.to, this.#log.tail), this.#log.head);
    this.#turn = 0;
    this.#lagging = false;
  }

  /** Goes on with the burst until `deadline`; true when every viewer has had its turn. */
  flush(deadline: number): boolean {
    let now = this.#pacer.now();
    while (this.#turn < this.#cursors.length) {
      this.#serve(this.#cursors[this.#turn++]!, now);
      if (this.#turn % VIEWERS_PER_LOOK !== 0) continue;
      now = this.#pacer.now();
      if (now >= deadline) return false;
    }
    if (this.#reason) this.#finish(this.#reason);
    // At the end of the stream nothing new will come to wake us for those who are still taking the rest.
    if (this.#reason && this.#cursors.length > 0) this.#lagging = true;
    return true;
  }

  /** Stops reading the stream and ends all viewers that are left. Idempotent. */
  close(reason: RefusedError = new RefusedError('gone', 'the stream has ended')): void {
    this.#off();
    for (const cursor of [...this.#cursors]) this.#dismiss(cursor, reason);
  }

  #pull(): void {
    this.#now = this.#pacer.now();
    const { skipped } = this.#reader;
    try {
      for (let frame = this.#reader.next(); frame; frame = this.#reader.next()) this.#mux.write(frame, this.#emit);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#reason = error;
    }
    // Only if the process itself was held up for longer than the stream's window.
    const missed = this.#reader.skipped - skipped;
    if (missed > 0) for (const { viewer } of this.#cursors) viewer.session.skipped += missed;
  }

  #serve(cursor: Cursor, now: number): void {
    const news = this.#news;
    if (cursor.viewer.sink.writableLength > 0) return this.#await(cursor, now);
    cursor.moved = now;
    if (cursor.position === news.from && cursor.prelude) this.#send(cursor, news);
    else this.#advance(cursor, news.to);
  }

  /** The viewer has not taken what it was given: nothing more until it has, as long as it takes something. */
  #await(cursor: Cursor, now: number): void {
    this.#lagging = true;
    const left = backlog(cursor.viewer.sink);
    if (left < cursor.backlog) cursor.moved = now;
    cursor.backlog = left;
    if (now - cursor.moved <= this.#stallTimeout) return;
    this.#dismiss(cursor, new RefusedError('timeout', 'the viewer does not take what it is sent'));
  }

  #send(cursor: Cursor, slice: Slice): void {
    if (slice.to === slice.from) return;
    cursor.viewer.sink.write(slice.bytes);
    cursor.position = slice.to;
    cursor.prelude = slice.prelude;
    this.#count(cursor, slice.bytes.length);
  }

  /** Gives a viewer that is not where the others are what it lacks before `end`, or the first part of it. */
  #advance(cursor: Cursor, end: number): void {
    if (cursor.position >= end) return;
    if (!cursor.prelude) this.#open(cursor);
    else if (cursor.position >= this.#log.tail || this.#skip(cursor)) this.#catchUp(cursor, end);
    if (cursor.position < end) this.#lagging = true;
  }

  /** The viewer's first entries, headers before them, if there is a key frame to begin with. */
  #open(cursor: Cursor): void {
    const from = this.#log.start;
    if (from === undefined) {
      cursor.position = this.#log.head;
      return;
    }
    const to = this.#limit(from, this.#log.head);
    if (this.#opening.from !== from || this.#opening.to !== to) {
      const entries = this.#slice(from, to);
      this.#opening = { ...entries, bytes: concat([this.#log.at(from).prelude, entries.bytes]) };
    }
    this.#send(cursor, this.#opening);
  }

  /** The window has passed the viewer by: moves it to the next key frame; false when there is none yet. */
  #skip(cursor: Cursor): boolean {
    const start = this.#log.startFrom(cursor.position);
    const position = start ?? this.#log.head;
    cursor.viewer.session.skipped += position - cursor.position;
    cursor.position = position;
    if (start === undefined) {
      // Nothing may follow but a key frame: it begins again like a joiner.
      cursor.prelude = undefined;
      return false;
    }
    const { prelude } = this.#log.at(start);
    if (prelude !== cursor.prelude) cursor.viewer.sink.write(prelude);
    return true;
  }

  /** Writes entry by entry: the memory is shared with all others, and only the system call is the viewer's own. */
  #catchUp(cursor: Cursor, end: number): void {
    const { sink } = cursor.viewer;
    const to = this.#limit(cursor.position, end);
    let bytes = 0;
    sink.cork();
    for (let at = cursor.position; at < to; at++) {
      const entry = this.#log.at(at);
      sink.write(entry.bytes);
      bytes += entry.bytes.length;
    }
    sink.uncork();
    cursor.position = to;
    cursor.prelude = this.#log.at(to - 1).prelude;
    this.#count(cursor, bytes);
  }

  /** How far one may go from `from` towards `end` in one write; at least one entry. */
  #limit(from: number, end: number): number {
    let to = from + 1;
    let bytes = this.#log.at(from).size;
    while (to < end && bytes + this.#log.at(to).size <= LARGEST_CATCH_UP) bytes += this.#log.at(to++).size;
    return to;
  }

  #slice(from: number, to: number): Slice {
    const parts: Uint8Array[] = [];
    for (let at = from; at < to; at++) parts.push(this.#log.at(at).bytes);
    const prelude = to > from ? this.#log.at(to - 1).prelude : undefined;
    return { from, to, bytes: concat(parts), prelude };
  }

  #count(cursor: Cursor, bytes: number): void {
    const { session } = cursor.viewer;
    session.bytesOut += bytes;
    if (!session.isInner) this.#stream.counters.bytesOut += bytes;
  }

  /** The stream is over: those who have everything go. */
  #finish(reason: RefusedError): void {
    const done = this.#cursors.filter(
      ({ position, viewer }) => position >= this.#log.head && viewer.sink.writableLength === 0,
    );
    for (const cursor of done) this.#dismiss(cursor, reason);
  }

  #dismiss(cursor: Cursor, reason: RefusedError): void {
    this.#remove(cursor);
    cursor.viewer.end(reason);
  }

  #remove(cursor: Cursor): void {
    if (cursor.index < 0) return;
    const last = this.#cursors.pop()!;
    if (last !== cursor) {
      last.index = cursor.index;
      this.#cursors[cursor.index] = last;
      // In a burst under way the one that moves up may lose its turn.
      this.#lagging = true;
    }
    cursor.index = -1;
  }
}
