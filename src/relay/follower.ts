import { SECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import { fitsAny } from '../base/patterns.ts';
import { describePath, parsePath, type StreamPath, streamPath } from '../hub/path.ts';
import type { Stream } from '../hub/stream.ts';
import type { Context } from '../module.ts';
import { Backoff } from '../net/backoff.ts';
import { type Serving, serve } from '../net/serve.ts';
import { Channel, expectJson } from './channel.ts';
import type { Source } from './subscription.ts';

/** In milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [100, 5000];
/** How long a publisher may take to show what its stream is made of, in microseconds. */
const PATIENCE = 30 * SECOND;
/** What lasted so long was a success, in microseconds. */
const STEADY = 5 * SECOND;

/** Has what an origin publishes here as well, whether or not anybody watches it: of the streams that fit its patterns. */
export class Follower {
  readonly #context: Context;
  readonly #source: Source;
  readonly #fits: (name: string) => boolean;
  readonly #held = new Set<StreamPath>();
  readonly #closing = new AbortController();
  #complaint = '';

  /** Begins at once. */
  constructor(context: Context, source: Source, patterns: readonly string[]) {
    this.#context = context;
    this.#source = source;
    this.#fits = fitsAny(patterns);
    void this.#keep();
  }

  /** Lets go of all streams. Idempotent. */
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
        if (told.op === 'published') this.#consider(told.path);
        else if (told.op === 'ended') return this.#complain(told.message);
      }
    } finally {
      signal.removeEventListener('abort', close);
      channel.stream.destroy();
    }
  }

  #consider(told: string): void {
    const { vhost, app, name } = parsePath(told);
    const path = streamPath(vhost, app, name);
    if (!this.#fits(describePath(path)) || this.#held.has(path)) return;
    this.#held.add(path);
    const peer = { protocol: 'mirror', remote: '' };
    void serve(this.#context, peer, (serving) => this.#hold(path, serving)).finally(() => this.#held.delete(path));
  }

  /** Counts among the viewers of a stream of the origin until that ends. */
  async #hold(path: StreamPath, serving: Serving): Promise<never> {
    const { hub } = this.#context;
    const signal = AbortSignal.any([serving.signal, this.#closing.signal]);
    const stream = await hub.read(path, PATIENCE, signal);
    if (!stream.mirrored) throw new RefusedError('busy', `${describePath(path)} is published here`);
    serving.session.detail.origin = this.#source.name;
    serving.begin('play', path);
    const leave = hub.join(stream, serving.session);
    try {
      throw await endOf(stream, signal);
    } finally {
      leave();
    }
  }

  /** It is stopping, or too old to know the question. */
  #complain(reason: string): void {
    if (reason === this.#complaint) return;
    this.#complaint = reason;
    const fields = { origin: this.#source.name, reason };
    this.#context.log.warn(fields, 'an origin does not tell what is published there; it is asked again');
  }
}

/** Resolves to why a stream has ended, or `signal` has aborted. */
async function endOf(stream: Stream, signal: AbortSignal): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => (stream.ended || signal.aborted) && resolve();
  const stop = stream.log.onChange(look);
  signal.addEventListener('abort', look);
  look();
  await promise;
  stop();
  signal.removeEventListener('abort', look);
  return stream.ended ?? signal.reason;
}
