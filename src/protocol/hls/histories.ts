import { RefusedError } from '../../base/errors.ts';
import type { Context } from '../../module.ts';
import type { Feed } from './feed.ts';
import { History } from './history.ts';
import type { Wish } from './media.ts';
import { readMoment } from './moment.ts';
import type { HlsOptions } from './options.ts';

/** The histories of the streams that somebody watches, or has watched, from an earlier moment on. */
export class Histories {
  readonly #context: Context;
  readonly #part: number;
  readonly #all = new WeakMap<Feed, History>();

  constructor(context: Context, { part }: HlsOptions) {
    this.#context = context;
    this.#part = part;
  }

  /** From when on a stream is wanted, as {@link readMoment} reads it. Throws {@link RefusedError} where that is not to be had. */
  moment(query: URLSearchParams): number | undefined {
    const { clock, config } = this.#context;
    const moment = readMoment(query, clock.wall());
    if (moment === undefined) return undefined;
    if (config.play.shift === 0)
      throw new RefusedError('forbidden', 'streams are played as they come here, not from earlier on');
    if (query.get('format') === 'ts') throw new RefusedError('unsupported', 'what is past can be had as fmp4 alone');
    return moment;
  }

  /** The history of a feed of fMP4, from now on if there was none. */
  of(feed: Feed): History {
    let history = this.#all.get(feed);
    if (!history) {
      const { clock, config, pasts } = this.#context;
      const [reach, { bytes }] = [config.play.shift, config.window];
      const ground = { clock, find: pasts.find.bind(pasts), part: this.#part, reach, bytes };
      this.#all.set(feed, (history = new History(feed.stream, feed.shelf, ground)));
    }
    return history;
  }

  /** What is asked for, where it is of the past: in pieces, `undefined` where it is not to be had. Nothing where it is not of the past. */
  take(wish: Wish, feed: Feed): Promise<readonly Uint8Array[] | undefined> | undefined {
    const history = this.#all.get(feed);
    if (!history || wish.container === 'ts') return undefined;
    if (wish.kind === 'segment')
      return wish.part === undefined && history.has(wish.segment) ? history.segment(wish.segment) : undefined;
    const init = feed.shelf.init(wish.name) ? undefined : history.init(wish.name);
    return init && Promise.resolve([init]);
  }
}
