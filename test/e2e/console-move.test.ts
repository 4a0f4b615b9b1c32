import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../support/browser.ts';
import { clip } from '../support/clips.ts';
import { memberOf } from '../support/cluster.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { httpFlvViewer } from '../support/flv-client.ts';
import { askForLines, listenToMoves, nodesKnownTo } from '../support/lines.ts';
import { startRedis } from '../support/redis.ts';
import { ADMIN_TOKEN, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';

const options = needs('ffmpeg', 'redis', 'chromium');
const SOME = 10;
/** Events of moves reach Chromium within so many milliseconds. */
const timeout = 20_000;

describe('the console of a cluster', { skip: options.skip ?? false }, () => {
  let browser: Browser;
  let origin: TestServer;
  let north: TestServer;
  let south: TestServer;
  let ids: Readonly<Record<string, string>>;
  const endings: (() => Promise<void> | void)[] = [];
  const suite: Owner = { after: (end) => void endings.push(end) };

  before(async () => {
    const redis = await startRedis(suite);
    const start = async (role: 'origin' | 'edge', name: string, more: object = {}) => {
      const dispatch = { name, ...more };
      return startTestServer(suite, await memberOf(suite, redis, role, { dispatch, publish: { stopGrace: '0s' } }));
    };
    [origin, north, south] = await Promise.all([
      start('origin', 'Origin', { takes: 'publishers' }),
      start('edge', 'North'),
      start('edge', 'South'),
    ]);
    browser = await startBrowser(suite);
    publishFile(suite, (await clip('movie')).file, origin.rtmp('lesson'), '-stream_loop', '-1');
    await origin.logged('publish begins');
    ids = await nodesKnownTo(origin, 'North', 'South');
  });
  after(async () => {
    for (const end of endings.toReversed()) await end();
  });

  test('shows what flows between nodes that are both others', options, async (t) => {
    const viewer = httpFlvViewer(t, north.http('/live/lesson.flv'));
    await viewer.gets(SOME);
    const page = await open(t, south, '/');
    const { id } = await nodeOf(page, 'Origin');
    const words = page.locator(`[data-words="${id} ${ids['North']}"]`);
    await words.filter({ hasText: /bit\/s · loss [<\d.]+ %/ }).waitFor({ timeout });
  });

  test(
    'moves the viewers of a stream from one node to another by the keyboard, and says what became of it',
    options,
    async (t) => {
      const viewer = httpFlvViewer(t, north.http('/live/lesson.flv'));
      await viewer.gets(SOME);
      const { events } = await askForLines(north, 'lesson', { viewer: 'v', exclude: [ids['South']] });
      const told = await listenToMoves(t, north.http(events));
      const page = await open(t, origin, '/stream/live/lesson');
      await page.locator('.audience li', { hasText: /HTTP-FLV\s*North/ }).waitFor({ timeout });
      await page.locator('.pair button[aria-haspopup=dialog]').press('Enter');
      await page.selectOption('#move-from', ids['North']!);
      await page.selectOption('#move-to', ids['South']!);
      await page.fill('#move-pace', '5');
      await page.waitForSelector('.move .outlook:text-is("Viewers who are to go from North to South: 1.")');
      await page.locator('.move [type=submit]').press('Enter');
      const { to, from } = await told.next();
      assert.deepEqual([to.node, from], [ids['South'], [ids['North']]]);
      await page.waitForSelector('.move .bar >> text=1 of 1');
      viewer.close();
      await page.waitForSelector('.move .progress[data-over=true] >> text=All were told, and all have gone.', {
        timeout,
      });
      await page.keyboard.press('Escape');
      await page.waitForSelector('.move', { state: 'detached' });
    },
  );

  test('sends the viewers of a node anywhere else', options, async (t) => {
    const { events } = await askForLines(south, 'lesson', { viewer: 'w' });
    const told = await listenToMoves(t, south.http(events));
    const page = await open(t, origin, '/nodes');
    await page.click(`[data-node="${ids['South']}"] [aria-haspopup=dialog]`);
    await page.waitForSelector('.move .outlook');
    await page.click('.move [type=submit]');
    assert.deepEqual(await told.next(), { exclude: [ids['South']] });
  });

  async function nodeOf(page: Page, name: string): Promise<{ readonly id: string }> {
    const box = page.locator('g[data-node]', { hasText: name });
    await box.waitFor({ timeout });
    return { id: (await box.getAttribute('data-node'))! };
  }

  async function open(t: Owner, server: TestServer, path: string): Promise<Page> {
    const page = await browser.newPage({ locale: 'en-US' });
    t.after(() => page.close());
    await page.goto(server.http(path));
    if (await page.locator('.login').isVisible()) {
      await page.fill('#token', ADMIN_TOKEN);
      await page.press('#token', 'Enter');
    }
    return page;
  }
});
