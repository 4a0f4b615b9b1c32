import { SECOND } from '../base/clock.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Session } from '../hub/session.ts';
import type { Context } from '../module.ts';
import { Backoff } from '../net/backoff.ts';
import type { RouteReport, RouteState } from '../net/routes.ts';

/** The shortest and the longest pause between attempts, in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [500, 5000];
/** What lasted so long was a success, in microseconds. */
const STEADY = 5 * SECOND;

/** What a {@link Job} does. */
export interface Work {
  /** From where to where, as may be shown. */
  readonly from: string;
  readonly to: string;
  readonly path: StreamPath;
  /** Resolves when there is something to do, or `signal` aborts. */
  wanted(signal: AbortSignal): Promise<void>;
  /** Does it until that is over; resolves to the reason. Never rejects. */
  attempt(signal: AbortSignal): Promise<unknown>;
  /** Who does it at present. */
  session(): Session | undefined;
  /** Whether it is done by another worker of this node. */
  isElsewhere?(): boolean;
}

/** Keeps up what a route does, with pauses between the attempts, until it is stopped. */
export class Job {
  readonly #work: Work;
  readonly #context: Context;
  readonly #done: Promise<void>;
  readonly #stopping = new AbortController();
  #state: RouteState = 'waiting';
  #reconnects = 0;
  #isLast = false;
  #reason = '';
  /** What was complained of in the log, until it goes well. */
  #complaint = '';

  /** Begins at once; `onEnd` is called when it is over. */
  constructor(context: Context, work: Work, onEnd = () => {}) {
    this.#context = context;
    this.#work = work;
    this.#done = this.#run().finally(onEnd);
  }

  /** Resolves when it is over. Idempotent. */
  stop(reason: Error): Promise<void> {
    this.#stopping.abort(reason);
    return this.#done;
  }

  /** Nothing more is to be done: what is under way may come to its end by itself, as there is still something to say. */
  finish(reason: Error): void {
    this.#isLast = true;
    if (!this.#running) this.#stopping.abort(reason);
  }

  report(): RouteReport {
    const { from, to, path } = this.#work;
    const session = this.#running;
    const isRunning = session !== undefined || (this.#state === 'connecting' && this.#work.isElsewhere?.() === true);
    const [state, reconnects, reason] = [isRunning ? 'running' : this.#state, this.#reconnects, this.#reason] as const;
    return { from, to, path, state, session: session?.id, reconnects, reason };
  }

  /** Who is at work. */
  get #running(): Session | undefined {
    const session = this.#state === 'connecting' ? this.#work.session() : undefined;
    return session?.role && session;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, routes } = this.#context;
    const backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    for (;;) {
      this.#state = 'waiting';
      await this.#work.wanted(signal);
      if (signal.aborted) return;
      this.#state = 'connecting';
      const began = clock.now();
      const reason = await this.#work.attempt(signal);
      if (signal.aborted || this.#isLast) return;
      const isSteady = clock.now() - began > STEADY;
      if (isSteady) backoff.reset();
      this.#fail(reason, isSteady);
      await backoff.wait(signal);
      this.#reconnects++;
      routes.reconnects++;
    }
  }

  #fail(reason: unknown, wasSteady: boolean): void {
    this.#state = 'retrying';
    this.#reason = reason instanceof Error ? reason.message : 'done';
    if (this.#reason === this.#complaint && !wasSteady) return;
    this.#complaint = this.#reason;
    const { from, to } = this.#work;
    this.#context.log.warn({ from, to, reason: this.#reason }, 'a route has ended; it is tried again');
  }
}
