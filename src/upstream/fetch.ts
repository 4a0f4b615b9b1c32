import { MILLISECOND, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { isSilent } from '../hub/casting.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Publishing, Stream } from '../hub/stream.ts';
import type { Context } from '../module.ts';
import type { Server } from './server.ts';
import { type Report, SETTLED, Upstream } from './upstream.ts';

/** What fetching needs. */
export interface FetchGround {
  readonly context: Context;
  readonly servers: readonly Server[];
  /** How long a stream is kept that nobody watches, in microseconds. */
  readonly idle: number;
  readonly report: Report;
}

/** How often it is looked how a stream is doing, in microseconds. */
const LOOK_EVERY = 100 * MILLISECOND;
/** Servers that do not have a stream may say nothing at all: after so long it is not expected any more. */
const PATIENCE = 3 * SECOND;
/** What has shown no frames, and nobody has asked for so long, nobody waits for. */
const LAPSE = 5 * SECOND;

/** Fetches one stream from other servers: this node is its owner then, and puts what they send on one timeline. */
export class Fetch {
  readonly #ground: FetchGround;
  readonly #path: StreamPath;
  readonly #upstreams: readonly Upstream[];
  /** Resolves when somebody publishes it, or nobody has it. */
  readonly #found = Promise.withResolvers<void>();
  readonly #onEnd: () => void;
  #cancel = () => {};
  #isOver = false;
  /** When it was last wanted. */
  #wantedAt: number;
  /** Since when somebody is heard. */
  #wellSince: number | undefined;

  /** Begins at once; `onEnd` is called once, when it is over. */
  constructor(ground: FetchGround, path: StreamPath, onEnd: () => void) {
    const { context, servers, report } = ground;
    this.#ground = ground;
    this.#path = path;
    this.#onEnd = onEnd;
    this.#wantedAt = context.clock.now();
    this.#upstreams = servers.map((server) => new Upstream(context, server, path, report));
    this.#look();
  }

  /** Whether frames of it have come. */
  get hasBegun(): boolean {
    return this.#upstreams.some((upstream) => upstream.hasBegun);
  }

  /** Somebody wants it; resolves when it is on its way, or not to be expected soon. */
  async find(): Promise<void> {
    const { clock } = this.#ground.context;
    this.#wantedAt = clock.now();
    if (this.hasBegun) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(PATIENCE, resolve);
      void this.#found.promise.then(resolve).finally(cancel);
    });
  }

  /** Somebody publishes it here, this fetch or another one. */
  published(): void {
    this.#found.resolve();
  }

  /** Fetches no more. Idempotent. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancel();
    for (const upstream of this.#upstreams) upstream.leave(new RefusedError('gone', 'nobody watches it any more'));
    this.#found.resolve();
    this.#onEnd();
  }

  #look(): void {
    const { hub, clock } = this.#ground.context;
    const stream = hub.find(this.#path);
    if (this.#isUnwanted(stream)) return this.end();
    const live = stream?.publisher;
    if (!live || isSilent(live, clock.now())) this.#askAll();
    else this.#settle(live);
    if (this.#isOver) return;
    if (!stream && !this.#upstreams.some(({ isAsked }) => isAsked)) return this.end();
    this.#cancel = clock.after(LOOK_EVERY, () => this.#look());
  }

  #isUnwanted(stream: Stream | undefined): boolean {
    const now = this.#ground.context.clock.now();
    if (stream?.isWanted) this.#wantedAt = now;
    return now - this.#wantedAt >= (stream?.lineup ? this.#ground.idle : LAPSE);
  }

  /** All at once: the hub hears the first who sends, and the others stand by. */
  #askAll(): void {
    this.#wellSince = undefined;
    for (const upstream of this.#upstreams) upstream.ask('urgent');
  }

  /** One is heard, and goes on alone when that lasts: but for the preferred one, which is looked for until it is back. */
  #settle(live: Publishing): void {
    const now = this.#ground.context.clock.now();
    this.#wellSince ??= now;
    if (now - this.#wellSince < SETTLED) return;
    // Somebody publishes here, or the stream comes from another node.
    if (!this.#upstreams.some((upstream) => upstream.isHeard(live))) return this.end();
    for (const upstream of this.#upstreams) {
      if (upstream.isHeard(live)) continue;
      if (upstream.isPreferred) upstream.ask('usual');
      else upstream.leave(new RefusedError('gone', 'another server has the stream'));
    }
  }
}
