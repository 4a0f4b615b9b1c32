import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../support/browser.ts';
import { clip } from '../support/clips.ts';
import { PacedPublisher } from '../support/paced.ts';
import { publisher } from '../support/publish.ts';
import { ADMIN_TOKEN, PUBLISH_KEY, startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';
import { watch } from '../support/watch.ts';
import { lengthOf } from '../support/workers.ts';

const options = needs('ffmpeg', 'chromium');

describe('the console of a running server', { skip: options.skip ?? false }, () => {
  let browser: Browser;
  let server: TestServer;
  const endings: (() => Promise<void> | void)[] = [];
  const suite: Owner = { after: (end) => void endings.push(end) };

  before(async () => {
    server = await startTestServer(suite, { access: { loopback: 'like-others' }, play: { maxLag: '5s' } });
    browser = await startBrowser(suite);
    const { tags } = await clip('movie');
    const client = await publisher(suite, server, `lesson?key=${PUBLISH_KEY}`);
    new PacedPublisher(suite, client, tags, lengthOf(tags));
    await server.logged('publish begins');
  });
  after(async () => {
    for (const end of endings.toReversed()) await end();
  });

  test('lets nobody in but by the token, and out again', async (t) => {
    const page = await open(t, '/');
    await page.fill('#token', 'a guess');
    await page.press('#token', 'Enter');
    await page.waitForSelector('.login [role=alert]');
    await logIn(page);
    await page.waitForSelector('[data-stream="live/lesson"]');
    await page.waitForSelector('.picture .words');
    await page.click('text=Log out');
    await page.waitForSelector('.login');
    await page.goto(server.http('/log'));
    await page.waitForSelector('.login');
  });

  test('measures a stream, and disconnects a viewer of it', async (t) => {
    const viewer = await watch(t, server, 'http-flv', 'lesson');
    const { session } = await server.logged('play begins', { protocol: 'http-flv' });
    const page = await open(t, '/stream/live/lesson');
    await logIn(page);
    await page.waitForSelector('text=arriving');
    const tracks = await page.locator('.pair tbody tr').allInnerTexts();
    assert.match(tracks.join('\n'), /^Video\tH\.264[^\n]*\d\/s[^]*\nAudio\tAAC/);
    assert.match(await page.innerText('.audience'), /HTTP-FLV\s+1/);
    await page.click(`[data-client="${String(session)}"] >> text=Disconnect`);
    assert.equal(await viewer.ended, 'closed');
    await page.waitForSelector('.audience >> text=Nobody is watching yet');
  });

  test('follows what a session does in the log, and shows what runs but no secret', async (t) => {
    const viewer = await watch(t, server, 'ws-flv', 'lesson', '?token=not-to-be-seen');
    const { session } = await server.logged('play begins', { protocol: 'ws-flv' });
    const page = await open(t, '/log');
    await logIn(page);
    await page.click(`.lines a.id:text-is("${String(session)}")`);
    const lines = page.locator('.lines li');
    await lines.nth(1).waitFor({ state: 'detached' });
    await lines.waitFor();
    assert.match(await lines.innerText(), /info\s+play begins[^]*token=\*\*\*/);
    viewer.close();
    await page.waitForSelector('.lines b:text-is("play ends")');
    for (const line of await lines.allInnerTexts()) assert.ok(line.includes(String(session)), line);
    await page.goto(server.http('/config'));
    await page.waitForSelector('.option.changed');
    const words = await page.innerText('main');
    assert.match(words, /play\.maxLag[^]*?5s\s+by default 10s/);
    assert.match(words, /access\.adminToken[^]*?\*\*\*/);
    for (const secret of [ADMIN_TOKEN, PUBLISH_KEY]) assert.ok(!words.includes(secret));
  });

  /** As one who comes for the first time. */
  async function open(t: Owner, path: string): Promise<Page> {
    const page = await browser.newPage({ locale: 'en-US' });
    t.after(() => page.close());
    await page.goto(server.http(path));
    await page.waitForSelector('.login');
    return page;
  }

  async function logIn(page: Page): Promise<void> {
    await page.fill('#token', ADMIN_TOKEN);
    await page.press('#token', 'Enter');
    await page.waitForSelector('.tabs');
  }
});
