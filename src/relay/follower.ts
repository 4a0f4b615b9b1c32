import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { checkedPath, type StreamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import { Backoff } from '../net/backoff.ts';
import { Channel, expectJson } from './channel.ts';
import type { Source } from './subscription.ts';

/** In milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [100, 5000];
/** What lasted so long was a success, in microseconds. */
const STEADY = 5 * SECOND;
/** A stream whose publisher has yet to show what it is made of is looked for again, so often and with such pauses in microseconds. */
const [MOST_LOOKS, LOOK_AGAIN] = [10, 3 * SECOND];

/** Hears what an origin publishes: what of it is wanted here is fetched, whether or not anybody watches. */
export class Follower {
  readonly #context: Context;
  readonly #source: Source;
  readonly #closing = new AbortController();
  #complaint = '';

  /** Begins at once. */
  constructor(context: Context, source: Source) {
    this.#context = context;
    this.#source = source;
    void this.#keep();
  }

  /** Idempotent. */
  close(): void {
    this.#closing.abort(new RefusedError('shutdown', 'the server is stopping'));
  }

  async #keep(): Promise<void> {
    const { signal } = this.#closing;
    const { clock } = this.#context;
    const pauses = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    while (!signal.aborted) {
      const began = clock.now();
      // Of an origin that is lost the log knows already.
      await this.#follow(signal).catch(() => {});
      if (clock.now() - began > STEADY) pauses.reset();
      await pauses.wait(signal);
    }
  }

  /** Hears what there is, until the connection is lost. */
  async #follow(signal: AbortSignal): Promise<void> {
    const channel = new Channel(await this.#source.open(signal));
    const close = () => channel.break(signal.reason);
    signal.addEventListener('abort', close, { once: true });
    try {
      channel.send({ op: 'follow' });
      for await (const message of channel.messages()) {
        const told = expectJson(message);
        if (told.op === 'published') this.#hear(told.path);
        else if (told.op === 'ended') return this.#complain(told.message);
      }
    } finally {
      signal.removeEventListener('abort', close);
      channel.stream.destroy();
    }
  }

  #hear(told: string): void {
    this.#look(checkedPath(told), MOST_LOOKS);
  }

  #look(path: StreamPath, looks: number): void {
    const { hub, clock } = this.#context;
    if (this.#closing.signal.aborted || looks === 0 || hub.find(path) || !hub.isWanted(path)) return;
    hub.offer(path);
    clock.after(LOOK_AGAIN, () => this.#look(path, looks - 1));
  }

  /** It is stopping, or too old to know the question. */
  #complain(reason: string): void {
    if (reason === this.#complaint) return;
    this.#complaint = reason;
    const fields = { origin: this.#source.name, reason };
    this.#context.log.warn(fields, 'an origin does not tell what is published there; it is asked again');
  }
}
