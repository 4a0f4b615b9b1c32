import { bufferedEnd, type PlayerStats as LineStats, readPictures } from '../../../player/src/stats.ts';

/** What the player shows of itself; stalls are counted where it plays by lines alone. */
export type PlayerStats = Omit<LineStats, 'start' | 'stalls' | 'stalled' | 'switches'> &
  Partial<Pick<LineStats, 'stalls'>>;

export const noStats: PlayerStats = { width: 0, height: 0, kbps: 0, decoded: 0, dropped: 0, delay: 0 };

/** Reads a video element; the rate of arriving data is the caller's. */
export function measure(video: HTMLVideoElement, kbps: number): PlayerStats {
  return { ...readPictures(video), kbps, delay: Math.max(0, bufferedEnd(video) - video.currentTime) };
}
