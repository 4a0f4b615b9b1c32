import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

/** How a stream came to a browser, in milliseconds from the publisher's write of each frame. */
export interface Arrival {
  /** To its append to the browser's buffer. */
  readonly appended: readonly number[];
  /** To its being shown. */
  readonly shown: readonly number[];
  readonly stalls: number;
}

interface Collected {
  /** Of each frame: the nanoseconds that its stamp says, its time in the media, the wall clock of its append. */
  readonly frames: readonly (readonly [written: string, media: number, appended: number])[];
  /** Time in the media and wall clock of pictures shown. */
  readonly shown: readonly (readonly [media: number, at: number])[];
  readonly stalls: number;
}
declare const collected: Collected;

const SETTLE_SECONDS = 6;
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Plays a playlist in hls.js in Chromium for so many seconds, after a while in which it settles. */
export async function playInBrowser(url: string, lowLatencyMode: boolean, seconds: number): Promise<Arrival> {
  const server = createServer((request, response) => void answer(request.url!).then((body) => response.end(body)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const args = ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    const settings = JSON.stringify({ lowLatencyMode });
    const query = new URLSearchParams({ url, settings });
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/?${query}`);
    await sleep((SETTLE_SECONDS + seconds) * 1000);
    return evaluate(await page.evaluate(() => collected), seconds);
  } finally {
    await browser.close();
    server.close();
  }
}

function evaluate({ frames, shown, stalls }: Collected, seconds: number): Arrival {
  // The stamps are of the monotonic clock, the page tells by the wall clock.
  const offset = Date.now() - Number(process.hrtime.bigint()) / 1e6;
  const from = Date.now() - seconds * 1000;
  const written = (stamp: string) => Number(BigInt(`0x${stamp}`)) / 1e6 + offset;
  const late = frames.filter(([, , appended]) => appended >= from);
  const byTime = new Map(frames.map(([stamp, media]) => [Math.round(media * 100), written(stamp)]));
  const pictures = shown.filter(([media, at]) => at >= from && byTime.has(Math.round(media * 100)));
  return {
    appended: late.map(([stamp, , appended]) => appended - written(stamp)),
    shown: pictures.map(([media, at]) => at - byTime.get(Math.round(media * 100))!),
    stalls,
  };
}

async function answer(path: string): Promise<Buffer | string> {
  const ofConsole = createRequire(new URL('../../console/package.json', import.meta.url));
  return path === '/hls.js' ? readFile(ofConsole.resolve('hls.js/dist/hls.min.js')) : PAGE;
}

/** Stamps are text behind a known name (see clip.ts); frames are 40 ms apart, in their order, from where their fragment begins. */
const SCRIPT = `
const query = new URLSearchParams(location.search);
const video = document.querySelector('video');
const hls = new Hls(JSON.parse(query.get('settings')));
const collected = { frames: [], shown: [], stalls: 0 };
const name = 'headwater-bench.';
const decoder = new TextDecoder('latin1');
const append = SourceBuffer.prototype.appendBuffer;
SourceBuffer.prototype.appendBuffer = function (data) {
  const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
  const text = decoder.decode(bytes);
  const stamps = [];
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) stamps.push(text.slice(at + 24, at + 40));
  const tfdt = text.indexOf('tfdt');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const start = tfdt < 0 ? 0 : (view.getUint8(tfdt + 4) ? Number(view.getBigUint64(tfdt + 8)) : view.getUint32(tfdt + 8)) / 1e6;
  const add = () => {
    const at = performance.timeOrigin + performance.now();
    stamps.forEach((stamp, i) => collected.frames.push([stamp, this.timestampOffset + start + i * 0.04, at]));
  };
  if (stamps.length > 0) this.addEventListener('updateend', add, { once: true });
  return append.call(this, data);
};
hls.on(Hls.Events.ERROR, (_, { details }) => { if (details === 'bufferStalledError') collected.stalls++; });
const show = (_, { mediaTime, expectedDisplayTime }) => {
  collected.shown.push([mediaTime, performance.timeOrigin + expectedDisplayTime]);
  video.requestVideoFrameCallback(show);
};
video.requestVideoFrameCallback(show);
hls.loadSource(query.get('url'));
hls.attachMedia(video);
video.play();`;
const PAGE = `<!doctype html><video muted></video><script src="/hls.js"></script><script>${SCRIPT}</script>`;
