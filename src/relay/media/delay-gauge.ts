/** Measures how late records are, in microseconds. */
export class DelayGauge {
  readonly #delays: Float64Array;
  #count = 0;

  /** Remembers so many records, the newest ones. */
  constructor(remembered = 1024) {
    this.#delays = new Float64Array(remembered);
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  observe(delay: number): void {
    this.#delays[this.#count++ % this.#delays.length] = delay;
  }

  /** The delay that this share of the records of late does not exceed; 0 before the first one. */
  quantile(share: number): number {
    const known = this.#delays.slice(0, Math.min(this.#count, this.#delays.length)).sort();
    return known[Math.min(known.length - 1, Math.floor(known.length * share))] ?? 0;
  }
}
