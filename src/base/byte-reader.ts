import { ProtocolError } from './errors.ts';
import { decodeUtf8 } from './utf8.ts';

/** A cursor over a complete payload. Every read past the end throws {@link ProtocolError}. All numbers are big-endian. */
export class ByteReader {
  readonly bytes: Uint8Array;
  offset = 0;
  /** Made when it is first needed: most payloads are read by single bytes. */
  #dataView: DataView | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  u8(): number {
    return this.bytes[this.#advance(1)]!;
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  u24(): number {
    const at = this.#advance(3);
    return (this.bytes[at]! << 16) | (this.bytes[at + 1]! << 8) | this.bytes[at + 2]!;
  }

  i24(): number {
    return (this.u24() << 8) >> 8;
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  i16(): number {
    return this.#view.getInt16(this.#advance(2));
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4));
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8));
  }

  /** The next `length` bytes, as a view of the same memory. */
  take(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.bytes.subarray(at, at + length);
  }

  /** All bytes that are left, as a view of the same memory. */
  rest(): Uint8Array {
    return this.take(this.remaining);
  }

  /** The next `length` bytes as UTF-8 text; malformed sequences become U+FFFD. */
  text(length: number): string {
    return decodeUtf8(this.take(length));
  }

  skip(length: number): void {
    this.#advance(length);
  }

  get #view(): DataView {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return (this.#dataView ??= new DataView(buffer, byteOffset, byteLength));
  }

  #advance(length: number): number {
    const at = this.offset;
    if (length > this.bytes.length - at) {
      throw new ProtocolError(`${length} bytes expected, ${this.bytes.length - at} left`);
    }
    this.offset = at + length;
    return at;
  }
}
