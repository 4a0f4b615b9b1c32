import type { Page } from 'playwright-core';

/** What was seen of a video while it was watched. */
export interface Seen {
  /** How many pictures were shown. */
  readonly pictures: number;
  /** The longest step from one picture to the next, in seconds of the stream; those that a busy machine did not show or look at count. */
  readonly widest: number;
  /** How dark the darkest one was, 0 to 255. */
  readonly darkest: number;
  /** How many pieces the buffer had at most. */
  readonly pieces: number;
  /** How much sound was decoded, in bytes. */
  readonly sound: number;
}

/** What is used of a page's own world, in which these functions run. */
interface Video {
  readonly videoWidth: number;
  readonly buffered: { readonly length: number };
  readonly webkitAudioDecodedByteCount: number;
  getVideoPlaybackQuality(): { readonly droppedVideoFrames: number };
  requestVideoFrameCallback(callback: (now: number, frame: Frame) => void): number;
}
interface Frame {
  readonly mediaTime: number;
  readonly presentedFrames: number;
}
interface Looks {
  pictures: number;
  widest: number;
  darkest: number;
  pieces: number;
  soundFrom: number;
}
interface Context {
  drawImage(video: Video, x: number, y: number, width: number, height: number): void;
  getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
}
declare const document: { querySelector(selector: string): Video };
declare const OffscreenCanvas: new (
  width: number,
  height: number,
) => { getContext(kind: string, options: object): Context };
declare const window: { looks: Looks };

/** Looks at every picture of the one video of a page from now on. */
export async function watchClosely(page: Page): Promise<void> {
  await page.evaluate(() => {
    const video = document.querySelector('video');
    const context = new OffscreenCanvas(16, 9).getContext('2d', { willReadFrequently: true });
    const looks = {
      pictures: 0,
      widest: 0,
      darkest: 255,
      pieces: 1,
      soundFrom: video.webkitAudioDecodedByteCount,
    };
    window.looks = looks;
    let last: { time: number; made: number } | undefined;
    const look = (_: number, { mediaTime: time, presentedFrames: shown }: Frame) => {
      const made = shown + video.getVideoPlaybackQuality().droppedVideoFrames;
      context.drawImage(video, 0, 0, 16, 9);
      const { data } = context.getImageData(0, 0, 16, 9);
      looks.darkest = Math.min(looks.darkest, data.reduce((sum, value) => sum + value, 0) / data.length);
      looks.pieces = Math.max(looks.pieces, video.buffered.length);
      if (last) looks.widest = Math.max(looks.widest, (time - last.time) / (made - last.made));
      last = { time, made };
      looks.pictures++;
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  });
}

/** What was seen since. */
export function seen(page: Page): Promise<Seen> {
  return page.evaluate(() => {
    const { soundFrom, ...rest } = window.looks;
    return { ...rest, sound: document.querySelector('video').webkitAudioDecodedByteCount - soundFrom };
  });
}
