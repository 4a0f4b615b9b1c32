import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Session } from '../hub/session.ts';
import type { Context } from '../module.ts';
import { Backoff } from '../net/backoff.ts';
import { dial } from '../net/dial.ts';
import { Departure } from '../net/serve.ts';
import { hostOf, schemeOf } from '../net/server-url.ts';
import type { Upstream } from './server.ts';
import { watchGaps } from './silence.ts';

/** What fetching needs. */
export interface FetchGround {
  readonly context: Context;
  readonly upstreams: readonly Upstream[];
  /** How long a stream is kept that nobody watches, in microseconds. */
  readonly idle: number;
  /** Is told how it went with an upstream: that a stream comes from it, or why none does. */
  readonly report: (upstream: Upstream, trouble: unknown) => void;
}

/** Servers that do not have a stream may say nothing at all: after so long, in microseconds, it is not expected any more. */
const PATIENCE = 3 * SECOND;
/** What nobody has asked for so long, in microseconds, nobody waits for. */
const LAPSE = 3 * SECOND;
/** The shortest and the longest pause before the upstreams are asked again, in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [50, 2000];
/** What lasted so long was a success, in microseconds. */
const STEADY = 5 * SECOND;

/** Fetches one stream from whichever upstream sends it first, as long as somebody wants it, however often it is lost. */
export class Fetch {
  readonly path: StreamPath;
  readonly #ground: FetchGround;
  readonly #ending = new AbortController();
  /** Resolves when there is something to play, or nothing to be hoped for. */
  readonly #found = Promise.withResolvers<void>();
  readonly #attempts = new Map<Upstream, { readonly losing: AbortController; readonly over: Promise<void> }>();
  /** Who publishes it here. */
  #session: Session | undefined;
  /** From where. */
  #source: Upstream | undefined;
  #cancelLapse = () => {};
  #cancelIdle = () => {};
  #unwatch = () => {};

  /** Begins at once; `onEnd` is called once, when it is over. */
  constructor(ground: FetchGround, path: StreamPath, onEnd: () => void) {
    this.#ground = ground;
    this.path = path;
    const fail = (error: unknown) => ground.context.log.error({ error, path }, 'fetching a stream failed');
    void this.#run()
      .catch(fail)
      .finally(() => {
        this.end();
        onEnd();
      });
  }

  /** Whether it has come to frames. */
  get hasBegun(): boolean {
    return this.#session !== undefined;
  }

  /** Somebody wants it; resolves when it is here, or not to be expected soon. */
  find(): Promise<void> {
    const { clock, hub } = this.#ground.context;
    this.#cancelLapse();
    this.#cancelLapse = clock.after(LAPSE, () => hub.find(this.path) || this.end());
    return new Promise((resolve) => {
      const cancel = clock.after(PATIENCE, resolve);
      void this.#found.promise.then(resolve).finally(cancel);
    });
  }

  /** Readers have come or gone: with none for too long the stream is given up. */
  look(): void {
    const { context, idle } = this.#ground;
    const stream = context.hub.find(this.path);
    this.#cancelIdle();
    if (!stream?.lineup || stream.readers.size > 0) return;
    this.#cancelIdle = context.clock.after(idle, () => {
      context.hub.drop(this.path);
      this.end();
    });
  }

  /** Somebody publishes it here: this fetch itself, or else it is needed no more. */
  published(session: Session): void {
    if (session !== this.#session) return this.end();
    const { hub, clock } = this.#ground.context;
    this.#unwatch();
    this.#unwatch = watchGaps(hub.find(this.path)!.publisher!, clock, {
      silent: () => this.#askAll(),
      heard: () => this.#dismissAll(this.#source),
    });
    const settle = () => {
      this.#found.resolve();
      this.look();
    };
    hub.read(this.path, Number.POSITIVE_INFINITY, this.#ending.signal).then(settle, settle);
  }

  /** Stops fetching. Idempotent. */
  end(): void {
    this.#cancelLapse();
    this.#cancelIdle();
    this.#unwatch();
    this.#ending.abort(new RefusedError('gone', 'nobody wants it any more'));
    this.#found.resolve();
  }

  async #run(): Promise<void> {
    const { context } = this.#ground;
    const { signal } = this.#ending;
    const backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    while (!signal.aborted) {
      const began = context.clock.now();
      this.#askAll();
      while (this.#attempts.size > 0) await Promise.race(Array.from(this.#attempts.values(), ({ over }) => over));
      if (context.clock.now() - began > STEADY) backoff.reset();
      const stream = context.hub.find(this.path);
      // Whoever watches is kept for some time, as he is when a publisher is lost.
      if (!stream || stream.publisher) return;
      await backoff.wait(signal);
    }
  }

  /** Asks the upstreams that are not being asked: the first that sends something is fetched from, and all others are left. */
  #askAll(): void {
    for (const upstream of this.#ground.upstreams) {
      if (this.#attempts.has(upstream)) continue;
      const losing = new AbortController();
      const over = this.#try(upstream, losing).finally(() => this.#attempts.delete(upstream));
      this.#attempts.set(upstream, { losing, over });
    }
  }

  async #try(upstream: Upstream, losing: AbortController): Promise<void> {
    const signal = AbortSignal.any([this.#ending.signal, losing.signal]);
    let hasWon = false;
    const win = () => {
      signal.throwIfAborted();
      hasWon = true;
      this.#source = upstream;
      this.#dismissAll(upstream);
      this.#ground.report(upstream, undefined);
    };
    const reason = await this.#pull(upstream, signal, win).catch((error: unknown) => error);
    if (!hasWon && !signal.aborted) this.#ground.report(upstream, reason);
  }

  /** Resolves to the reason why it is over. */
  async #pull(upstream: Upstream, signal: AbortSignal, win: () => void): Promise<unknown> {
    const { context } = this.#ground;
    const url = await upstream.locate(this.path, signal);
    if (url === undefined) return new RefusedError('not-found', 'it does not have the stream');
    const dialer = context.dialers.find(schemeOf(url))!;
    const peer = { protocol: dialer.protocol, remote: hostOf(url), isAttempt: true };
    return dial(context, peer, signal, (serving) => {
      serving.session.detail['origin'] = upstream.name;
      const claim = () => {
        win();
        this.#session = serving.session;
      };
      return dialer.pull(url, this.path, serving, { claim });
    });
  }

  /** Lets go of all upstreams but one. */
  #dismissAll(but: Upstream | undefined): void {
    for (const [upstream, { losing }] of this.#attempts)
      if (upstream !== but) losing.abort(new Departure('another origin was faster'));
  }
}
