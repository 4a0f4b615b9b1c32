import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';

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
