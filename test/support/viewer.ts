import type { FlvTag } from '../../src/container/flv/tag.ts';
import { until } from './until.ts';

/** One who watches a stream, by whatever protocol. */
export class Viewer {
  /** All tags that it got: audio, video and script, with the bodies as FLV and RTMP have them. */
  readonly tags: FlvTag[] = [];
  /** When each of them came, in milliseconds. */
  readonly times: number[] = [];
  readonly #ended = Promise.withResolvers<string>();
  readonly #flow: { pause(): void; resume(): void; close(): void };
  #reason: string | undefined;
  #isSipping = false;

  /** `flow` stops and continues its reading, and hangs up. */
  constructor(flow: { pause(): void; resume(): void; close(): void }) {
    this.#flow = flow;
  }

  /** The reason for which it ended, as far as the protocol tells one; undefined while it goes on. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Resolves to the reason for which it ended. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  pause(): void {
    this.#flow.pause();
  }

  resume(): void {
    this.#isSipping = false;
    this.#flow.resume();
  }

  close(): void {
    this.#flow.close();
    this.end('the viewer left');
  }

  /** Reads on until there is a tag more, then stops reading again. */
  sip(): void {
    this.#isSipping = true;
    this.#flow.resume();
  }

  take(tag: FlvTag): void {
    this.tags.push(tag);
    this.times.push(performance.now());
    if (this.#isSipping) this.#flow.pause();
  }

  /** Notes the end; the first reason counts. */
  end(reason: string): void {
    this.#reason ??= reason;
    this.#ended.resolve(this.#reason);
  }

  /** Resolves when there are so many tags that pass. Rejects when it ends before. */
  async gets(count: number, passes: (tag: FlvTag) => boolean = () => true): Promise<void> {
    let [looked, seen] = [0, 0];
    const enough = () => {
      for (; looked < this.tags.length; looked++) if (passes(this.tags[looked])) seen++;
      if (seen >= count) return true;
      if (this.#reason !== undefined)
        throw new Error(`the viewer ended after ${seen} of ${count} tags: ${this.#reason}`);
      return false;
    };
    await until(`a viewer gets ${count} tags`, enough);
  }
}
