/**
 * Byte-stream parsers, split-safe by construction.
 *
 * A {@link Parser} is a generator that reads like the specification: it yields a {@link Need} and is resumed with the bytes,
 * or yields a message (any object) and is resumed with nothing of interest. The {@link Decoder} feeds it from whatever pieces
 * the network delivered, so a parser never knows where the pieces were cut.
 */
export type Parser<T extends object> = Generator<Need | T, void, Uint8Array>;

/** What a parser wants next; made by {@link exactly}, {@link upTo} and {@link peek}. */
export type Need = number;

const UP_TO = 0x2000_0000;
const PEEK = 0x4000_0000;
const COUNT = UP_TO - 1;
const NOTHING = new Uint8Array(0);
/** Where small needs are served from, by their size: headers of a few bytes come too often to make a view for each. */
const SCRATCH = Array.from({ length: 17 }, (_, size) => new Uint8Array(size));

/** Exactly `count` bytes (0 to 2^29 - 1). They are valid until the parser yields again, and not to be kept: copy them. */
export function exactly(count: number): Need {
  return count;
}

/** At least one and at most `count` bytes: as many as lie together. For payloads that are copied as they arrive. */
export function upTo(count: number): Need {
  return count | UP_TO;
}

/** Exactly `count` bytes that the next need will see again. */
export function peek(count: number): Need {
  return count | PEEK;
}

/** Drives a {@link Parser} with the pieces in which its bytes arrive. */
export class Decoder<T extends object> {
  readonly #parser: Parser<T>;
  /** Pieces not yet consumed; `#offset` bytes of the first one are. */
  readonly #pieces: Uint8Array[] = [];
  #offset = 0;
  #buffered = 0;
  #need: Need | undefined;
  #done = false;

  constructor(parser: Parser<T>) {
    this.#parser = parser;
  }

  /** How many bytes wait to be consumed. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Whether the parser has returned: it wants no more bytes. */
  get done(): boolean {
    return this.#done;
  }

  /** Adds bytes behind those already there. The memory must not change until it is consumed. */
  push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#buffered += piece.length;
  }

  /** The next message, or `undefined` when more bytes are needed (or the parser is done). Throws what the parser throws. */
  next(): T | undefined {
    let bytes: Uint8Array = NOTHING;
    while (!this.#done) {
      if (this.#need !== undefined) {
        const available = this.#serve(this.#need);
        if (available === undefined) return undefined;
        bytes = available;
        this.#need = undefined;
      }
      const step = this.#parser.next(bytes);
      bytes = NOTHING;
      if (step.done === true) this.#done = true;
      else if (typeof step.value === 'number') this.#need = step.value;
      else return step.value;
    }
    return undefined;
  }

  #serve(need: Need): Uint8Array | undefined {
    let count = need & COUNT;
    if (count === 0) return NOTHING;
    const first = this.#pieces[0];
    if (first === undefined) return undefined;
    const together = first.length - this.#offset;
    if (need & UP_TO) count = Math.min(count, together);
    else if (count > this.#buffered) return undefined;
    const bytes = this.#view(first, count, together);
    if (!(need & PEEK)) this.#consume(count);
    return bytes;
  }

  #view(first: Uint8Array, count: number, together: number): Uint8Array {
    if (count > together) return this.#gather(count);
    const scratch = SCRATCH[count];
    if (!scratch) return first.subarray(this.#offset, this.#offset + count);
    for (let i = 0; i < count; i++) scratch[i] = first[this.#offset + i]!;
    return scratch;
  }

  #gather(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    let filled = 0;
    let offset = this.#offset;
    for (const piece of this.#pieces) {
      const part = piece.subarray(offset, offset + count - filled);
      bytes.set(part, filled);
      filled += part.length;
      if (filled === count) break;
      offset = 0;
    }
    return bytes;
  }

  #consume(count: number): void {
    this.#buffered -= count;
    this.#offset += count;
    let spent = 0;
    while (spent < this.#pieces.length && this.#offset >= this.#pieces[spent]!.length) {
      this.#offset -= this.#pieces[spent]!.length;
      spent++;
    }
    if (spent === this.#pieces.length) this.#pieces.length = 0;
    else if (spent > 0) this.#pieces.splice(0, spent);
  }
}
