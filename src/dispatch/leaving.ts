import { type Clock, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Sessions } from '../hub/session.ts';
import { isPublisher, isViewer } from '../net/cluster.ts';
import type { Logger } from '../ops/log.ts';
import type { Present } from './own-node.ts';
import { turnsOf } from './pace.ts';

/** What a {@link Leaving} is made with. */
export interface LeavingGround {
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** In one process of the node. */
  readonly log: Logger | undefined;
  /** How many workers the node has, and who is at all others of them. */
  readonly workers: number;
  readonly away: () => Present;
  /** How many are closed a second, by all workers. */
  readonly pace: number;
  /** How long players have to go by themselves, in microseconds. */
  readonly grace: number;
  /** Whether there is anywhere else to go. */
  readonly canGo: (role: 'play' | 'publish') => boolean;
}

/** After so long all workers know that this node is to be left, and how many viewers the others had then. */
const ALL_KNOWN = 3 * SECOND;

/**
 * All who are here leave: players that listen are told elsewhere, and go by themselves; after a while the others are closed, a few at a
 * time, so that they come back and are sent on. Publishers are last: then nobody here waits for them.
 */
export class Leaving {
  readonly #ground: LeavingGround;
  /** How many are closed in a turn, and how often: every worker has its turn. */
  readonly #count: number;
  readonly #turnEvery: number;
  /** Before that no publisher is closed. */
  readonly #allKnownAt: number;
  #isEmpty = false;
  #cancel: () => void;

  constructor(ground: LeavingGround) {
    const { clock, pace, grace, sessions, log, workers, away } = ground;
    this.#ground = ground;
    const { count, every } = turnsOf(pace);
    this.#count = count;
    this.#turnEvery = every * workers;
    this.#allKnownAt = clock.now() + (workers > 1 ? ALL_KNOWN : 0);
    const here = [...sessions].filter((session) => isViewer(session) || isPublisher(session)).length;
    const present = here + away().viewers + away().publishers;
    log?.info({ clients: present }, 'this node is being emptied');
    this.#cancel = clock.after(grace + (present / pace) * SECOND, () => this.#turn());
  }

  /** Nobody is closed any more. */
  stop(): void {
    this.#cancel();
    this.#ground.log?.info('this node is open again');
  }

  #turn(): void {
    const { sessions, clock, log, canGo, away } = this.#ground;
    const all = [...sessions];
    const viewers = all.filter(isViewer);
    const publishers = all.filter(isPublisher);
    const others = away();
    const role = viewers.length + others.viewers > 0 ? 'play' : 'publish';
    const isTheirTurn = role === 'publish' && clock.now() >= this.#allKnownAt;
    const next = role === 'play' ? viewers.slice(0, this.#count) : isTheirTurn ? publishers.slice(0, 1) : [];
    if (canGo(role)) for (const session of next) session.close(leave);
    const isEmpty = role === 'publish' && publishers.length + others.publishers === 0;
    if (isEmpty && !this.#isEmpty) log?.info('this node is empty');
    this.#isEmpty = isEmpty;
    this.#cancel = clock.after(this.#turnEvery, () => this.#turn());
  }
}

const leave = new RefusedError('shutdown', 'this node is being emptied: connect again, and another one takes you');
