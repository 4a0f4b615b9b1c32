import { SECOND } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import { parsePath, type StreamPath } from '../../hub/path.ts';
import type { Context } from '../../module.ts';
import { Headcount } from '../../net/headcount.ts';
import type { Question } from '../../net/http-reply.ts';
import { Departure, type Serving, serve } from '../../net/serve.ts';
import { maskSecrets } from '../../ops/log.ts';
import type { Feeds } from './feed.ts';
import type { Container } from './packaging.ts';
import { Viewer, type Watching } from './viewer.ts';

/** How long one who was sent away stays so, in microseconds, and how many of them are remembered. */
const SENT_AWAY = 600 * SECOND;
const MOST_SENT_AWAY = 10_000;
/** Requests come less often the longer segments are: a viewer is gone after so many target durations, and at least so long. */
const SILENT_SEGMENTS = 3;
const SHORTEST_SILENCE = 10 * SECOND;

interface Known {
  readonly viewer: Viewer;
  readonly remote: string;
  readonly end: (reason: unknown) => void;
}

/** Those who watch by HLS. A viewer begins with the first playlist that is asked for under a token, and ends when it is silent. */
export class Viewers {
  readonly #context: Context;
  readonly #feeds: Feeds;
  readonly #silence: number;
  readonly #known = new Map<string, Known>();
  readonly #headcount: Headcount;
  readonly #sentAway = new Map<string, { readonly reason: RefusedError; readonly until: number }>();

  /** `segment` is how long segments are aimed at, in microseconds. */
  constructor(context: Context, feeds: Feeds, segment: number) {
    this.#context = context;
    this.#feeds = feeds;
    this.#headcount = new Headcount('hls', context.siblings, context.clock);
    this.#silence = Math.max(SHORTEST_SILENCE, SILENT_SEGMENTS * segment);
  }

  /** The viewer with that token, who is thereby known to be still there. Throws when it was sent away. */
  find(token: string): Viewer | undefined {
    const viewer = this.#known.get(token)?.viewer;
    if (viewer) viewer.used = this.#context.clock.now();
    else this.#checkAway(token);
    return viewer;
  }

  /** The viewer with that token, from now on if there was none. Throws {@link RefusedError} when there are too many. */
  begin(token: string, question: Question, path: StreamPath): Viewer {
    return this.find(token) ?? this.#open(token, question, path);
  }

  /** Has a viewer watch a stream that the gate lets it watch and that can be found. Throws {@link RefusedError} when not. */
  async watch(viewer: Viewer, question: Question, path: StreamPath, container: Container): Promise<Watching> {
    const { access, hub, config } = this.#context;
    const { vhost, app, name } = parsePath(path);
    const { id, path: own } = viewer.session;
    const present = viewer.find(app, name, container);
    if (present) return present;
    if (parsePath(own!).vhost !== vhost) throw new RefusedError('forbidden', 'this token is for another vhost');
    const { request, url, remote } = question;
    const shown = { remote, query: new Map(url.searchParams), param: url.search, headers: request.headers };
    await access.may({ action: 'play', path, ...shown, protocol: 'hls', session: id });
    const stream = await hub.read(path, config.play.wait, question.signal);
    return viewer.watch(stream, container, { hub, feeds: this.#feeds });
  }

  /** Ends a viewer. */
  end(token: string, reason: unknown): void {
    this.#known.get(token)?.end(reason);
  }

  #open(token: string, question: Question, path: StreamPath): Viewer {
    const { remote } = question;
    this.#admit(remote);
    let viewer: Viewer | undefined;
    void serve(this.#context, { protocol: 'hls', remote }, (serving) => {
      viewer = new Viewer(serving.session, this.#context.clock);
      return this.#run(token, viewer, question, path, serving);
    });
    return viewer!;
  }

  /** They have no connection of their own to be counted by. */
  #admit(remote: string): void {
    const { memory, config } = this.#context;
    const { connections, connectionsPerAddress } = config.limits;
    const isFull = this.#headcount.total >= connections || this.#headcount.from(remote) >= connectionsPerAddress;
    if (isFull || memory.isFull) throw new RefusedError('limit', 'there are too many viewers');
  }

  async #run(
    token: string,
    viewer: Viewer,
    { request, url, remote }: Question,
    path: StreamPath,
    serving: Serving,
  ): Promise<never> {
    const { referer = '', 'user-agent': agent = '' } = request.headers;
    const detail = {
      url: maskSecrets(url.pathname.replace(token, 'hls-…') + url.search),
      pageUrl: maskSecrets(referer),
      agent,
    };
    Object.assign(serving.session.detail, detail);
    serving.begin('play', path);
    this.#known.set(token, { viewer, remote, end: (reason) => serving.end(reason) });
    this.#headcount.enter(remote);
    const stopLooking = this.#look(viewer, serving);
    try {
      return await new Promise<never>((_, end) => {
        serving.signal.addEventListener('abort', () => end(serving.signal.reason), { once: true });
      });
    } finally {
      stopLooking();
      this.#known.delete(token);
      this.#headcount.leave(remote);
      this.#remember(token, serving.signal.reason);
      viewer.end(serving.signal.reason);
    }
  }

  /** Looks from time to time whether the viewer is still there. */
  #look(viewer: Viewer, serving: Serving): () => void {
    const { clock } = this.#context;
    let cancel = () => {};
    const look = () => {
      const now = clock.now();
      const silent = viewer.isWaiting ? 0 : now - viewer.used;
      viewer.leaveUnused(now - this.#silence);
      if (silent >= this.#silence) serving.end(new Departure('the viewer asks for nothing more'));
      else cancel = clock.after(this.#silence - silent, look);
    };
    cancel = clock.after(this.#silence, look);
    return () => cancel();
  }

  #checkAway(token: string): void {
    const away = this.#sentAway.get(token);
    if (away && away.until > this.#context.clock.now()) throw away.reason;
  }

  #remember(token: string, reason: unknown): void {
    if (!(reason instanceof RefusedError) || reason.code !== 'kicked') return;
    if (this.#sentAway.size >= MOST_SENT_AWAY) this.#sentAway.delete(this.#sentAway.keys().next().value!);
    this.#sentAway.set(token, { reason, until: this.#context.clock.now() + SENT_AWAY });
  }
}
