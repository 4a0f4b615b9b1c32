import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../support/browser.ts';
import { clip } from '../support/clips.ts';
import { publishFile, temporaryFolder } from '../support/ffmpeg.ts';
import { isThere } from '../support/hls.ts';
import { PacedPublisher } from '../support/paced.ts';
import { publisher } from '../support/publish.ts';
import { complaintsAbout, finished, packetsIn } from '../support/recordings.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';

const options = { ...needs('ffmpeg', 'chromium'), timeout: 150_000 };
const PATIENCE = 25_000;
/** How long the clip lasts; how long the recording is that is sought in, and how much faster than life it is made; in milliseconds. */
const LOOP = 4000;
const LONG = 600_000;
const SPEED = 150;

/** What is used of a page's own world, in which some functions here run. */
declare const document: {
  querySelector(selector: string): {
    readonly currentTime: number;
    readonly playbackRate: number;
    readonly preservesPitch: boolean;
    readonly dataset: Readonly<Record<string, string>>;
  } | null;
};

describe('in Chromium', { skip: options.skip ?? false, concurrency: true }, () => {
  let browser: Browser;
  let server: TestServer;
  const endings: (() => Promise<void> | void)[] = [];
  const suite: Owner = { after: (end) => void endings.push(end) };

  before(async () => {
    const record = { paths: ['live/*'], folder: await temporaryFolder(suite) };
    server = await startTestServer(suite, { record, publish: { stopGrace: '0s', grace: '0s' } });
    browser = await startBrowser(suite);
  });
  after(async () => {
    for (const end of endings.toReversed()) await end();
  });

  test(
    'a long recording is played from anywhere, without loading all of it, and a part is saved',
    options,
    async (t) => {
      const recorded = await recordLong(t, server);
      const page = await open(t, browser, server.http(`/watch/${recorded.id}`));
      let loaded = 0;
      page.on('response', (answer) => (loaded += Number(answer.headers()['content-length'] ?? 0)));
      await timeIs(page, 1);
      await clickAt(page, 0.75);
      const time = await timeIs(page, (0.75 * LONG) / 1000 + 1);
      assert.ok(time < (0.8 * LONG) / 1000, `${time}`);
      assert.ok(loaded < recorded.size / 2, `${loaded} of ${recorded.size} bytes`);
      await page.click('text=Begin here');
      await clickAt(page, 0.76);
      await timeIs(page, (0.76 * LONG) / 1000);
      await page.click('text=End here');
      const [saving] = await Promise.all([page.waitForEvent('download'), page.click('text=/^Download \\d+:/')]);
      const part = join(await temporaryFolder(t), 'part.mp4');
      await saving.saveAs(part);
      const { packets, complaints } = await packetsIn(part);
      assert.equal(complaints + (await complaintsAbout(part)), '');
      const seconds = packets.filter(({ codec_type: kind }) => kind === 'video').length / 25;
      assert.ok(seconds >= 4 && seconds <= 12, `${seconds} s`);
    },
  );

  test('a recording that begins late in its stream begins with 0', options, async (t) => {
    const folder = await temporaryFolder(t);
    const record = { paths: ['live/*'], folder, split: { every: '60s' } };
    const split = await startTestServer(t, { record, publish: { stopGrace: '0s', grace: '0s' } });
    await recordLong(t, split);
    const all = await finished(split, 'live/long', 5);
    const page = await open(t, browser, split.http(`/watch/${all[2]!.id}`));
    const time = await timeIs(page, 2);
    assert.ok(time < 10, `${time}`);
    await page.waitForFunction(() =>
      (document.querySelector('.clock') as unknown as { textContent: string }).textContent.endsWith(' 1:00'),
    );
  });

  test('a viewer goes back to the beginning of a stream with one click, and catches up', options, async (t) => {
    const { file } = await clip('movie');
    publishFile(t, file, server.rtmp('lesson'), '-stream_loop', '-1');
    await isThere(server, 'lesson');
    await new Promise((resolve) => setTimeout(resolve, 21_000));
    const page = await open(t, browser, server.http('/play/live/lesson'));
    await page.waitForSelector('.player[data-state=playing]', { timeout: PATIENCE });
    assert.equal(await page.locator('.behind').count(), 0);
    await page.click('.from-start');
    const behind = await behindIs(page, 15);
    assert.ok(behind < 60, `${behind} s`);
    const state = () =>
      page.evaluate(() => {
        const { playbackRate, preservesPitch, currentTime } = document.querySelector('video')!;
        return { playbackRate, preservesPitch, currentTime };
      });
    assert.ok((await state()).currentTime < 10, 'it shows the beginning');
    await clickAt(page, 0.65);
    await page.waitForFunction(
      () => Number(document.querySelector('[data-behind]')?.dataset['behind']) < 14,
      undefined,
      { timeout: PATIENCE },
    );
    await page.hover('.stage');
    await page.click('.catch-up');
    const { playbackRate, preservesPitch } = await state();
    assert.deepEqual([playbackRate, preservesPitch], [1.25, true]);
    await page.waitForSelector('.behind', { state: 'detached', timeout: 90_000 });
    assert.ok((await state()).playbackRate <= 1.15);
    assert.equal(await page.getAttribute('.player', 'data-state'), 'playing');
    await page.click('.from-start');
    await behindIs(page, 15);
    await page.hover('.stage');
    await page.click('.go-live');
    await page.waitForSelector('.behind', { state: 'detached', timeout: PATIENCE });
    await page.waitForSelector('.player[data-state=playing]', { timeout: PATIENCE });
  });
});

/** Records {@link LONG}, faster than life. */
async function recordLong(owner: Owner, server: TestServer) {
  const { tags } = await clip('movie');
  const client = await publisher(owner, server, 'long');
  const paced = new PacedPublisher(owner, client, tags, LOOP, SPEED);
  await until('it is long enough', () => (paced.sent.at(-1)?.timestamp ?? 0) >= LONG, 60_000);
  paced.stop();
  client.stop();
  const [recorded] = await finished(server, 'live/long');
  return recorded!;
}

async function open(owner: Owner, browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US' });
  owner.after(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** Resolves to where the player of a recording is, as soon as it plays behind so many seconds. */
async function timeIs(page: Page, least: number): Promise<number> {
  const reached = (time: number) => {
    const { state, time: now } = document.querySelector('.recorded')?.dataset ?? {};
    return state === 'playing' && Number(now) >= time ? Number(now) : false;
  };
  return (await page.waitForFunction(reached, least, { timeout: PATIENCE })).jsonValue() as Promise<number>;
}

/** Resolves to how far behind a viewer is, as soon as that is as much as `least` seconds and pictures are shown. */
async function behindIs(page: Page, least: number): Promise<number> {
  const reached = (seconds: number) => {
    const behind = Number(document.querySelector('[data-behind]')?.dataset['behind']);
    return behind >= seconds && document.querySelector('.player')?.dataset['state'] === 'playing' ? behind : false;
  };
  return (await page.waitForFunction(reached, least, { timeout: PATIENCE })).jsonValue() as Promise<number>;
}

/** Clicks into the seek bar, at a share of its length. */
async function clickAt(page: Page, share: number): Promise<void> {
  await page.hover('.stage');
  const { x, y, width, height } = (await page.locator('.seek-bar input').boundingBox())!;
  await page.mouse.click(x + width * share, y + height / 2);
}
