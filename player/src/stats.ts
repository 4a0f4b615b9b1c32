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

/** Where the data ends that a video element has, in seconds; 0 where it has none. */
export function bufferedEnd({ buffered }: HTMLVideoElement): number {
  return buffered.length > 0 ? buffered.end(buffered.length - 1) : 0;
}

/** What a video element knows of its pictures. */
export function readPictures(video: HTMLVideoElement): Pick<PlayerStats, 'width' | 'height' | 'decoded' | 'dropped'> {
  const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
  return {
    width: video.videoWidth,
    height: video.videoHeight,
    decoded: totalVideoFrames - droppedVideoFrames,
    dropped: droppedVideoFrames,
  };
}

/** Reads a video element; the rest is the caller's. */
export function readStats(
  video: HTMLVideoElement,
  { start, stalls, stalled }: Experience,
  rest: Pick<PlayerStats, 'kbps' | 'delay' | 'switches'>,
): PlayerStats {
  return { ...rest, ...readPictures(video), start, stalls, stalled };
}

/** A rate, smoothed by what it is now. */
export function smoothed(kbps: number, now: number): number {
  return kbps + (now - kbps) * (kbps === 0 ? 1 : SMOOTHING);
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
    this.#kbps = smoothed(this.#kbps, rate);
    [this.#bytes, this.#since] = [0, now];
    return this.#kbps;
  }
}

const SHORTEST_MEASURE = 500;
const SMOOTHING = 0.3;
