import { type Clock, MILLISECOND, SECOND } from '../../base/clock.ts';
import { askHttp } from '../../net/ask-http.ts';
import { authority } from '../../net/server-url.ts';
import type { Logger } from '../../ops/log.ts';
import { type LegacyStream, readLivestat } from './wire/livestat.ts';

/** What a {@link Directory} needs. */
export interface DirectoryOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the cloud's API is at present; undefined while no cloud is known. */
  readonly api: () => { readonly host: string; readonly port: number } | undefined;
  /** New answers are there. */
  readonly onAnswer: () => void;
}

/** How often the cloud is asked, at the most and at least. */
const SOONEST = 300 * MILLISECOND;
const REGULARLY = 3 * SECOND;
const PATIENCE_MS = 5000;
const LARGEST_ANSWER = 8 * 1024 * 1024;

/** The streams of a cloud, by SSRC, as its `/stat/livestat` tells them. It is asked regularly, and soon when somebody needs it. */
export class Directory {
  /** When the newest answer was asked for, by the monotonic clock. */
  askedAt = Number.NEGATIVE_INFINITY;
  /** How often in a row no answer came. */
  failures = 0;
  readonly #options: DirectoryOptions;
  readonly #stopping = new AbortController();
  readonly #streams = new Map<number, LegacyStream>();
  #lastAsked = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  #isWanted = false;
  #cancel = () => {};

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#plan(0);
  }

  find(ssrc: number): LegacyStream | undefined {
    return this.#streams.get(ssrc);
  }

  /** Asks soon: there is a stream that nobody has heard of. */
  want(): void {
    this.#isWanted = true;
    if (!this.#isAsking) this.#plan(SOONEST);
  }

  close(): void {
    this.#cancel();
    this.#stopping.abort();
  }

  #plan(delay: number): void {
    const { clock } = this.#options;
    this.#cancel();
    const due = Math.max(this.#lastAsked + delay - clock.now(), 0);
    this.#cancel = clock.after(due, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    const { clock, api } = this.#options;
    const at = api();
    const asked = clock.now();
    this.#lastAsked = asked;
    this.#isWanted = false;
    if (at) await this.#look(at, asked);
    if (!this.#stopping.signal.aborted) this.#plan(this.#isWanted ? SOONEST : REGULARLY);
  }

  async #look(api: { readonly host: string; readonly port: number }, asked: number): Promise<void> {
    this.#isAsking = true;
    try {
      const asking = { signal: this.#stopping.signal, patience: PATIENCE_MS, largest: LARGEST_ANSWER };
      const streams = readLivestat(JSON.parse(await askHttp(`http://${authority(api)}/stat/livestat`, asking)));
      if (!streams) throw new Error('its answer is not that of a cloud node');
      this.#take(streams, asked);
    } catch (error) {
      this.#fail(`${api.host}:${api.port}`, error as Error);
    } finally {
      this.#isAsking = false;
    }
  }

  #take(streams: readonly LegacyStream[], asked: number): void {
    this.#streams.clear();
    for (const stream of streams) this.#streams.set(stream.ssrc, stream);
    this.askedAt = asked;
    this.failures = 0;
    this.#options.onAnswer();
  }

  /** Told once in a row. */
  #fail(api: string, error: Error): void {
    if (this.#stopping.signal.aborted) return;
    if (this.failures++ === 0)
      this.#options.log.warn({ api, reason: error.message }, 'the cloud does not tell its streams');
  }
}
