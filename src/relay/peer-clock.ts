import type { Clock } from '../base/clock.ts';
import { Path } from './link/path.ts';

/** When a message was sent, and of the last one that had come until then when that was sent, and how long ago it came. */
export interface ClockSign {
  readonly sent: number;
  readonly echo?: { readonly sent: number; readonly held: number } | undefined;
}

/** The wall clock at the other end of a control channel, by the times that both ends put on their messages. */
export class PeerClock {
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #path = new Path();
  #heard: { readonly sent: number; readonly at: number } | undefined;

  constructor(clock: Pick<Clock, 'wall'>) {
    this.#clock = clock;
  }

  /** What the other clock shows more than ours, in microseconds; undefined before it was heard in answer to us. */
  get ahead(): number | undefined {
    return this.#path.aligned ? this.#path.toRemote(0) : undefined;
  }

  /** What to put on a message that is sent now. */
  sign(): ClockSign {
    const sent = this.#clock.wall();
    const heard = this.#heard;
    return heard ? { sent, echo: { sent: heard.sent, held: sent - heard.at } } : { sent };
  }

  /** Learns from what stood on one that has come. */
  read({ sent, echo }: ClockSign): void {
    const at = this.#clock.wall();
    this.#heard = { sent, at };
    if (echo) this.#path.learn({ item: 'pong', sent: echo.sent, held: echo.held, received: sent - echo.held }, at);
  }
}
