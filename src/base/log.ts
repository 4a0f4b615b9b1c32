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

/** How a {@link Log} keeps its entries. Slots are numbers below the size of the ring, which is a power of two. */
export interface Store<T> {
  put(slot: number, entry: T): void;
  /** The entry put there. */
  get(slot: number): T;
  /** Lets go of what is there. */
  drop(slot: number): void;
  /** Makes room for `size` slots: what stands at the positions from `tail` to `head` moves to where it now belongs. */
  resize(size: number, tail: number, head: number): void;
}

/** Keeps entries as the objects that they are. */
class ObjectStore<T> implements Store<T> {
  #entries: (T | undefined)[] = new Array<T | undefined>(SMALLEST_RING);

  put(slot: number, entry: T): void {
    this.#entries[slot] = entry;
  }

  get(slot: number): T {
    return this.#entries[slot]!;
  }

  drop(slot: number): void {
    this.#entries[slot] = undefined;
  }

  resize(size: number, tail: number, head: number): void {
    this.#entries = moved(this.#entries, new Array<T | undefined>(size), tail, head);
  }
}

/** Copies what stands at the positions from `tail` to `head` from one ring to another of a different size, and returns that. */
export function moved<Ring extends { readonly length: number; [slot: number]: unknown }>(
  from: Ring,
  to: Ring,
  tail: number,
  head: number,
): Ring {
  for (let at = tail; at < head; at++) to[at & (to.length - 1)] = from[at & (from.length - 1)];
  return to;
}

/**
 * An append-only sequence of entries of which the newest are kept: the *window*.
 *
 * Every entry has a position, counted from 0 and never used twice, so a reader is no more than a number. Reading does not
 * take anything away; a reader that is overtaken by the window notices it by `tail > position`.
 */
export class Log<T extends Entry> {
  readonly #window: Window;
  readonly #store: Store<T>;
  /** What the window must know of each entry, by slot: its position modulo the size of the ring. */
  #times = new Float64Array(SMALLEST_RING);
  #sizes = new Uint32Array(SMALLEST_RING);
  #startable = new Uint8Array(SMALLEST_RING);
  #head = 0;
  #tail = 0;
  #start: number | undefined;
  #bytes = 0;
  readonly #wakers: (() => void)[] = [];

  constructor(window: Window, store: Store<T> = new ObjectStore()) {
    this.#window = window;
    this.#store = store;
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
    return this.#store.get(this.#slot(position));
  }

  /** The first startable position at or after `position`, if there is one yet. */
  startFrom(position: number): number | undefined {
    for (let at = Math.max(position, this.#tail); at < this.#head; at++)
      if (this.#startable[this.#slot(at)] === 1) return at;
    return undefined;
  }

  /** Adds an entry at the time `now`, drops what has left the window, and calls all wakers. */
  append(entry: T, now: number): void {
    if (this.#head - this.#tail === this.#times.length) this.#resize(this.#times.length * 2);
    const slot = this.#slot(this.#head);
    this.#store.put(slot, entry);
    this.#times[slot] = now;
    this.#sizes[slot] = entry.size;
    this.#startable[slot] = entry.startable ? 1 : 0;
    if (entry.startable) this.#start = this.#head;
    this.#head++;
    this.#bytes += entry.size;
    this.#trim(now);
    this.wake();
  }

  /** Drops the entries before a position: nobody will read them again. */
  release(before: number): void {
    while (this.#tail < Math.min(before, this.#head)) this.#drop();
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
    while (this.#tail < (this.#start ?? this.#head - 1) && this.#times[this.#slot(this.#tail)]! < oldest) this.#drop();
    const kept = this.#head - this.#tail;
    const size = this.#times.length;
    if (kept * 4 < size && size > SMALLEST_RING) this.#resize(size / 2);
  }

  #drop(): void {
    const slot = this.#slot(this.#tail);
    this.#bytes -= this.#sizes[slot]!;
    this.#store.drop(slot);
    if (this.#start === this.#tail) this.#start = undefined;
    this.#tail++;
  }

  #slot(position: number): number {
    return position & (this.#times.length - 1);
  }

  #resize(size: number): void {
    const [tail, head] = [this.#tail, this.#head];
    this.#store.resize(size, tail, head);
    this.#times = moved(this.#times, new Float64Array(size), tail, head);
    this.#sizes = moved(this.#sizes, new Uint32Array(size), tail, head);
    this.#startable = moved(this.#startable, new Uint8Array(size), tail, head);
  }
}
