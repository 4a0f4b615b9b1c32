import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Session } from '../hub/session.ts';
import type { Publishing, Role } from '../hub/stream.ts';
import type { Context } from '../module.ts';
import { dial } from '../net/dial.ts';
import { hostOf, placeOf, schemeOf } from '../net/server-url.ts';
import type { Server } from './server.ts';

/** What goes well for so long is a success. */
export const SETTLED: number = 3 * SECOND;
/** The shortest and the longest pause before a server is asked again, in microseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [SECOND / 2, 10 * SECOND];

/** Is told how it went with a server: that a stream came from it, or why none does. */
export type Report = (server: Server, trouble: unknown) => void;

/** One server that is asked for one stream, again and again with pauses between. */
export class Upstream {
  readonly #context: Context;
  readonly #server: Server;
  readonly #path: StreamPath;
  readonly #report: Report;
  #asking: AbortController | undefined;
  #session: Session | undefined;
  #pause = FIRST_PAUSE;
  #endedAt = Number.NEGATIVE_INFINITY;
  /** How long it is not asked again, and how long not where nobody else has the stream, in microseconds. */
  #rest = { usual: 0, urgent: 0 };

  constructor(context: Context, server: Server, path: StreamPath, report: Report) {
    this.#context = context;
    this.#server = server;
    this.#path = path;
    this.#report = report;
  }

  get isPreferred(): boolean {
    return this.#server.isPreferred;
  }

  get isAsked(): boolean {
    return this.#asking !== undefined;
  }

  /** Whether frames of it have come. */
  get hasBegun(): boolean {
    return this.#session?.role !== undefined;
  }

  /** Whether what it sends is what is heard. */
  isHeard(publisher: Publishing | undefined): boolean {
    return publisher !== undefined && publisher.session === this.#session;
  }

  /** Asks it, unless it is being asked or has failed a moment ago. */
  ask(urgency: 'usual' | 'urgent'): void {
    if (this.#asking || this.#context.clock.now() - this.#endedAt < this.#rest[urgency]) return;
    const asking = new AbortController();
    this.#asking = asking;
    void this.#ask(asking.signal);
  }

  /** Asks no more for now. */
  leave(reason: RefusedError): void {
    this.#asking?.abort(reason);
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const began = clock.now();
    const trouble = await this.#pull(signal).catch((error: unknown) => error);
    const { hasBegun } = this;
    if (hasBegun || !signal.aborted) this.#report(this.#server, hasBegun ? undefined : trouble);
    this.#asking = undefined;
    this.#session = undefined;
    this.#endedAt = clock.now();
    if (signal.aborted || (hasBegun && this.#endedAt - began > SETTLED)) this.#restart();
    else this.#tire(trouble instanceof RefusedError && trouble.code === 'not-found');
  }

  /** Resolves to the reason why it is over. */
  async #pull(signal: AbortSignal): Promise<unknown> {
    const url = await this.#server.locate(this.#path, signal);
    if (url === undefined) return new RefusedError('not-found', 'it does not have the stream');
    const dialer = this.#context.dialers.find(schemeOf(url))!;
    const peer = { protocol: dialer.protocol, remote: hostOf(url), isAttempt: true };
    const role: Role = this.isPreferred ? 'main' : 'backup';
    return dial(this.#context, peer, signal, (serving) => {
      this.#session = serving.session;
      Object.assign(serving.session.detail, { origin: this.#server.name, source: placeOf(url) });
      return dialer.pull(url, this.#path, serving, { role });
    });
  }

  #restart(): void {
    this.#pause = FIRST_PAUSE;
    this.#rest = { usual: 0, urgent: 0 };
  }

  /** Who answers, and does not have it, may have it soon. */
  #tire(isAbsent: boolean): void {
    this.#rest = { usual: this.#pause, urgent: isAbsent ? FIRST_PAUSE : this.#pause };
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }
}
