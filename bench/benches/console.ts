import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { headwater, note, startSource, wait, withServer } from '../measure.ts';
import { combine, type Figures, type Report, verdict } from '../report.ts';
import type { Settings } from '../settings.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const STREAMS = 20;
const KILOBITS = 200;
const SETTLE_SECONDS = 12;
/** What the console may take at its first visit. */
const [MOST_MILLISECONDS, MOST_KILOBYTES] = [1000, 150];

/** What the first visit to the console costs: until it can be used, until all is drawn, and how much is loaded. */
export async function consolePage(settings: Settings): Promise<Report> {
  if (!existsSync(CHROMIUM)) throw new Error(`there is no Chromium at ${CHROMIUM}`);
  const runs = await withServer(headwater, { task: 'play' }, settings, async (server) => {
    const source = await startSource(server, settings, STREAMS, KILOBITS);
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
    try {
      // Until there is something of the last hour to be drawn.
      await wait(SETTLE_SECONDS);
      const origin = `http://127.0.0.1:${server.httpPort}`;
      const visits: Figures[] = [];
      for (let i = -1; i < settings.runs; i++) {
        note(i < 0 ? 'a visit to warm up' : `visit ${i + 1}`);
        const figures = await visit(browser, origin);
        if (i >= 0) visits.push(figures);
      }
      return visits;
    } finally {
      await browser.close();
      await source.stop();
    }
  });
  const figures = combine(runs);
  const verdicts = [
    verdict('usable in ms', figures['usable ms']!, MOST_MILLISECONDS),
    verdict('first load in kB', figures['loaded kB']!, MOST_KILOBYTES),
  ];
  return { rows: [{ server: 'headwater', figures }], verdicts };
}

/** As one who comes for the first time: nothing is in the browser's cache. */
async function visit(browser: Browser, origin: string): Promise<Figures> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const loaded = countLoaded(page);
    await page.goto(origin, { waitUntil: 'commit' });
    const usable = await shown(page, '.stream .button');
    const drawn = await shown(page, '.chart canvas');
    return { 'usable ms': usable, 'drawn ms': drawn, 'loaded kB': (await loaded()) / 1000 };
  } finally {
    await context.close();
  }
}

/** When such an element stood on the page and the browser had time to paint it, in milliseconds since the visit began. */
async function shown(page: Page, selector: string): Promise<number> {
  await page.waitForSelector(selector);
  return page.evaluate<number>('new Promise((done) => requestAnimationFrame(() => done(performance.now())))');
}

/** What came of the page itself, compressed as it was. */
function countLoaded(page: Page): () => Promise<number> {
  const sizes: Promise<number>[] = [];
  page.on('requestfinished', (request) => {
    if (!request.url().includes('/api/')) sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  return async () => (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
