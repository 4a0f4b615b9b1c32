/** What the viewer noticed. Times are milliseconds. */
export interface Experience {
  /** From the wish to the first picture that moves; undefined until then. */
  readonly start: number | undefined;
  /** How often, and for how long altogether, the picture stood still. */
  readonly stalls: number;
  readonly stalled: number;
  /** When it did, by the same clock as it is told with; the newest ones. */
  readonly moments: readonly number[];
}

/** A stop of the picture that is shorter is none that anybody sees, in milliseconds. */
const SHORTEST = 100;
const MOST_MOMENTS = 20;

/** Notices how well it plays, by looks at where it is. */
export class Stalls {
  readonly #wishedAt: number;
  #start: number | undefined;
  #stalls = 0;
  #stalled = 0;
  #moments: number[] = [];
  #time = Number.NaN;
  #movedAt = 0;
  #isStill = false;

  constructor(now: number) {
    this.#wishedAt = now;
  }

  get experience(): Experience {
    return { start: this.#start, stalls: this.#stalls, stalled: this.#stalled, moments: this.#moments };
  }

  /** `time` is where it is, in seconds. Returns whether a stall was noticed just now. Looks must be closer than what is to be noticed. */
  look(now: number, time: number): boolean {
    if (Number.isNaN(this.#time)) [this.#time, this.#movedAt] = [time, now];
    if (time === this.#time) return this.#still(now);
    if (this.#isStill) this.#stalled += now - this.#movedAt;
    this.#start ??= now - this.#wishedAt;
    [this.#time, this.#movedAt, this.#isStill] = [time, now, false];
    return false;
  }

  /** What follows is no stall: a pause, or a tab that nobody sees. */
  rest(): void {
    this.#time = Number.NaN;
    this.#isStill = false;
  }

  #still(now: number): boolean {
    if (this.#isStill || this.#start === undefined || now - this.#movedAt < SHORTEST) return false;
    this.#isStill = true;
    this.#stalls++;
    this.#moments = [...this.#moments, now].slice(-MOST_MOMENTS);
    return true;
  }
}
