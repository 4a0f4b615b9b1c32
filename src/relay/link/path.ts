import { MILLISECOND, SECOND } from '../../base/clock.ts';
import type { Pong } from './datagram.ts';

/** So many measurements, and so old ones, are looked through for the one that waited least on its way. */
const MOST_SAMPLES = 64;
const OLDEST_SAMPLE = 20 * SECOND;
/** As long as there are fewer, the clock is set at once; later it is bent, by at most this many seconds a second. */
const YOUNG = 8;
const BEND = 0.01;
/** Assumed until measured. */
const USUAL_RTT = 100 * MILLISECOND;

interface Sample {
  readonly rtt: number;
  readonly offset: number;
  readonly at: number;
}

/**
 * What the two ends of a path know of it by asking each other the time: the round trip, and what the other's clock shows.
 * The clocks need nothing in common. A path that is slower one way than the other looks like half the difference in clocks.
 */
export class Path {
  /** The mean round trip of late, its mean deviation, and the least of the last 20 s; microseconds. */
  rtt = USUAL_RTT;
  jitter = 0;
  leastRtt = USUAL_RTT;
  /** Local time less remote time; undefined before the first answer. */
  #offset: number | undefined;
  #bentAt = 0;
  #samples: Sample[] = [];
  #count = 0;

  /** Whether the round trip was measured. */
  get measured(): boolean {
    return this.#count > 0;
  }

  /** Whether the other's clock is known. */
  get aligned(): boolean {
    return this.#offset !== undefined;
  }

  /** The other's clock, shown in local time, and the reverse. */
  toLocal(remote: number): number {
    return remote + (this.#offset ?? 0);
  }

  toRemote(local: number): number {
    return local - (this.#offset ?? 0);
  }

  /** Without an answer yet, a message that says when it was sent tells the clock well enough to begin with. */
  guess(remote: number, now: number): void {
    this.#offset ??= now - remote;
  }

  /** Learns from an answer that arrived at the local time `now`. */
  learn({ sent, received, held }: Pong, now: number): void {
    const rtt = now - sent - held;
    if (!(rtt >= 0 && rtt < OLDEST_SAMPLE)) return;
    const deviation = Math.abs(rtt - this.rtt);
    this.rtt = this.#count === 0 ? rtt : this.rtt + (rtt - this.rtt) / 8;
    this.jitter = this.#count === 0 ? 0 : this.jitter + (deviation - this.jitter) / 16;
    this.#count++;
    // Both ways are taken for equally long: the question came in at the middle of what was not waiting.
    this.#samples.push({ rtt, offset: sent + rtt / 2 - received, at: now });
    this.#forget(now);
    this.#bend(now);
  }

  #forget(now: number): void {
    if (this.#samples.length > MOST_SAMPLES) this.#samples.shift();
    while (this.#samples[0]!.at < now - OLDEST_SAMPLE) this.#samples.shift();
  }

  #bend(now: number): void {
    const best = this.#samples.reduce((least, sample) => (sample.rtt < least.rtt ? sample : least));
    this.leastRtt = best.rtt;
    const most = BEND * (now - this.#bentAt);
    const error = best.offset - (this.#offset ?? 0);
    this.#bentAt = now;
    if (this.#count < YOUNG) this.#offset = best.offset;
    else this.#offset = this.#offset! + Math.max(-most, Math.min(most, error));
  }
}
