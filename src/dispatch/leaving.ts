import { type Clock, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Sessions } from '../hub/session.ts';
import { isPublisher, isViewer } from '../net/cluster.ts';
import type { Logger } from '../ops/log.ts';

/** What a {@link Leaving} is made with. */
export interface LeavingGround {
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly log: Logger;
  /** How many are closed a second. */
  readonly pace: number;
  /** How long players have to go by themselves, in microseconds. */
  readonly grace: number;
  /** Whether there is anywhere else to go. */
  readonly canGo: (role: 'play' | 'publish') => boolean;
}

/** How often some are closed. */
const TURN = SECOND / 20;

/**
 * All who are here leave: players that listen are told elsewhere, and go by themselves; after a while the others are closed, a few at a
 * time, so that they come back and are sent on. Publishers are last: then nobody here waits for them.
 */
export class Leaving {
  readonly #ground: LeavingGround;
  /** How many are closed in a turn. */
  readonly #pace: number;
  #isEmpty = false;
  #cancel: () => void;

  constructor(ground: LeavingGround) {
    const { clock, pace, grace, sessions, log } = ground;
    this.#ground = ground;
    this.#pace = Math.max(1, Math.round((pace * TURN) / SECOND));
    const present = [...sessions].filter((session) => isViewer(session) || isPublisher(session)).length;
    log.info({ clients: present }, 'this node is being emptied');
    this.#cancel = clock.after(grace + (present / pace) * SECOND, () => this.#turn());
  }

  /** Nobody is closed any more. */
  stop(): void {
    this.#cancel();
    this.#ground.log.info('this node is open again');
  }

  #turn(): void {
    const { sessions, clock, log, canGo } = this.#ground;
    const all = [...sessions];
    const viewers = all.filter(isViewer);
    const publishers = all.filter(isPublisher);
    const role = viewers.length > 0 ? 'play' : 'publish';
    const next = viewers.length > 0 ? viewers.slice(0, this.#pace) : publishers.slice(0, 1);
    if (canGo(role)) for (const session of next) session.close(leave);
    const isEmpty = viewers.length + publishers.length === 0;
    if (isEmpty && !this.#isEmpty) log.info('this node is empty');
    this.#isEmpty = isEmpty;
    this.#cancel = clock.after(TURN, () => this.#turn());
  }
}

const leave = new RefusedError('shutdown', 'this node is being emptied: connect again, and another one takes you');
