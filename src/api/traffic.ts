import type { Hub } from '../hub/hub.ts';
import type { Stream, StreamCounters } from '../hub/stream.ts';

/** The media bytes of all streams since the start, those included that have ended, and what viewers of each have missed. */
export class Traffic {
  /** Wall clock of the beginning, in microseconds since 1970. */
  readonly since: number;
  readonly #hub: Hub;
  readonly #ended = { bytesIn: 0, bytesOut: 0 };
  /** Frames that viewers missed who have left since. */
  readonly #skipped = new WeakMap<Stream, number>();

  constructor(hub: Hub, since: number) {
    this.#hub = hub;
    this.since = since;
    hub.observe((event) => {
      if (event.type === 'stopped')
        this.#skipped.set(event.stream, this.#skippedBefore(event.stream) + event.session.skipped);
      if (event.type === 'ended') this.#keep(event.stream.counters);
    });
  }

  get bytesIn(): number {
    return this.#sum('bytesIn');
  }

  get bytesOut(): number {
    return this.#sum('bytesOut');
  }

  /** How many frames its viewers, present and past, did not get because they were too slow. Never decreases. */
  skippedOf(stream: Stream): number {
    let skipped = this.#skippedBefore(stream);
    for (const session of stream.readers) skipped += session.skipped;
    return skipped;
  }

  #skippedBefore(stream: Stream): number {
    return this.#skipped.get(stream) ?? 0;
  }

  #keep({ bytesIn, bytesOut }: StreamCounters): void {
    this.#ended.bytesIn += bytesIn;
    this.#ended.bytesOut += bytesOut;
  }

  #sum(name: 'bytesIn' | 'bytesOut'): number {
    let sum = this.#ended[name];
    for (const { counters } of this.#hub.streams) sum += counters[name];
    return sum;
  }
}
