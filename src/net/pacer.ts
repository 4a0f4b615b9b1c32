import { type Clock, MILLISECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';

/** What a {@link Pacer} drives: see `Outlet`. */
export interface Paced {
  begin(): void;
  flush(deadline: number): boolean;
  readonly lagging: boolean;
  close(reason: RefusedError): void;
}

/** Between what a {@link Pacer} may choose. */
export interface PacerOptions {
  /** Bursts are at least and at most so far apart, in microseconds. */
  readonly burstMin: number;
  readonly burstMax: number;
}

/** How much of the processor writing to viewers may take before frames are gathered into longer bursts. */
const SHARE = 0.3;
/** Writing is interrupted after so long to let publishers and joiners have their turn. */
const LONGEST_TURN = 2 * MILLISECOND;
/** How soon viewers that lag are looked at again when nothing new comes. */
const LOOK_AGAIN = 10 * MILLISECOND;

/** What a {@link Pacer} counts, for metrics. Times are microseconds. */
export interface PacerCounters {
  bursts: number;
  /** The sum of the times from burst to burst, while bursts were due. */
  intervals: number;
  /** The sum of the times spent encoding and writing. */
  spent: number;
}

/**
 * Decides when bytes are written. With little to do a frame goes out at once; the longer writing to all viewers takes, the
 * longer frames are gathered, so that writing never takes more than its share of the processor, up to a ceiling.
 */
export class Pacer {
  readonly counters: PacerCounters = { bursts: 0, intervals: 0, spent: 0 };
  readonly #options: PacerOptions;
  readonly #clock: Clock;
  readonly #onFault: (error: unknown) => void;
  readonly #due = new Set<Paced>();
  #isWriting = false;
  #isScheduled = false;
  /** Ends the wait for those who lag, where nothing else is waited for. */
  #stopLooking: (() => void) | undefined;
  #began = Number.NEGATIVE_INFINITY;
  #spent = 0;
  #next = Number.NEGATIVE_INFINITY;

  /** `onFault` is told what an outlet threw, which is our own bug; that outlet is closed. */
  constructor(options: PacerOptions, clock: Clock, onFault: (error: unknown) => void) {
    this.#options = options;
    this.#clock = clock;
    this.#onFault = onFault;
  }

  /** Monotonic microseconds. */
  now(): number {
    return this.#clock.now();
  }

  /** Has an outlet written to in the next burst. */
  wake(outlet: Paced): void {
    this.#due.add(outlet);
    if (!this.#isWriting && !this.#isScheduled) this.#schedule();
  }

  #schedule(): void {
    this.#stopLooking?.();
    const delay = this.#next - this.now();
    // An immediate comes after everything that is readable now has been read, and all that sinks had put off has been sent.
    const begin = () => setImmediate(() => this.#begin());
    this.#isScheduled = true;
    if (delay <= 0) begin();
    else this.#clock.after(delay, begin);
  }

  /** Those who lag are looked at again, with what is new if that comes sooner: it does not wait for them. */
  #lookAgain(): void {
    const delay = Math.max(this.#next - this.now(), LOOK_AGAIN);
    const cancel = this.#clock.after(delay, () => this.#schedule());
    this.#stopLooking = () => {
      cancel();
      this.#stopLooking = undefined;
    };
  }

  #begin(): void {
    const now = this.now();
    this.counters.bursts++;
    this.counters.intervals += Math.min(now - this.#began, this.#options.burstMax);
    this.#isScheduled = false;
    this.#began = now;
    this.#isWriting = true;
    this.#spent = 0;
    const burst = [...this.#due];
    this.#due.clear();
    this.#write(burst, undefined, []);
  }

  /**
   * Writes until all is written or the turn is over; then the event loop gets its chance, and it goes on. Of the outlets
   * `left` the last one is `begun` or will be; `written` are those that are through.
   */
  #write(left: Paced[], begun: Paced | undefined, written: Paced[]): void {
    const began = this.now();
    const deadline = began + LONGEST_TURN;
    let current = begun;
    while (left.length > 0 && this.now() < deadline) {
      const outlet = left.at(-1)!;
      const isThrough = this.#drive(outlet, outlet !== current, deadline);
      current = outlet;
      if (isThrough === false) break;
      left.pop();
      if (isThrough) written.push(outlet);
    }
    this.#spent += this.now() - began;
    if (left.length > 0) setImmediate(() => this.#write(left, current, written));
    else this.#end(written);
  }

  /** Whether the outlet is through with this burst; undefined when it threw. */
  #drive(outlet: Paced, isNew: boolean, deadline: number): boolean | undefined {
    try {
      if (isNew) outlet.begin();
      return outlet.flush(deadline);
    } catch (error) {
      this.#onFault(error);
      outlet.close(new RefusedError('gone', 'the server failed'));
      return undefined;
    }
  }

  #end(written: readonly Paced[]): void {
    const { burstMin, burstMax } = this.#options;
    this.#isWriting = false;
    this.counters.spent += this.#spent;
    this.#next = this.#began + Math.min(Math.max(this.#spent / SHARE, burstMin), burstMax);
    const isIdle = this.#due.size === 0;
    for (const outlet of written) if (outlet.lagging) this.#due.add(outlet);
    if (!isIdle) this.#schedule();
    else if (this.#due.size > 0) this.#lookAgain();
  }
}
