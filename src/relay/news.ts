import { RefusedError } from '../base/errors.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import type { Serving } from '../net/serve.ts';
import { attendToTheEnd } from './attend.ts';
import type { Channel } from './channel.ts';
import type { Peer } from './peer.ts';

/** What telling a node needs. */
export interface NewsGround {
  readonly context: Context;
  readonly news: News;
  /** See `SubscriberGround`. */
  readonly isAsking: (node: string, path: StreamPath) => boolean;
}

/** More than all streams of a node at once: who has so much to read, in bytes, does not read. */
const MOST_UNREAD = 16 * 1024 * 1024;

/** What is published to this node, whichever of its workers has it, for those who want to hear of it. */
export class News {
  readonly #context: Context;
  readonly #listeners = new Set<(path: StreamPath) => void>();

  constructor(context: Context) {
    const { hub, siblings } = context;
    this.#context = context;
    const tell = (path: StreamPath) => {
      for (const listener of this.#listeners) listener(path);
    };
    hub.observe(({ type, stream }) => type === 'published' && tell(stream.path));
    siblings.onMove((path, owner) => owner !== undefined && owner !== siblings.worker && tell(path));
  }

  /** Tells `listener` of all that is there, and from then on of what begins to be, until the function returned is called. */
  listen(listener: (path: StreamPath) => void): () => void {
    const { hub, siblings } = this.#context;
    this.#listeners.add(listener);
    const present = [...hub.streams].filter(({ publisher }) => publisher).map(({ path }) => path);
    for (const path of new Set([...present, ...siblings.owned])) listener(path);
    return () => this.#listeners.delete(listener);
  }
}

/**
 * Tells a node what is published here, and what begins to be, as far as it may play it and does not send it itself, until either ends.
 * Always rejects, with the reason; one who does not read is told no more.
 */
export async function tellNews(
  { context, news, isAsking }: NewsGround,
  channel: Channel,
  serving: Serving,
  { node, remote }: Peer,
): Promise<never> {
  const { session } = serving;
  const consider = async (path: StreamPath) => {
    if (isAsking(node, path)) return;
    const asked = { remote, query: new Map<string, string>(), protocol: 'relay', session: session.id };
    await context.access.may({ action: 'play', path, ...asked });
    if (channel.stream.writableLength > MOST_UNREAD)
      serving.end(new RefusedError('timeout', 'the node does not read what it is told'));
    else channel.send({ op: 'published', path });
  };
  const ended = attendToTheEnd(channel, serving);
  const leave = news.listen((path) => void consider(path).catch(() => {}));
  return ended.finally(leave);
}
