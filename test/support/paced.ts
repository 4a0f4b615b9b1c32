import type { FlvTag } from '../../src/container/flv/tag.ts';
import { later } from './clips.ts';
import type { RtmpClient } from './rtmp-client.ts';
import type { Owner } from './until.ts';

const ROUND = 5;

/** Publishes tags at the speed of life, over and over, and knows what it has sent. */
export class PacedPublisher {
  /** All that was sent so far. */
  readonly sent: FlvTag[] = [];
  readonly #timer: NodeJS.Timeout;

  /** `length` is how long the tags last, in milliseconds; `client` publishes already, and `speed` times as fast as life. */
  constructor(owner: Owner, client: RtmpClient, tags: readonly FlvTag[], length: number, speed = 1) {
    const began = performance.now();
    const ordered = tags.toSorted((a, b) => a.timestamp - b.timestamp);
    this.#timer = setInterval(() => {
      const now = (performance.now() - began) * speed;
      const due: FlvTag[] = [];
      for (;;) {
        const number = this.sent.length + due.length;
        const loop = Math.floor(number / ordered.length);
        const [tag] = later([ordered[number % ordered.length]!], loop * length);
        if (tag!.timestamp > now) break;
        due.push(tag!);
      }
      client.send(...due);
      this.sent.push(...due);
    }, ROUND);
    owner.after(() => this.stop());
  }

  /** Sends nothing more. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
