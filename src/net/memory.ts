import { type Clock, MILLISECOND, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Session } from '../hub/session.ts';
import type { Logger } from '../ops/log.ts';

/** What a {@link MemoryWatch} needs to know. */
export interface MemoryGround {
  /** Resident memory that the process shall not exceed, in bytes. */
  readonly limit: number;
  /** What it has now, in bytes. May throw: finding out takes a file descriptor. */
  readonly resident: () => number;
  /** All sessions, the oldest first. */
  readonly sessions: Iterable<Session>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
}

/** How often the memory in use is looked at. */
const LOOK_EVERY = 500 * MILLISECOND;
/** So long nobody has to go: it may be garbage that is about to be collected. */
const PATIENCE = 5 * SECOND;
/** Viewers go in rounds so far apart: what they held is given back by and by. */
const ROUND = 2 * SECOND;
/** How many of the viewers go in a round; one at least. */
const SHARE = 0.02;

/** Looks at the memory in use. While it stays above the limit the newest viewers are closed, a few at a time; publishers never. */
export class MemoryWatch {
  /** Viewers closed so far. */
  shed = 0;
  readonly #ground: MemoryGround;
  #isFull = false;
  #isShedding = false;
  /** When the next viewers go; undefined while memory is below the limit. */
  #due: number | undefined;
  #cancel: () => void;

  constructor(ground: MemoryGround) {
    this.#ground = ground;
    this.#cancel = this.#again();
  }

  /** Whether nobody more can be let in: memory is above the limit, or cannot be told for want of file descriptors. */
  get isFull(): boolean {
    return this.#isFull;
  }

  close(): void {
    this.#cancel();
  }

  #again(): () => void {
    return this.#ground.clock.after(LOOK_EVERY, () => {
      this.#look();
      this.#cancel = this.#again();
    });
  }

  #look(): void {
    const { limit, clock } = this.#ground;
    const resident = this.#measure();
    this.#isFull = resident === undefined || resident > limit;
    if (resident === undefined) return;
    if (resident > limit) this.#press(resident, clock.now());
    else {
      this.#due = undefined;
      this.#isShedding = false;
    }
  }

  #measure(): number | undefined {
    try {
      return this.#ground.resident();
    } catch {
      return undefined;
    }
  }

  #press(resident: number, now: number): void {
    this.#due ??= now + PATIENCE;
    if (now < this.#due) return;
    this.#due = now + ROUND;
    if (!this.#isShedding) this.#report(resident);
    this.#isShedding = true;
    // What this node itself reads, such as a recorder, has no address, and stays.
    const isViewer = ({ role, remote, isInner }: Session) => role === 'play' && remote !== '' && !isInner;
    const viewers = [...this.#ground.sessions].filter(isViewer);
    const newest = viewers.slice(-Math.ceil(viewers.length * SHARE));
    this.shed += newest.length;
    for (const viewer of newest) viewer.close(new RefusedError('limit', 'the server is short of memory'));
  }

  #report(resident: number): void {
    const { limit, log } = this.#ground;
    log.warn({ resident, limit }, 'memory stays above limits.memory: the newest viewers are closed');
  }
}
