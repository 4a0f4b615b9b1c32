import { MOST_SYMBOLS, parityOf } from './erasure.ts';
import { LAST_SEQUENCE, type Seal } from './packet.ts';
import { type Kept, parityHead, parityNonce, parityPayload, symbolOf } from './parity-packet.ts';
import { type Protection, rowsFor } from './protection.ts';

/** The rows of a group leave over this part of the span: a burst of loss is not to take them all. */
const PACE = 1 / 4;
/** So many rows are made at once: in one go they take a fraction of the time, but all those of a large group take milliseconds. */
const BATCH = 4;

/** Where parity goes. */
export interface ParityOutlet {
  /** A packet that leaves now; shared with all others, so it must not be changed. */
  parity(packet: Uint8Array, now: number): void;
}

/** What one of those who are sent the stream needs. */
interface Want {
  readonly protection: Protection;
  readonly outlet: ParityOutlet;
  /** Rows by size of the group, as far as they were needed. */
  readonly rows: number[];
}

/** Media packets that are protected together. */
interface Group {
  /** The sequence of the first one. */
  readonly first: number;
  readonly symbols: Uint8Array[];
  /** The RTP timestamp of the last one. */
  ticks: number;
  /** When it is closed. */
  readonly until: number;
}

/** A group whose parity leaves, row by row. */
interface Closed {
  readonly group: Group;
  readonly rows: number;
  /** In between, in microseconds. */
  readonly step: number;
  sent: number;
  made: readonly Uint8Array[];
}

/**
 * Makes the parity of one generation of a stream, once for all who want it: as much as the one needs who needs most, but each is
 * sent no more than it needs itself. Media never waits for it.
 */
export class ParitySender {
  /** When {@link poll} is to be called next. */
  next = Number.POSITIVE_INFINITY;
  readonly #ssrc: number;
  readonly #seal: Seal;
  readonly #wants = new Map<object, Want>();
  #sequence = 0;
  #group: Group | undefined;
  readonly #closed: Closed[] = [];
  /** When the next row leaves. */
  #due = 0;

  constructor(ssrc: number, seal: Seal) {
    this.#ssrc = ssrc;
    this.#seal = seal;
  }

  /** Whether anybody wants parity. */
  get isWanted(): boolean {
    return this.#wants.size > 0;
  }

  /** Whether a new generation must take over. */
  get exhausted(): boolean {
    return this.#sequence >= LAST_SEQUENCE;
  }

  /** From now on `owner` needs this; undefined for nothing. What several need by one outlet goes there once. */
  protect(owner: object, protection: Protection | undefined, outlet: ParityOutlet): void {
    if (protection) this.#wants.set(owner, { protection, outlet, rows: [] });
    else this.#wants.delete(owner);
  }

  /** Takes a packet that has just left. */
  add(sequence: number, packet: Kept, now: number): void {
    const group = this.#groupFor(sequence, now);
    if (!group) return;
    group.symbols.push(symbolOf(packet));
    group.ticks = packet.ticks;
    if (group.symbols.length === MOST_SYMBOLS) this.#close(group, now);
    this.#plan();
  }

  /** Sends what is due. */
  poll(now: number): void {
    if (this.#group && this.#group.until <= now) this.#close(this.#group, now);
    while (this.#closed.length > 0 && this.#due <= now) this.#sendRow(this.#closed[0]!, now);
    this.#plan();
  }

  #groupFor(sequence: number, now: number): Group | undefined {
    const group = this.#group;
    if (!this.isWanted) return (this.#group = undefined);
    if (group && sequence === group.first + group.symbols.length) return group;
    if (group) this.#close(group, now);
    return (this.#group = { first: sequence, symbols: [], ticks: 0, until: now + this.#span });
  }

  get #span(): number {
    return Math.min(...Array.from(this.#wants.values(), ({ protection }) => protection.span));
  }

  #plan(): void {
    this.next = this.#closed.length > 0 ? this.#due : Number.POSITIVE_INFINITY;
    if (this.#group) this.next = Math.min(this.next, this.#group.until);
  }

  #close(group: Group, now: number): void {
    this.#group = undefined;
    const count = group.symbols.length;
    const rows = Math.max(0, ...Array.from(this.#wants.values(), (want) => rowsOf(want, count)));
    if (rows === 0) return;
    if (this.#closed.length === 0) this.#due = now;
    this.#closed.push({ group, rows, step: (this.#span * PACE) / rows, sent: 0, made: [] });
  }

  #sendRow(closed: Closed, now: number): void {
    const { group, rows, step } = closed;
    const row = closed.sent++;
    if (row % BATCH === 0) closed.made = parityOf(group.symbols, row, Math.min(BATCH, rows - row));
    if (closed.sent === rows) this.#closed.shift();
    this.#due += step;
    const packet = this.#packet(group, row, closed.made[row % BATCH]!);
    for (const outlet of this.#outlets(group.symbols.length, row)) outlet.parity(packet, now);
  }

  #packet({ first, symbols, ticks }: Group, row: number, bytes: Uint8Array): Uint8Array {
    const sequence = this.#sequence++;
    const plain = parityPayload({ first, count: symbols.length, row, bytes });
    return this.#seal(parityHead(this.#ssrc, sequence, ticks), plain, parityNonce(sequence));
  }

  /** Where this row of a group of so many goes. */
  #outlets(count: number, row: number): Set<ParityOutlet> {
    const wanting = [...this.#wants.values()].filter((want) => row < rowsOf(want, count));
    return new Set(wanting.map(({ outlet }) => outlet));
  }
}

function rowsOf(want: Want, count: number): number {
  return (want.rows[count] ??= rowsFor(want.protection, count));
}
