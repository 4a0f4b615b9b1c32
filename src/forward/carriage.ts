import { MILLISECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { MOST_HOPS, type Trace } from '../hub/passage.ts';
import { describePath } from '../hub/path.ts';
import type { Publisher } from '../hub/publisher.ts';
import type { Reader } from '../hub/reader.ts';
import type { Session } from '../hub/session.ts';
import type { Standing } from '../hub/standing.ts';
import type { Stream } from '../hub/stream.ts';
import type { Context } from '../module.ts';
import { Backoff } from '../net/backoff.ts';
import { dial } from '../net/dial.ts';
import type { PublishWish } from '../net/ingress.ts';
import type { RouteReport } from '../net/routes.ts';
import type { Cargo, Taker } from '../net/takers.ts';
import { traceHere } from '../net/trace.ts';
import { Buffer } from './buffer.ts';
import type { Choice } from './choice.ts';
import { isFinal } from './refusal.ts';

/** What passing on needs. */
export interface CarriageGround {
  readonly context: Pick<
    Context,
    'config' | 'clock' | 'log' | 'sessions' | 'hub' | 'nodeId' | 'routes' | 'dialers' | 'siblings'
  >;
  readonly choice: Choice;
}

/** The shortest and the longest pause between two attempts, in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [50, 500];

/** One publisher's stream on its way to whichever origin takes it, as long as the publisher is there. */
export class Carriage implements Cargo {
  readonly id: string;
  readonly wish: PublishWish;
  readonly via: string;
  standing: Standing | undefined;
  readonly #ground: CarriageGround;
  readonly #session: Session;
  readonly #buffer: Buffer;
  readonly #accepted = Promise.withResolvers<Publisher>();
  readonly #ending = new AbortController();
  readonly #backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
  /** Cancels its end, while no origin has the stream. */
  #cancel = () => {};
  #hasBegun = false;
  /** Who is asked, or has it, and by which session. */
  #taker: Taker | undefined;
  #carrying: Session | undefined;
  #isTaken = false;
  #resumes = 0;
  #reason: unknown;

  /** Looks for an origin at once; `onEnd` is called when it is over. */
  constructor(ground: CarriageGround, wish: PublishWish, session: Session, onEnd: () => void) {
    const { config, clock, dialers, siblings, log } = ground.context;
    const { via } = session.detail;
    this.#ground = ground;
    this.#session = session;
    this.wish = wish;
    this.standing = wish.standing;
    this.id = `${siblings.run}.${siblings.worker}.${session.id}`;
    // The first worker carries on what this one has, under the same id.
    this.via = siblings.worker === 1 ? dialers.via(via) : (via ?? '');
    const window = { bytes: config.window.bytes, duration: config.relay.buffer };
    this.#buffer = new Buffer(wish.path, session, window, clock, () => this.#hasBegun || this.end(this.stream.ended));
    this.#expect(config.limits.command);
    const fail = (error: unknown) => log.error({ error, path: wish.path }, 'passing on a stream failed');
    void this.#run()
      .catch(fail)
      .finally(() => {
        this.#close();
        onEnd();
      });
  }

  get stream(): Stream {
    return this.#buffer.stream;
  }

  /** Resolves to what its publisher writes to when an origin takes it. Rejects with the reason why none does. */
  get accepted(): Promise<Publisher> {
    return this.#accepted.promise;
  }

  /** Ends it, for a reason that its publisher is told. Idempotent. */
  end(reason: unknown): void {
    this.#ending.abort(reason);
  }

  report(): RouteReport {
    const { path } = this.wish;
    const state = this.#isTaken ? 'running' : this.#carrying ? 'connecting' : 'retrying';
    const reason = this.#reason instanceof Error ? this.#reason.message : '';
    const [from, to] = [describePath(path), this.#taker?.name ?? ''];
    return { from, to, path, state, session: this.#carrying?.id, reconnects: this.#resumes, reason };
  }

  trace(): Promise<Trace | undefined> {
    return traceHere(this.#ground.context, this.#session.id, MOST_HOPS - 1).catch(() => undefined);
  }

  accept(): Reader {
    const { log, hub } = this.#ground.context;
    const { path } = this.wish;
    const { name } = this.#taker!;
    this.#cancel();
    this.#backoff.reset();
    this.#ground.choice.succeeded(this.#taker!);
    const what = this.#hasBegun
      ? 'an origin goes on with what is published here'
      : 'an origin takes what is published here';
    log.info({ session: this.#session.id, path, origin: name }, what);
    this.#session.detail['target'] = name;
    this.#hasBegun = this.#isTaken = true;
    const reader = this.#counting(() => this.#buffer.open());
    this.#accepted.resolve(this.#buffer.publisher);
    // It can be had from there now.
    hub.offer(path);
    return reader;
  }

  confirm(position: number, standing?: Standing): void {
    if (standing) this.standing = standing;
    this.#buffer.confirm(position, standing !== undefined);
  }

  /** An origin must take it within so many microseconds. */
  #expect(patience: number): void {
    this.#cancel = this.#ground.context.clock.after(patience, () => {
      const why = this.#reason instanceof Error ? `: ${this.#reason.message}` : '';
      this.end(new RefusedError('timeout', `no origin takes ${describePath(this.wish.path)}${why}`));
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const taker = await this.#ground.choice.next(this.wish.path);
      const wasTaken = this.#hasBegun;
      this.#reason = taker ? await this.#attempt(taker) : new RefusedError('not-found', 'no origin is known');
      if (signal.aborted || this.#reason === this.stream.ended) return;
      if (isFinal(this.#reason, taker, wasTaken)) return this.end(this.#reason);
      if (isOfStream(this.#reason)) continue;
      if (taker) this.#ground.choice.failed(taker, this.#reason);
      await this.#pause();
    }
  }

  /** Resolves to the reason why the origin does not have it, or not any more. */
  async #attempt(taker: Taker): Promise<unknown> {
    const { context } = this.#ground;
    const { clock, config } = context;
    const { protocol, remote, isInner } = taker;
    this.#taker = taker;
    const late = new AbortController();
    const expire = () => this.#isTaken || late.abort(new RefusedError('timeout', 'the origin does not answer'));
    const cancel = clock.after(config.limits.handshake, expire);
    const signal = AbortSignal.any([this.#ending.signal, late.signal]);
    const reason = await dial(context, { protocol, remote, isInner, isAttempt: true }, signal, (serving) => {
      this.#carrying = serving.session;
      serving.session.detail['target'] = taker.name;
      return taker.take(this, serving);
    });
    cancel();
    this.#carrying = undefined;
    if (this.#isTaken) this.#lose();
    return reason;
  }

  #lose(): void {
    const { config, routes } = this.#ground.context;
    this.#isTaken = false;
    this.#resumes++;
    routes.reconnects++;
    delete this.#session.detail['target'];
    this.#expect(config.publish.grace);
  }

  async #pause(): Promise<void> {
    const { signal } = this.#ending;
    const over = Promise.withResolvers<void>();
    const cancel = this.#ground.context.clock.after(this.#backoff.next() * MILLISECOND, over.resolve);
    const end = () => over.resolve();
    signal.addEventListener('abort', end);
    await over.promise;
    signal.removeEventListener('abort', end);
    cancel();
  }

  /** Does what may find that frames were lost. */
  #counting<T>(act: () => T): T {
    const { skipped } = this.#buffer;
    const result = act();
    const lost = this.#buffer.skipped - skipped;
    this.#session.skipped += lost;
    this.#ground.context.routes.skipped += lost;
    return result;
  }

  #close(): void {
    const { aborted, reason } = this.#ending.signal;
    this.#cancel();
    this.#counting(() => this.#buffer.close());
    this.#accepted.promise.catch(() => {});
    this.#accepted.reject(reason as Error);
    if (aborted && this.#hasBegun && reason instanceof RefusedError) this.#session.close(reason);
  }
}

/** Whether it is the stream that has to begin again, with other codecs, and not the origin's fault. */
function isOfStream(reason: unknown): boolean {
  return reason instanceof RefusedError && reason.code === 'changed';
}
