/** So many records are remembered, the newest ones. */
const REMEMBERED = 1024;

/** Measures how late records leave, in microseconds. */
export class DelayGauge {
  readonly #delays = new Float64Array(REMEMBERED);
  #count = 0;

  observe(delay: number): void {
    this.#delays[this.#count++ % REMEMBERED] = delay;
  }

  /** The delay that this share of the records of late does not exceed; 0 before the first one. */
  quantile(share: number): number {
    const known = this.#delays.slice(0, Math.min(this.#count, REMEMBERED)).sort();
    return known[Math.min(known.length - 1, Math.floor(known.length * share))] ?? 0;
  }
}
