import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Mirror } from '../hub/mirror.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import { Backoff } from '../net/backoff.ts';
import { Departure, type Serving, serve } from '../net/serve.ts';
import { filesAt } from './files.ts';
import { SubscribedPassage } from './passage.ts';
import { begin, type ReceivingGround, receiveAll } from './receive.ts';
import { askAll, leave, type Source, type Subscription } from './subscription.ts';

/** What fetching streams needs. */
export interface PullGround extends ReceivingGround {
  readonly context: Context;
  /** Where the stream may be had at present. */
  readonly sources: () => readonly Source[] | Promise<readonly Source[]>;
  /** How long a stream is kept that nobody watches, in microseconds. */
  readonly idle: number;
}

/** In milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [50, 500];
/** What lasted so long was a success, in microseconds. */
const STEADY = 5 * SECOND;

/** Fetches one stream from whichever origin has it, as long as somebody wants it, however often the connection is lost. */
export class Pull {
  readonly path: StreamPath;
  /** Resolves when the stream is here, or nobody has it. */
  readonly found: Promise<void>;
  readonly #ground: PullGround;
  readonly #found = Promise.withResolvers<void>();
  readonly #ending = new AbortController();
  #mirror: Mirror | undefined;
  /** From where it comes at present, what ends that, and who was asked last. */
  #subscription: Subscription | undefined;
  #leaving = new AbortController();
  #asked: readonly Source[] = [];
  /** Where it goes on when that ends, and whether that is being looked for. */
  #next: Subscription | undefined;
  #isDoubting = false;
  /** Begins the next attempt at once, unless `node` is being asked already. */
  #hurry = (_node: string) => {};
  #cancelIdle: (() => void) | undefined;

  /** `onEnd` is called once, when it fetches no more. */
  constructor(ground: PullGround, path: StreamPath, onEnd: () => void) {
    this.#ground = ground;
    this.path = path;
    this.found = this.#found.promise;
    const fail = (error: unknown) => ground.context.log.error({ error, path }, 'fetching a stream failed');
    void this.#run()
      .catch(fail)
      .finally(() => {
        this.end();
        if (this.#next) leave(this.#next.channel);
        this.#found.resolve();
        onEnd();
      });
  }

  /** Stops fetching. Idempotent. */
  end(): void {
    this.#cancelIdle?.();
    this.#ending.abort(new RefusedError('gone', 'nobody watches it any more'));
  }

  /** The stream may be had elsewhere now, from `node` if it is known: it is fetched there at once. */
  move(node: string): void {
    const { source } = this.#subscription ?? {};
    if (!source) this.#hurry(node);
    else if (source.node !== node) this.#leaving.abort(new Departure('another node, or worker, has the stream now'));
  }

  /** A node can be reached again: if it was asked in vain it is asked at once, and often in the beginning. */
  askAgain(node: string): void {
    if (!this.#subscription && this.isFrom(node)) this.#hurry(node);
  }

  /** Readers have come or gone: with none for too long the stream is given up, unless it is wanted. */
  look(): void {
    const { context, idle } = this.#ground;
    this.#cancelIdle?.();
    this.#cancelIdle = undefined;
    if (!this.#mirror || this.#mirror.stream.readers.size > 0 || context.hub.isWanted(this.path)) return;
    this.#cancelIdle = context.clock.after(idle, () => {
      // Those who stand by for it go without a word.
      if (this.#mirror && this.#mirror.stream.understudies.size > 0) return this.look();
      this.#mirror?.end('gone', 'nobody watches it any more');
      this.end();
    });
  }

  /** Whether a node is asked, or is the one from which it comes. */
  isFrom(node: string): boolean {
    const source = this.#subscription?.source;
    return source ? source.node === node : this.#asked.some((each) => each.node === node);
  }

  async #run(): Promise<void> {
    const { context, sources } = this.#ground;
    const { hub, clock } = context;
    const { signal } = this.#ending;
    const backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    while (!signal.aborted) {
      const attempt = new AbortController();
      const isCutShort = AbortSignal.any([signal, attempt.signal]);
      const hurry = () => attempt.abort(new Departure('it is to be had elsewhere now'));
      const subscription = this.#next ?? (await this.#askAll(await sources(), hurry, isCutShort));
      this.#next = undefined;
      const began = clock.now();
      if (subscription) await this.#follow(subscription);
      if (clock.now() - began > STEADY) backoff.reset();
      const stream = hub.find(this.path);
      if (stream?.publisher) return;
      if (this.#next || attempt.signal.aborted) continue;
      // Whoever watches is kept for some time, as he is when a publisher is lost.
      if (!stream) return;
      this.#hurry = hurry;
      await backoff.wait(isCutShort);
      if (attempt.signal.aborted) backoff.reset();
    }
  }

  /** Asks them all. One who cannot be reached is not waited for when it becomes known that another node has the stream: see `hurry`. */
  #askAll(sources: readonly Source[], hurry: () => void, signal: AbortSignal): Promise<Subscription | undefined> {
    this.#asked = sources;
    this.#hurry = (node) => {
      if (!sources.some((source) => source.node === node)) hurry();
    };
    return askAll(sources, this.path, this.#ground.context.hub.seen(this.path), signal);
  }

  /** The origin is not heard: if another one has the stream, it comes from there from now on. */
  async #doubt(subscription: Subscription): Promise<void> {
    if (this.#isDoubting) return;
    this.#isDoubting = true;
    await this.#lookElsewhere(subscription).finally(() => {
      this.#isDoubting = false;
    });
  }

  async #lookElsewhere({ source, channel }: Subscription): Promise<void> {
    const { hub } = this.#ground.context;
    const others = (await this.#ground.sources()).filter((other) => other !== source);
    const found = await askAll(others, this.path, hub.seen(this.path), this.#ending.signal);
    if (found && this.#subscription?.channel === channel && !this.#next) {
      this.#next = found;
      this.#leaving.abort(new Departure('the origin has fallen silent, and another one has the stream'));
    } else if (found) leave(found.channel);
  }

  /** Mirrors the stream until it ends or the connection is lost. */
  async #follow(subscription: Subscription): Promise<void> {
    const { source, channel } = subscription;
    const { host: remote, isInner } = source;
    this.#subscription = subscription;
    this.#leaving = new AbortController();
    const run = (serving: Serving) => this.#receive(subscription, serving);
    await serve(this.#ground.context, { protocol: 'relay', remote, isInner }, run);
    this.#subscription = undefined;
    leave(channel);
  }

  async #receive(subscription: Subscription, serving: Serving): Promise<never> {
    const { announcement, source } = subscription;
    const signal = AbortSignal.any([serving.signal, this.#ending.signal, this.#leaving.signal]);
    signal.throwIfAborted();
    const passage = new SubscribedPassage(source, announcement.session, this.#ground.context.clock);
    serving.session.detail.origin = source.name;
    serving.session.source = serving.session.passage = passage;
    serving.begin('publish', this.path);
    const mirror = this.#ground.context.hub.mirror(this.path, serving.session);
    this.#mirror = mirror;
    const trust = source.onDoubt?.(() => void this.#doubt(subscription));
    try {
      begin(mirror, announcement);
      mirror.stream.upstream = filesAt(source, this.path);
      this.#found.resolve();
      this.look();
      return await receiveAll(subscription, mirror, passage, this.#ground, signal);
    } finally {
      trust?.();
      mirror.stream.upstream = undefined;
      this.#mirror = undefined;
      this.look();
      mirror.close();
    }
  }
}
