/** What must not happen. */
export const FAULTS = [
  'broken framing',
  'viewers thrown out',
  'viewers starved',
  'viewers not told of the end',
  'publishers thrown out',
  'publishers refused',
  'errors in the log',
  'deaths of the server',
  'left at the end',
  'failures of the soak itself',
] as const;

export type Fault = (typeof FAULTS)[number];

/** What has happened so far, and what should not have. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #faults = new Map<string, { count: number; readonly first: string }>();
  readonly #since = performance.now();

  /** Since the beginning. */
  get seconds(): number {
    return (performance.now() - this.#since) / 1000;
  }

  count(what: string): void {
    this.#counts.set(what, this.of(what) + 1);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** Everything that was counted, by name. */
  get counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  /** Notes what must not happen. Of each kind the first one is kept, with its second. */
  fault(kind: Fault, detail: string): void {
    const known = this.#faults.get(kind);
    if (known) known.count++;
    else this.#faults.set(kind, { count: 1, first: `${detail} (second ${this.seconds.toFixed(1)})` });
  }

  /** How many faults of a kind there were. */
  faults(kind: Fault): number {
    return this.#faults.get(kind)?.count ?? 0;
  }

  /** A line for each kind of fault that there was. */
  complaints(): string[] {
    return Array.from(this.#faults, ([kind, { count, first }]) => `${count} × ${kind}; the first: ${first}`);
  }
}
