/** Slabs grow from the first size to the second, in bytes: one who takes little is given little. */
const SMALLEST_SLAB = 512;
const LARGEST_SLAB = 16 * 1024;
/** The largest piece that is cut from a slab. */
const LARGEST_PIECE = 2 * 1024;

/**
 * Memory for many small pieces that are let go in the order in which they were taken, such as the frames of one stream.
 * An ArrayBuffer of its own costs a small piece several times its size; here some share one, which is freed with the last of them.
 */
export class Slab {
  #bytes = new Uint8Array(0);
  #used = 0;

  /** Zeroed memory of exactly `length` bytes. */
  take(length: number): Uint8Array {
    if (length > LARGEST_PIECE) return new Uint8Array(length);
    if (this.#used + length > this.#bytes.length) {
      const size = Math.min(Math.max(this.#bytes.length * 2, SMALLEST_SLAB), LARGEST_SLAB);
      this.#bytes = new Uint8Array(Math.max(size, length));
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += length;
    return this.#bytes.subarray(from, this.#used);
  }
}
