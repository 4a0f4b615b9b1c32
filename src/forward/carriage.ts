import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { describePath } from '../hub/path.ts';
import { Publisher } from '../hub/publisher.ts';
import type { Reader } from '../hub/reader.ts';
import type { Session } from '../hub/session.ts';
import type { Standing } from '../hub/standing.ts';
import { Stream } from '../hub/stream.ts';
import type { Context } from '../module.ts';
import { Backoff } from '../net/backoff.ts';
import { dial } from '../net/dial.ts';
import type { PublishWish } from '../net/ingress.ts';
import type { Cargo, Taker } from '../net/takers.ts';
import { Buffer } from './buffer.ts';
import { isFinal } from './refusal.ts';
import type { Choice } from './choice.ts';

/** The pauses between two attempts, in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [50, 500];

/** Nobody here cuts it into segments. */
const SEGMENT = 10 * SECOND;

/** What passing on needs. */
export interface CarriageGround {
  readonly context: Context;
  readonly choice: Choice;
  /** How long an origin may take to say whether it takes a stream, in microseconds. */
  readonly patience: number;
  readonly onSkip: (frames: number) => void;
}

/** One publisher's stream on its way to whichever origin takes it, as long as the publisher is there. */
export class Carriage implements Cargo {
  readonly id: string;
  readonly wish: PublishWish;
  readonly stream: Stream;
  readonly via: string;
  standing: Standing | undefined;
  readonly #ground: CarriageGround;
  readonly #session: Session;
  readonly #buffer: Buffer;
  readonly #accepted = Promise.withResolvers<Publisher>();
  readonly #ending = new AbortController();
  readonly #backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
  readonly #publisher: Publisher;
  /** Ends it when no origin was to be had for too long. */
  #cancel = () => {};
  #hasBegun = false;
  #taker: Taker | undefined;
  #reason: unknown;

  /** Looks for an origin at once; `onEnd` is called when it is over. */
  constructor(ground: CarriageGround, wish: PublishWish, session: Session, onEnd: () => void) {
    const { config, clock, dialers, siblings } = ground.context;
    const { window, relay, limits } = config;
    this.#ground = ground;
    this.#session = session;
    this.wish = wish;
    this.standing = wish.standing;
    this.id = `${siblings.run}.${siblings.worker}.${session.id}`;
    const via = session.detail['via'];
    this.via = siblings.worker === 1 ? dialers.via(via) : (via ?? '');
    const nobodys = { token: 0, anchor: undefined };
    this.stream = new Stream(wish.path, clock.wall(), nobodys, { ...window, duration: relay.buffer });
    this.#buffer = new Buffer(this.stream);
    this.#publisher = this.#publish();
    this.#expect(limits.command);
    const fail = (error: unknown) => ground.context.log.error({ error, path: wish.path }, 'passing on a stream failed');
    void this.#run()
      .catch(fail)
      .finally(() => {
        this.#settle();
        onEnd();
      });
  }

  /** Resolves to what its publisher writes to when an origin takes it. Rejects with the reason why none does. */
  get accepted(): Promise<Publisher> {
    return this.#accepted.promise;
  }

  /** Ends it, for a reason that its publisher is told. Idempotent. */
  end(reason: unknown): void {
    this.#ending.abort(reason);
  }

  accept(): Reader {
    const { name } = this.#taker!;
    this.#cancel();
    this.#backoff.reset();
    this.#ground.choice.succeeded(this.#taker!);
    this.#session.detail['target'] = name;
    this.#ground.context.log.info(
      { session: this.#session.id, path: this.wish.path, origin: name },
      this.#hasBegun ? 'an origin goes on with a stream that is published here' : 'an origin takes what is published here',
    );
    this.#hasBegun = true;
    const reader = this.#read();
    this.#accepted.resolve(this.#publisher);
    // Who waited here for it can have it from there now.
    this.#ground.context.hub.offer(this.wish.path);
    return reader;
  }

  confirm(position: number, standing?: Standing): void {
    if (standing) this.standing = standing;
    this.#buffer.confirm(position, standing !== undefined);
  }

  #publish(): Publisher {
    const { clock } = this.#ground.context;
    const nothing = () => {};
    const publisher = new Publisher(this.stream, this.#session, clock, { segment: SEGMENT, role: 'main' }, {
      ...{ begun: nothing, anchored: nothing, stamped: nothing, offered: nothing },
      closed: (deliberate) => this.#leave(deliberate),
    });
    this.stream.publisher = publisher;
    publisher.enter();
    return publisher;
  }

  /** The publisher is gone: what it sent last still goes to the origin. */
  #leave(deliberate: boolean): void {
    const name = describePath(this.wish.path);
    if (deliberate) this.stream.end('gone', `${name} has ended`);
    else this.stream.end('timeout', `the publisher of ${name} broke off`);
    if (!this.#hasBegun) this.end(this.stream.ended);
  }

  /** From now on an origin must take it within so many microseconds. */
  #expect(patience: number): void {
    this.#cancel();
    this.#cancel = this.#ground.context.clock.after(patience, () => {
      const last = this.#reason instanceof Error ? `: ${this.#reason.message}` : '';
      this.end(new RefusedError('timeout', `no origin takes ${describePath(this.wish.path)}${last}`));
    });
  }

  async #run(): Promise<void> {
    const { context, choice } = this.#ground;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const taker = await choice.next(this.wish.path);
      const began = this.#hasBegun;
      this.#reason = taker ? await this.#attempt(taker) : new RefusedError('not-found', 'no origin is known');
      if (signal.aborted) break;
      if (this.stream.ended && this.#reason === this.stream.ended) return;
      if (isFinal(this.#reason, taker, began)) return this.end(this.#reason);
      const wasTaken = this.#session.detail['target'] !== undefined;
      delete this.#session.detail['target'];
      if (wasTaken) this.#expect(context.config.publish.grace);
      if (taker) choice.failed(taker, this.#reason, wasTaken);
      await this.#backoff.wait(signal);
    }
  }

  async #attempt(taker: Taker): Promise<unknown> {
    const { context, patience } = this.#ground;
    const { protocol, remote, isInner } = taker;
    this.#taker = taker;
    const late = new AbortController();
    const accepted = new AbortController();
    const cancel = context.clock.after(patience, () => {
      if (this.#session.detail['target'] === undefined) late.abort(new RefusedError('timeout', 'the origin does not say whether it takes it'));
    });
    const signal = AbortSignal.any([this.#ending.signal, late.signal]);
    void accepted;
    return dial(context, { protocol, remote, isInner, isAttempt: true }, signal, (serving) => {
      serving.session.detail['target'] = taker.name;
      return taker.take(this, serving);
    }).finally(cancel);
  }

  #read(): Reader {
    const { skipped } = this.#buffer;
    const reader = this.#buffer.read();
    this.#count(this.#buffer.skipped - skipped);
    return reader;
  }

  #count(frames: number): void {
    if (frames === 0) return;
    this.#session.skipped += frames;
    this.#ground.onSkip(frames);
  }

  #settle(): void {
    this.#cancel();
    const { reason } = this.#ending.signal;
    if (this.#ending.signal.aborted) {
      this.#accepted.promise.catch(() => {});
      this.#accepted.reject(reason as Error);
      if (this.#hasBegun && reason instanceof RefusedError) this.#session.close(reason);
    }
    const { skipped } = this.#buffer;
    this.#buffer.close();
    this.#count(this.#buffer.skipped - skipped);
  }
}
