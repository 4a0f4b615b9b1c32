/** What a {@link Log} must know of its entries. */
export interface Entry {
  /** Its weight against the log's limit, in bytes. */
  readonly size: number;
  /** Whether a reader may begin here. */
  readonly startable: boolean;
}

/** How much a {@link Log} keeps. */
export interface Window {
  /** Entries that came longer ago than this many microseconds go, except those since the newest startable entry. */
  readonly duration: number;
  /** The limit that always holds, in bytes; only the newest entry is kept even if it alone is larger. */
  readonly bytes: number;
}

const SMALLEST_RING = 16;

/**
 * An append-only sequence of entries of which the newest are kept: the *window*.
 *
 * Every entry has a position, counted from 0 and never used twice, so a reader is no more than a number. Reading does not
 * take anything away; a reader that is overtaken by the window notices it by `tail > position`.
 */
export class Log<T extends Entry> {
  readonly #window: Window;
  /** Entries by position modulo its length, which is a power of two. */
  #ring: (T | undefined)[] = new Array<T | undefined>(SMALLEST_RING);
  /** When each of them was appended, by the same index. */
  #times = new Float64Array(SMALLEST_RING);
  #head = 0;
  #tail = 0;
  #start: number | undefined;
  #bytes = 0;
  readonly #wakers: (() => void)[] = [];

  constructor(window: Window) {
    this.#window = window;
  }

  /** The position that the next entry will get. */
  get head(): number {
    return this.#head;
  }

  /** The position of the oldest entry kept; equal to `head` when there is none. */
  get tail(): number {
    return this.#tail;
  }

  /** The position of the newest startable entry, if one is kept: where a new reader begins. */
  get start(): number | undefined {
    return this.#start;
  }

  /** The size of all entries kept, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The entry at a position from `tail` up to, not including, `head`. */
  at(position: number): T {
    return this.#ring[position & (this.#ring.length - 1)]!;
  }

  /** The first startable position at or after `position`, if there is one yet. */
  startFrom(position: number): number | undefined {
    for (let at = Math.max(position, this.#tail); at < this.#head; at++) if (this.at(at).startable) return at;
    return undefined;
  }

  /** Adds an entry at the time `now`, drops what has left the window, and calls all wakers. */
  append(entry: T, now: number): void {
    if (this.#head - this.#tail === this.#ring.length) this.#resize(this.#ring.length * 2);
    const slot = this.#head & (this.#ring.length - 1);
    this.#ring[slot] = entry;
    this.#times[slot] = now;
    if (entry.startable) this.#start = this.#head;
    this.#head++;
    this.#bytes += entry.size;
    this.#trim(now);
    this.wake();
  }

  /** Drops all entries. Positions go on; readers find themselves overtaken. */
  clear(): void {
    while (this.#tail < this.#head) this.#drop();
    this.#resize(SMALLEST_RING);
    this.wake();
  }

  /** Has `waker` called after every change until the function returned is called. A waker must not throw: it sets a flag, no more. */
  onChange(waker: () => void): () => void {
    this.#wakers.push(waker);
    return () => {
      const at = this.#wakers.indexOf(waker);
      if (at >= 0) this.#wakers.splice(at, 1);
    };
  }

  /** Calls all wakers, for a change that is not in the entries (such as the end). */
  wake(): void {
    for (const waker of this.#wakers) waker();
  }

  #trim(now: number): void {
    const oldest = now - this.#window.duration;
    while (this.#bytes > this.#window.bytes && this.#head - this.#tail > 1) this.#drop();
    while (this.#tail < (this.#start ?? this.#head - 1) && this.#times[this.#tail & (this.#ring.length - 1)]! < oldest)
      this.#drop();
    const kept = this.#head - this.#tail;
    if (kept * 4 < this.#ring.length && this.#ring.length > SMALLEST_RING) this.#resize(this.#ring.length / 2);
  }

  #drop(): void {
    const slot = this.#tail & (this.#ring.length - 1);
    this.#bytes -= this.#ring[slot]!.size;
    this.#ring[slot] = undefined;
    if (this.#start === this.#tail) this.#start = undefined;
    this.#tail++;
  }

  #resize(length: number): void {
    const ring = new Array<T | undefined>(length);
    const times = new Float64Array(length);
    for (let at = this.#tail; at < this.#head; at++) {
      ring[at & (length - 1)] = this.at(at);
      times[at & (length - 1)] = this.#times[at & (this.#ring.length - 1)]!;
    }
    this.#ring = ring;
    this.#times = times;
  }
}
