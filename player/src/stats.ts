import type { Experience } from './stalls.ts';

/** How a stream plays. */
export interface PlayerStats {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly kbps: number;
  readonly decoded: number;
  readonly dropped: number;
  /** Seconds between the newest data here and what is shown. */
  readonly delay: number;
  /** Milliseconds from the wish to the first picture; undefined until there is one. */
  readonly start: number | undefined;
  /** How often, and for how many milliseconds altogether, the picture stood still. */
  readonly stalls: number;
  readonly stalled: number;
  /** How often it went from one line to another. */
  readonly switches: number;
}

/** Those of a player that has not begun. */
export const noStats: PlayerStats = {
  width: 0,
  height: 0,
  kbps: 0,
  decoded: 0,
  dropped: 0,
  delay: 0,
  start: undefined,
  stalls: 0,
  stalled: 0,
  switches: 0,
};

/** Reads a video element; the rest is the caller's. */
export function readStats(
  video: HTMLVideoElement,
  { start, stalls, stalled }: Experience,
  rest: Pick<PlayerStats, 'kbps' | 'delay' | 'switches'>,
): PlayerStats {
  const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
  return {
    ...rest,
    width: video.videoWidth,
    height: video.videoHeight,
    decoded: totalVideoFrames - droppedVideoFrames,
    dropped: droppedVideoFrames,
    start,
    stalls,
    stalled,
  };
}

/** How fast bytes come. */
export class Meter {
  #bytes = 0;
  #since: number;
  #kbps = 0;

  /** Moments are milliseconds. */
  constructor(now: number) {
    this.#since = now;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The rate by now, in kilobits per second, smoothed over some seconds. */
  read(now: number): number {
    const elapsed = now - this.#since;
    if (elapsed < SHORTEST_MEASURE) return this.#kbps;
    const rate = (this.#bytes * 8) / elapsed;
    this.#kbps += (rate - this.#kbps) * (this.#kbps === 0 ? 1 : SMOOTHING);
    [this.#bytes, this.#since] = [0, now];
    return this.#kbps;
  }
}

const SHORTEST_MEASURE = 500;
const SMOOTHING = 0.3;
