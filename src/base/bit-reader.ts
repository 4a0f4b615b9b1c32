import { ProtocolError } from './errors.ts';

/** Reads bits, most significant first. Every read past the end throws {@link ProtocolError}. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bits are left. */
  get remaining(): number {
    return this.#bytes.length * 8 - this.#at;
  }

  bit(): number {
    if (this.#at >= this.#bytes.length * 8) throw new ProtocolError('bits expected, none left');
    const bit = (this.#bytes[this.#at >> 3]! >> (7 - (this.#at & 7))) & 1;
    this.#at++;
    return bit;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** An unsigned number of `count` bits, at most 32. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    if (count > this.remaining) throw new ProtocolError(`${count} bits expected, ${this.remaining} left`);
    this.#at += count;
  }

  /** An unsigned Exp-Golomb number: ue(v) of H.264, 9.1, and H.265, 9.2. */
  ue(): number {
    let zeros = 0;
    while (this.bit() === 0) {
      if (++zeros > 31) throw new ProtocolError('Exp-Golomb number of more than 32 bits');
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** A signed Exp-Golomb number: se(v). */
  se(): number {
    const code = this.ue();
    return code % 2 === 0 ? 0 - code / 2 : (code + 1) / 2;
  }
}
