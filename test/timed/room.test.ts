import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { showsPictures, startBrowser } from '../support/browser.ts';
import { clip } from '../support/clips.ts';
import { lineOf, type ToldLine } from '../support/director.ts';
import { seen, watchClosely } from '../support/eye.ts';
import { publishFile, temporaryFolder } from '../support/ffmpeg.ts';
import { isThere } from '../support/hls.ts';
import { edgeOf, type Origin, startOrigin } from '../support/nodes.ts';
import type { Program } from '../support/program.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';

const SOME = 40;
const options = needs('ffmpeg', 'chromium');

/** What is used of the page's own world. */
declare const document: {
  readonly documentElement: { readonly scrollWidth: number };
  querySelector(selector: string): { readonly currentTime: number } | null;
};

describe('the page of a lesson', { skip: options.skip ?? false }, () => {
  let browser: Browser;
  let origin: Origin;
  let edge: TestServer;
  let file: string;
  let earlySince: number;
  const endings: (() => Promise<void> | void)[] = [];
  const suite: Owner = { after: (end) => void endings.push(end) };

  before(async () => {
    ({ file } = await clip('movie'));
    const record = { paths: ['live/*'], folder: await temporaryFolder(suite) };
    origin = await startOrigin(suite, { record, publish: { stopGrace: '0s' } });
    edge = await startTestServer(suite, await edgeOf(suite, [origin.url], { play: { wait: '10s' } }));
    browser = await startBrowser(suite);
    await publish(suite, 'early'); // long before it is watched: less is not worth a way back
    earlySince = performance.now();
  });
  after(async () => {
    for (const end of endings.toReversed()) await end();
  });

  test('has a line of each protocol where the server is alone', options, async (t) => {
    await publish(t, 'plain');
    const page = await open(t, origin.server, 'plain', undefined);
    await showsPictures(page, SOME);
    await page.click('.switch-line');
    const lines = await page.locator('.line').allInnerTexts();
    assert.match(lines[0]!, /127\.0\.0\.1:\d+\s+HTTP-FLV\s+this one\s+[\d.]+ ms delay\s+\d+ % in use/);
    assert.deepEqual(
      lines.map((text) => /(?:HTTP|WS)-FLV|(?:LL-)?HLS/.exec(text)?.[0]),
      ['HTTP-FLV', 'WS-FLV', 'LL-HLS', 'HLS'],
    );
  });

  test(
    'names the lines, marks the one that plays, and goes to another by key without an interruption',
    options,
    async (t) => {
      await publish(t, 'lesson');
      const page = await open(t, origin.server, 'lesson', both('lesson'));
      await page.waitForSelector('.player[data-state=playing]');
      await showsPictures(page, SOME);
      await page.locator('.switch-line').press('Enter');
      const [first, second] = await page.locator('.line').allInnerTexts();
      assert.match(first!, /Node edge[^]*this one[^]*120 ms delay\s+34 % in use/);
      assert.match(second!, /Node origin[^]*80 ms delay\s+91 % in use/);
      await watchClosely(page);
      await page.locator('.line').nth(1).press('Enter');
      await page.waitForSelector('[data-line="origin/http-flv"][aria-current=true]');
      assert.equal(await page.locator('.line[aria-current=true]').count(), 1);
      await showsPictures(page, 2 * SOME);
      const { widest, darkest, pieces } = await seen(page);
      assert.ok(widest <= 0.1, `${widest} s`);
      assert.ok(darkest > 40, `${darkest}`);
      assert.equal(pieces, 1);
      assert.equal(await page.getAttribute('[data-stat=stalls]', 'data-value'), '0');
      await page.keyboard.press('Escape');
      assert.ok(!(await page.isVisible('.line')));
      assert.match(await page.innerText('.switch-line'), /Node origin/);
    },
  );

  test('says that a line does not answer, and stays', options, async (t) => {
    await publish(t, 'stays');
    const gone = { ...lineOf('gone', origin.server, 'stays'), url: origin.server.http('/live/nobody.flv') };
    const page = await open(t, origin.server, 'stays', [...both('stays'), gone]);
    await showsPictures(page, SOME);
    await page.click('.switch-line');
    await page.click('[data-line="gone/http-flv"]');
    await page.waitForSelector('text=Node gone does not answer');
    await showsPictures(page, SOME);
    assert.equal(await page.getAttribute('.line[aria-current=true]', 'data-line'), 'edge/http-flv');
  });

  test(
    "says since when the teacher's connection is interrupted, in either language, and goes on",
    options,
    async (t) => {
      const program = await publish(t, 'broken');
      const page = await open(t, origin.server, 'broken', both('broken'));
      await page.waitForSelector('.player[data-state=playing]');
      await showsPictures(page, SOME);
      program.kill('SIGSTOP');
      await page.waitForSelector('.player[data-state=interrupted]');
      assert.match(await page.innerText('.message'), /teacher’s connection is interrupted\s+waiting since [1-9] s/);
      await page.click('text=中文');
      await page.waitForSelector('text=/已等待 [4-9] 秒/');
      program.kill('SIGCONT');
      await page.waitForSelector('.player[data-state=playing]');
      await showsPictures(page, SOME);
    },
  );

  test('goes to the beginning, and back to what is live by the lines', options, async (t) => {
    await until('there is enough to go back', () => performance.now() - earlySince > 16_000, 20_000);
    const page = await open(t, origin.server, 'early', both('early'));
    await page.waitForSelector('.player[data-state=playing]');
    await page.click('.from-start');
    await page.waitForSelector('[data-behind]');
    assert.ok((await page.evaluate(() => document.querySelector('video')!.currentTime)) < 8);
    await page.hover('.stage');
    await page.click('.go-live');
    await page.waitForSelector('.behind', { state: 'detached' });
    await page.waitForSelector('.player[data-state=playing]');
    await page.click('.switch-line');
    await page.waitForSelector('.line[aria-current=true]');
  });

  for (const width of [320, 390]) {
    test(`fits a phone ${width} pixels wide in both languages`, options, async (t) => {
      const name = `a-lesson-with-quite-a-long-name-${width}`;
      const page = await open(t, origin.server, name, both(name));
      await page.setViewportSize({ width, height: 700 });
      await page.waitForSelector('.player[data-state=waiting]');
      await page.click('.switch-line');
      const widthNow = () => page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(await widthNow(), width);
      await page.click('text=中文');
      await page.waitForSelector('text=切换线路');
      assert.equal(await widthNow(), width);
    });
  }

  function both(name: string): ToldLine[] {
    return [lineOf('edge', edge, name), { ...lineOf('origin', origin.server, name), delay_ms: 80, load: 0.91 }];
  }

  async function publish(t: Owner, name: string): Promise<Program> {
    const program = publishFile(t, file, origin.server.rtmp(name), '-stream_loop', '-1');
    await isThere(origin.server, name);
    return program;
  }

  /** Opens the page of a lesson for which the server gives out these lines; undefined leaves that to the server. */
  async function open(t: Owner, server: TestServer, name: string, lines: ToldLine[] | undefined): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-US' });
    t.after(() => context.close());
    const page = await context.newPage();
    page.on('pageerror', (error) => assert.fail(error));
    if (lines) await page.route('**/api/v1/lines', (route) => route.fulfill({ json: { lines, events: '' } }));
    await page.goto(server.http(`/room/live/${name}`));
    return page;
  }
});
