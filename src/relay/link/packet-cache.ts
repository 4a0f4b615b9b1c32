const SMALLEST_RING = 256;

/** What a packet's repair is worth: 0 is answered first. */
export type Priority = 0 | 1 | 2;

/** How much of a stream stays at hand for repairs. */
export interface CacheWindow {
  /** Packets of records that came in longer ago than this go, except those since the newest startable record: microseconds. */
  readonly duration: number;
  /** The limit that always holds, in bytes of packets. */
  readonly bytes: number;
}

/** The newest packets of a stream as they were sent, by sequence. */
export class PacketCache {
  readonly #window: CacheWindow;
  #ring: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(SMALLEST_RING);
  #times = new Float64Array(SMALLEST_RING);
  #priorities = new Uint8Array(SMALLEST_RING);
  #head: number;
  #tail: number;
  #bytes = 0;

  /** `first` is the sequence of the first packet that will be appended. */
  constructor(window: CacheWindow, first: number) {
    this.#window = window;
    this.#head = first;
    this.#tail = first;
  }

  /** The sequence that the next packet has, and that of the oldest one kept. */
  get head(): number {
    return this.#head;
  }

  get tail(): number {
    return this.#tail;
  }

  /** What is kept, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many slots a ring needs in which every kept packet has its own. */
  get capacity(): number {
    return this.#ring.length;
  }

  /** The packet with this sequence, unless it is no longer kept or not sent yet. */
  get(sequence: number): Uint8Array | undefined {
    return sequence >= this.#tail && sequence < this.#head ? this.#ring[this.#slot(sequence)] : undefined;
  }

  /** When the record of a kept packet came in. */
  timeOf(sequence: number): number {
    return this.#times[this.#slot(sequence)]!;
  }

  priorityOf(sequence: number): Priority {
    return this.#priorities[this.#slot(sequence)] as Priority;
  }

  /** Adds the next packet, of a record that came in at `time`, and drops what has left the window; `start` is the newest one's. */
  append(packet: Uint8Array, time: number, priority: Priority, start: number | undefined): void {
    if (this.#head - this.#tail === this.#ring.length) this.#grow();
    const slot = this.#slot(this.#head++);
    this.#ring[slot] = packet;
    this.#times[slot] = time;
    this.#priorities[slot] = priority;
    this.#bytes += packet.length;
    this.#trim(time - this.#window.duration, start ?? this.#head);
  }

  #trim(oldest: number, start: number): void {
    while (this.#bytes > this.#window.bytes && this.#head - this.#tail > 1) this.#drop();
    while (this.#tail < Math.min(start, this.#head - 1) && this.timeOf(this.#tail) < oldest) this.#drop();
  }

  #drop(): void {
    const slot = this.#slot(this.#tail++);
    this.#bytes -= this.#ring[slot]!.length;
    this.#ring[slot] = undefined;
  }

  #slot(sequence: number): number {
    return sequence & (this.#ring.length - 1);
  }

  #grow(): void {
    const [ring, times, priorities] = [this.#ring, this.#times, this.#priorities];
    const [from, to] = [ring.length - 1, 2 * ring.length - 1];
    this.#ring = new Array<Uint8Array | undefined>(2 * ring.length);
    this.#times = new Float64Array(2 * ring.length);
    this.#priorities = new Uint8Array(2 * ring.length);
    for (let at = this.#tail; at < this.#head; at++) {
      this.#ring[at & to] = ring[at & from];
      this.#times[at & to] = times[at & from]!;
      this.#priorities[at & to] = priorities[at & from]!;
    }
  }
}
