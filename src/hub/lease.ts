import type { Clock } from '../base/clock.ts';
import type { Stamp } from '../media/frame.ts';
import type { StreamPath } from './path.ts';

/** The right to write a stream's timeline, with what a successor must know to go on with it. */
export interface Lease {
  /** Greater with every owner (microseconds since 1970 will do): no reader accepts a lower one than it has seen. */
  readonly token: number;
  /** The wall clock at the stream's time 0, in microseconds since 1970; undefined until its first frame. */
  readonly anchor: number | undefined;
  /** With what a successor's first segment is stamped at least; undefined before the first one, and of other nodes' streams. */
  readonly next?: Stamp | undefined;
}

/** Who keeps the leases of this node's streams. */
export interface Leases {
  /**
   * The lease of a stream that is to be published here: `held` where it is ours already and its token is not below one that was
   * `seen`, else a greater one, with an `anchor` when the stream goes on where an earlier owner stopped. Rejects with
   * `RefusedError` `busy` when another owner keeps it: one with the token `over` is known to have failed, and is not asked.
   */
  claim(path: StreamPath, held?: Lease, seen?: number, over?: number): Lease | Promise<Lease>;
  /** Keeps the lease as it is now: when there are frames to read, with its anchor, and as the numbers of segments go on. */
  keep(path: StreamPath, lease: Lease): void;
  /** The stream has ended: the next one of this name begins anew. */
  release(path: StreamPath): void;
  /** Has `yields` asked, where others can claim what is ours, whether they may. */
  onRival(yields: (path: StreamPath) => Promise<boolean>): void;
}

/** Leases that last as long as the process: a stream that was there before a restart begins anew. */
export class MemoryLeases implements Leases {
  readonly #clock: Clock;
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  claim(_path: StreamPath, held?: Lease, seen = 0): Lease {
    if (held && held.token >= seen) return held;
    this.#last = Math.max(this.#last + 1, this.#clock.wall(), seen + 1);
    return { token: this.#last, anchor: undefined };
  }

  keep(): void {}

  release(): void {}

  onRival(): void {}
}
