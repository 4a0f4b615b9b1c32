/** What the player shows of itself. */
export interface PlayerStats {
  readonly width: number;
  readonly height: number;
  readonly kbps: number;
  readonly decoded: number;
  readonly dropped: number;
  /** Seconds between the newest data here and the picture shown. */
  readonly delay: number;
  /** How often the picture stood still; undefined where nobody counts. */
  readonly stalls?: number;
}

export const noStats: PlayerStats = { width: 0, height: 0, kbps: 0, decoded: 0, dropped: 0, delay: 0 };

/** Where the data ends that a video element has, in seconds; 0 where it has none. */
export function bufferedEnd({ buffered }: HTMLVideoElement): number {
  return buffered.length > 0 ? buffered.end(buffered.length - 1) : 0;
}

/** Reads a video element; the rate of arriving data is the caller's. */
export function measure(video: HTMLVideoElement, kbps: number): PlayerStats {
  const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
  return {
    width: video.videoWidth,
    height: video.videoHeight,
    kbps,
    decoded: totalVideoFrames - droppedVideoFrames,
    dropped: droppedVideoFrames,
    delay: Math.max(0, bufferedEnd(video) - video.currentTime),
  };
}
