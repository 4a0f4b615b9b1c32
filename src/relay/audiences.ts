import { SECOND } from '../base/clock.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import { countViewers } from '../net/cluster.ts';

/** How often it is looked who watches, in microseconds. */
const LOOK_EVERY = 2 * SECOND;

/** One who is told how many watch a stream. */
interface Listener {
  readonly path: StreamPath;
  readonly say: (viewers: number) => void;
  told: number;
}

/** Tells those from whom streams are fetched how many watch them here, and at the nodes that have them from here, when that changes. */
export class Audiences {
  readonly #context: Pick<Context, 'sessions' | 'clock'>;
  readonly #listeners = new Set<Listener>();
  #isLooking = false;

  constructor(context: Pick<Context, 'sessions' | 'clock'>) {
    this.#context = context;
  }

  /** Has `say` told of a stream until the function returned is called. */
  tell(path: StreamPath, say: (viewers: number) => void): () => void {
    const listener = { path, say, told: 0 };
    this.#listeners.add(listener);
    if (!this.#isLooking) this.#later();
    return () => this.#listeners.delete(listener);
  }

  #look(): void {
    const viewers = countViewers(this.#context.sessions, () => true);
    for (const listener of this.#listeners) {
      const count = viewers.get(listener.path) ?? 0;
      if (count !== listener.told) listener.say((listener.told = count));
    }
    this.#later();
  }

  #later(): void {
    this.#isLooking = this.#listeners.size > 0;
    if (this.#isLooking) this.#context.clock.after(LOOK_EVERY, () => this.#look());
  }
}
