import { type Browser, chromium, type Page } from 'playwright-core';
import { CHROMIUM } from './tools.ts';
import type { Owner } from './until.ts';

/** How far the one video element of a page has come. */
export interface Progress {
  /** In seconds. */
  readonly time: number;
  readonly decoded: number;
  readonly width: number;
}

/** What is used of a page's own world, in which some functions here run. */
interface VideoElement {
  readonly currentTime: number;
  readonly videoWidth: number;
  getVideoPlaybackQuality(): { readonly totalVideoFrames: number };
}
declare const document: { querySelector(selector: string): VideoElement | null };

const PATIENCE = 25_000;

/** A Chromium that plays without being clicked; it closes when its owner is done. */
export async function startBrowser(owner: Owner): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args });
  owner.after(() => browser.close());
  return browser;
}

/** Resolves when the video has decoded so many frames more than now and its time goes on; rejects when that does not happen. */
export async function showsPictures(page: Page, frames: number): Promise<Progress> {
  const { decoded, time } = await progress(page);
  const goesOn = ([least, from]: readonly [number, number]) => {
    const video = document.querySelector('video');
    return video && video.getVideoPlaybackQuality().totalVideoFrames >= least && video.currentTime > from;
  };
  await page.waitForFunction(goesOn, [decoded + frames, time] as const, { timeout: PATIENCE });
  return progress(page);
}

function progress(page: Page): Promise<Progress> {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    if (!video) return { time: 0, decoded: 0, width: 0 };
    const { totalVideoFrames: decoded } = video.getVideoPlaybackQuality();
    return { time: video.currentTime, decoded, width: video.videoWidth };
  });
}
