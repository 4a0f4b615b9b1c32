import { RefusedError } from '../../base/errors.ts';

/** The length of every packet, in bytes. */
export const TS_PACKET = 188;

/** What the first packet of a payload says besides (ISO/IEC 13818-1, 2.4.3.4). */
export interface Opening {
  /** The program clock in ticks of 27 MHz, where the packet carries it. */
  readonly clock?: number | undefined;
  /** Whether decoding can begin here. */
  readonly randomAccess: boolean;
}

const PACKET_HEADER = 4;
const ROOM = TS_PACKET - PACKET_HEADER;
const SYNC = 0x47;
const UNIT_START = 0x40;
const HAS_PAYLOAD = 0x10;
const HAS_ADAPTATION = 0x20;
const RANDOM_ACCESS = 0x40;
const HAS_CLOCK = 0x10;
const ADAPTATION_HEAD = 2;
const CLOCK_SIZE = 6;
const SMALLEST_BUFFER = 64 * TS_PACKET;
/** How much may wait to be taken, in bytes. */
const MAX_WAITING = 128 * 1024 * 1024;

/** Cuts payloads into transport stream packets, one payload after another in memory that grows until it is taken. */
export class TsPackets {
  #bytes = new Uint8Array(0);
  #at = 0;

  /** What was written since the last time, in memory of its own. */
  take(): Uint8Array {
    const taken = this.#at === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#at);
    this.#bytes = new Uint8Array(0);
    this.#at = 0;
    return taken;
  }

  /**
   * Writes the payload that these pieces make as packets of one PID, filled up with stuffing, the first of them with the
   * continuity counter `counter`; returns the counter of the next one (ISO/IEC 13818-1, 2.4.3.2 to 2.4.3.5).
   */
  write(pid: number, counter: number, pieces: readonly Uint8Array[], opening: Opening): number {
    let left = 0;
    for (const piece of pieces) left += piece.length;
    let adaptation = adaptationSize(opening);
    this.#grow(Math.ceil((left + adaptation) / ROOM) * TS_PACKET);
    const out = this.#bytes;
    let [piece, offset, next] = [0, 0, counter];
    for (let first = true; left > 0; first = false) {
      const start = this.#at;
      const field = Math.max(adaptation, ROOM - left);
      out[start] = SYNC;
      out[start + 1] = (first ? UNIT_START : 0) | (pid >> 8);
      out[start + 2] = pid;
      out[start + 3] = (field > 0 ? HAS_ADAPTATION : 0) | HAS_PAYLOAD | next;
      if (field > 0) writeAdaptation(out, start + PACKET_HEADER, field, first ? opening : undefined);
      let at = start + PACKET_HEADER + field;
      const end = start + TS_PACKET;
      left -= end - at;
      while (at < end) {
        const from = pieces[piece]!;
        const until = Math.min(end, at + from.length - offset);
        while (at < until) out[at++] = from[offset++]!;
        if (offset === from.length) [piece, offset] = [piece + 1, 0];
      }
      this.#at = end;
      adaptation = 0;
      next = (next + 1) & 15;
    }
    return next;
  }

  #grow(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#bytes.length) return;
    if (needed > MAX_WAITING) throw new RefusedError('too-large', `more than ${MAX_WAITING} bytes of MPEG-TS at once`);
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2, SMALLEST_BUFFER));
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
  }
}

/** The size of the adaptation field, its length byte included, that an opening needs. */
function adaptationSize({ clock, randomAccess }: Opening): number {
  if (clock !== undefined) return ADAPTATION_HEAD + CLOCK_SIZE;
  return randomAccess ? ADAPTATION_HEAD : 0;
}

/** An adaptation field of `size` bytes, its length byte included; what has no other use is stuffing. */
function writeAdaptation(out: Uint8Array, at: number, size: number, opening: Opening | undefined): void {
  out[at] = size - 1;
  if (size === 1) return;
  const clock = opening?.clock;
  out[at + 1] = (opening?.randomAccess ? RANDOM_ACCESS : 0) | (clock === undefined ? 0 : HAS_CLOCK);
  out.fill(0xff, at + ADAPTATION_HEAD, at + size);
  if (clock !== undefined) writeClock(out, at + ADAPTATION_HEAD, clock);
}

/** 33 bits in 90 kHz, 6 reserved, 9 bits of the rest in 27 MHz. */
function writeClock(out: Uint8Array, at: number, clock: number): void {
  const base = Math.floor(clock / 300) % 2 ** 33;
  const extension = clock % 300;
  const high = Math.floor(base / 2);
  out[at] = high >>> 24;
  out[at + 1] = high >>> 16;
  out[at + 2] = high >>> 8;
  out[at + 3] = high;
  out[at + 4] = ((base % 2) << 7) | 0x7e | (extension >> 8);
  out[at + 5] = extension;
}
