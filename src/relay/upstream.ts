import { MILLISECOND, SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { UpstreamAddress } from '../config/options.ts';
import { DEFAULT_VHOST, parsePath, type StreamPath } from '../hub/path.ts';
import type { Publishing } from '../hub/stream.ts';
import type { Context } from '../module.ts';
import { type Serving, serve } from '../net/serve.ts';

/** How often it is looked how a stream is doing, in microseconds. */
const LOOK_EVERY = 100 * MILLISECOND;
/** So long, or so many times its longest gap, a server may be silent before others are asked as well. */
const [SILENCE, GAPS] = [1 * SECOND, 3];
/** What goes well for so long needs nobody beside it. */
const SETTLED = 3 * SECOND;
/** The shortest and the longest pause before a server is asked again that had failed, in microseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [SECOND / 2, 10 * SECOND];

/** One server that is asked for one stream, again and again with pauses between. */
class Upstream {
  readonly #context: Context;
  readonly #path: StreamPath;
  readonly #url: string;
  /** The first of the configuration is the one to have the stream from wherever it is well. */
  readonly #role: 'main' | 'backup';
  #serving: Serving | undefined;
  #pause = FIRST_PAUSE;
  #nextAt = 0;

  constructor(context: Context, { url }: UpstreamAddress, path: StreamPath, role: 'main' | 'backup') {
    this.#context = context;
    this.#path = path;
    this.#url = urlOf(url, path);
    this.#role = role;
  }

  get isPreferred(): boolean {
    return this.#role === 'main';
  }

  get isAsked(): boolean {
    return this.#serving !== undefined;
  }

  /** Whether what it sends is what is heard. */
  isHeard(publisher: Publishing | undefined): boolean {
    return publisher !== undefined && publisher.session === this.#serving?.session;
  }

  /** Asks it, unless it is being asked or has failed a moment ago. */
  ask(): void {
    const { clock, dialers } = this.#context;
    const dialer = dialers.find(new URL(this.#url).protocol.slice(0, -1));
    if (this.#serving || !dialer || clock.now() < this.#nextAt) return;
    const began = clock.now();
    const peer = { protocol: dialer.protocol, remote: new URL(this.#url).hostname };
    const run = (serving: Serving) => {
      this.#serving = serving;
      serving.session.detail['origin'] = new URL(this.#url).host;
      return dialer.pull(this.#url, this.#path, serving, this.#role);
    };
    void serve(this.#context, peer, run).then(() => this.#fail(clock.now() - began > SETTLED));
  }

  /** Asks no more for now. */
  leave(reason: RefusedError): void {
    this.#serving?.end(reason);
  }

  #fail(wasWell: boolean): void {
    this.#serving = undefined;
    this.#pause = wasWell ? FIRST_PAUSE : Math.min(this.#pause * 2, LONGEST_PAUSE);
    this.#nextAt = wasWell ? 0 : this.#context.clock.now() + this.#pause;
  }
}

/** Fetches one stream from servers of other kinds: this node is its owner then, and puts what they send on one timeline. */
export class Fetch {
  /** Resolves when the stream is here, or nobody has it. */
  readonly found: Promise<void>;
  readonly #context: Context;
  readonly #path: StreamPath;
  readonly #idle: number;
  readonly #upstreams: readonly Upstream[];
  readonly #found = Promise.withResolvers<void>();
  readonly #onEnd: () => void;
  #cancel = () => {};
  #isOver = false;
  /** Since when somebody is heard, and since when nobody wants it. */
  #wellSince: number | undefined;
  #unwantedSince: number | undefined;

  constructor(
    { context, upstreams, idle }: { context: Context; upstreams: readonly UpstreamAddress[]; idle: number },
    path: StreamPath,
    onEnd: () => void,
  ) {
    this.found = this.#found.promise;
    this.#context = context;
    this.#path = path;
    this.#idle = idle;
    this.#onEnd = onEnd;
    this.#upstreams = upstreams.map((each, i) => new Upstream(context, each, path, i === 0 ? 'main' : 'backup'));
    this.#look();
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
    const stream = this.#context.hub.find(this.#path);
    if (this.#isIdle(stream?.isWanted ?? true)) return this.end();
    const live = stream?.publisher;
    if (live && stream.lineup) this.#found.resolve();
    if (!live || this.#isSilent(live)) this.#askAll();
    else this.#settle(live);
    if (this.#isOver) return;
    if (!stream && !this.#upstreams.some(({ isAsked }) => isAsked)) return this.end();
    this.#cancel = this.#context.clock.after(LOOK_EVERY, () => this.#look());
  }

  #isIdle(isWanted: boolean): boolean {
    const now = this.#context.clock.now();
    this.#unwantedSince = isWanted ? undefined : (this.#unwantedSince ?? now);
    return this.#unwantedSince !== undefined && now - this.#unwantedSince >= this.#idle;
  }

  #isSilent({ lastArrival, longestGap }: Publishing): boolean {
    return this.#context.clock.now() - lastArrival >= Math.max(SILENCE, GAPS * longestGap);
  }

  /** All at once: the hub hears the first who sends, and the others stand by. */
  #askAll(): void {
    this.#wellSince = undefined;
    for (const upstream of this.#upstreams) upstream.ask();
  }

  /** One is heard, and goes on alone when that lasts: but for the preferred one, which is looked for until it is back. */
  #settle(live: Publishing): void {
    const now = this.#context.clock.now();
    this.#wellSince ??= now;
    if (now - this.#wellSince < SETTLED) return;
    // Somebody publishes here, or the stream comes from another node.
    if (!this.#upstreams.some((upstream) => upstream.isHeard(live))) return this.end();
    for (const upstream of this.#upstreams) {
      if (upstream.isHeard(live)) continue;
      if (upstream.isPreferred) upstream.ask();
      else upstream.leave(new RefusedError('gone', 'another server has the stream'));
    }
  }
}

function urlOf(template: string, path: StreamPath): string {
  const { vhost, app, name } = parsePath(path);
  const filled = template.replaceAll('[vhost]', vhost).replaceAll('[app]', app).replaceAll('[stream]', name);
  if (vhost === DEFAULT_VHOST || template.includes('[vhost]')) return filled;
  return `${filled}${filled.includes('?') ? '&' : '?'}vhost=${vhost}`;
}
