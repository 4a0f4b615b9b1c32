import type { Clock } from '../../base/clock.ts';
import { RefusedError } from '../../base/errors.ts';
import type { Hub } from '../../hub/hub.ts';
import { parsePath } from '../../hub/path.ts';
import type { Session } from '../../hub/session.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Question, Reply } from '../../net/http-reply.ts';
import type { Feed, Feeds } from './feed.ts';
import type { Container } from './packaging.ts';

/** One stream in one container, as a viewer watches it. */
export interface Watching {
  readonly feed: Feed;
  readonly release: () => void;
  /** When it was last asked for, in microseconds of the monotonic clock. */
  used: number;
}

/** How many streams one viewer may have: the renditions of a group, in both containers. */
const MOST_WATCHED = 16;
/** How many requests of one viewer may wait at the same time. */
const MOST_WAITING = 6;

/** One who watches by HLS: many requests that have a token in common, and one session. */
export class Viewer {
  readonly session: Session;
  /** When it last asked for anything. */
  used: number;
  readonly #clock: Clock;
  readonly #watched = new Map<string, Watching>();
  #waiting = 0;
  #ended: unknown;

  constructor(session: Session, clock: Clock) {
    this.session = session;
    this.#clock = clock;
    this.used = clock.now();
  }

  /** Whether requests of it are waiting. */
  get isWaiting(): boolean {
    return this.#waiting > 0;
  }

  /** What it watches already, by app and name: it stays within the vhost with which it began. */
  find(app: string, name: string, container: Container): Watching | undefined {
    const watching = this.#watched.get(`${container} ${app}/${name}`);
    if (watching) watching.used = this.used;
    return watching;
  }

  /** Has it watch a stream. */
  watch(stream: Stream, container: Container, { hub, feeds }: { hub: Hub; feeds: Feeds }): Watching {
    const { app, name } = parsePath(stream.path);
    const key = `${container} ${app}/${name}`;
    const present = this.#watched.get(key);
    if (present) return present;
    if (this.#ended) throw this.#ended;
    if (this.#watched.size >= MOST_WATCHED) throw new RefusedError('limit', `more than ${MOST_WATCHED} renditions`);
    const { feed, release } = feeds.use(stream, container);
    const leave = hub.join(stream, this.session);
    const watching = { feed, used: this.used, release: () => (release(), leave()) };
    this.#watched.set(key, watching);
    return watching;
  }

  /** Waits for what it asks for. Throws when too many requests wait, when it is not there in time, and when the viewer has ended. */
  async until({ feed: { shelf } }: Watching, ready: () => boolean, wait: number): Promise<void> {
    if (this.#waiting >= MOST_WAITING) throw new RefusedError('limit', `more than ${MOST_WAITING} requests at once`);
    this.#waiting++;
    const inTime = await shelf.waits.until(() => shelf.failed !== undefined || ready(), wait);
    this.#waiting--;
    this.used = Math.max(this.used, this.#clock.now());
    if (this.#ended) throw this.#ended;
    if (shelf.failed) throw shelf.failed;
    if (!inTime) throw new RefusedError('limit', 'it is not there in time');
  }

  /** Counts what is sent in reply. Returns the reply. */
  count({ feed: { stream } }: Watching, { request: { method } }: Question, reply: Reply): Reply {
    if (method === 'HEAD') return reply;
    this.session.bytesOut += reply.length;
    stream.counters.bytesOut += reply.length;
    return reply;
  }

  /** Leaves the streams that were last asked for before `moment`. */
  leaveUnused(moment: number): void {
    for (const [key, watching] of this.#watched) {
      if (watching.used >= moment) continue;
      this.#watched.delete(key);
      watching.release();
    }
  }

  /** What waits is answered with `reason`. */
  end(reason: unknown): void {
    this.#ended = reason;
    this.leaveUnused(Number.POSITIVE_INFINITY);
  }
}
