import { SECOND } from '../base/clock.ts';
import type { StreamPath } from '../hub/path.ts';
import type { Watching } from '../hub/session.ts';
import type { Context } from '../module.ts';
import { whoWatches } from '../net/watching.ts';

const NOBODY = { viewers: 0, watching: [] };
/** How often it is looked who watches, in microseconds. */
const LOOK_EVERY = 2 * SECOND;

/** How many watch a stream, and where by which protocol. */
type Say = (viewers: number, watching: readonly Watching[]) => void;

/** One who is told that. */
interface Listener {
  readonly path: StreamPath;
  readonly say: Say;
  /** What he was told last, as text. */
  told: string;
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
  tell(path: StreamPath, say: Say): () => void {
    const listener = { path, say, told: '0 []' };
    this.#listeners.add(listener);
    if (!this.#isLooking) this.#later();
    return () => this.#listeners.delete(listener);
  }

  #look(): void {
    const all = whoWatches(this.#context.sessions, () => true);
    for (const listener of this.#listeners) {
      const { viewers, watching } = all.get(listener.path) ?? NOBODY;
      const told = `${viewers} ${JSON.stringify(watching)}`;
      if (told === listener.told) continue;
      listener.told = told;
      listener.say(viewers, watching);
    }
    this.#later();
  }

  #later(): void {
    this.#isLooking = this.#listeners.size > 0;
    if (this.#isLooking) this.#context.clock.after(LOOK_EVERY, () => this.#look());
  }
}
