import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { showsPictures, startBrowser } from '../support/browser.ts';
import { clip } from '../support/clips.ts';
import { Director, lineOf, type ToldLine } from '../support/director.ts';
import { seen, watchClosely } from '../support/eye.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { edgeOf, type Origin, startOrigin } from '../support/nodes.ts';
import type { Program } from '../support/program.ts';
import { type SpawnedServer, spawnServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';

/** What is used of the page's own world. */
interface Told {
  readonly id: string;
}
declare const player: {
  readonly state: string;
  readonly line: Told | undefined;
  readonly next: Told | undefined;
  readonly lines: readonly Told[];
  readonly stats: { readonly stalls: number; readonly stalled: number };
  switchTo(id: string): boolean;
};

const SOME = 40;
const options = needs('ffmpeg', 'chromium');

describe('a player of lines', { skip: options.skip ?? false }, () => {
  let browser: Browser;
  let origin: Origin;
  let near: SpawnedServer;
  let file: string;
  const publishers = new Map<string, Program>();
  const endings: (() => Promise<void> | void)[] = [];
  const suite: Owner = { after: (end) => void endings.push(end) };

  before(async () => {
    ({ file } = await clip('movie'));
    origin = await startOrigin(suite);
    near = await startEdge(suite);
    browser = await startBrowser(suite);
  });
  after(async () => {
    for (const end of endings.reverse()) await end();
  });

  test('plays the best line', options, async (t) => {
    const { page } = await open(t, 'best', [lineOf('near', near, 'best'), lineOf('origin', origin.server, 'best')]);
    const { time } = await showsPictures(page, SOME);
    assert.ok(time > 1);
    assert.equal(await playing(page), 'near/http-flv');
  });

  for (const [from, to] of [
    ['http-flv', 'http-flv'],
    ['http-flv', 'ws-flv'],
    ['ws-flv', 'http-flv'],
    ['http-flv', 'll-hls'],
    ['ll-hls', 'http-flv'],
    ['ll-hls', 'll-hls'],
  ] as const) {
    test(`goes from ${from} to ${to} of another node, and nobody sees it`, options, async (t) => {
      const name = `switch-${from}-${to}`;
      const { page } = await open(t, name, [
        lineOf('near', near, name, from),
        lineOf('origin', origin.server, name, to),
      ]);
      await showsPictures(page, SOME);
      await watchClosely(page);
      await page.evaluate((id) => player.switchTo(id), `origin/${to}`);
      await page.waitForFunction((id) => player.line?.id === id && !player.next, `origin/${to}`);
      await showsPictures(page, 2 * SOME);
      const { pictures, widest, darkest, pieces, sound } = await seen(page);
      assert.ok(pictures > SOME, `${pictures} pictures`);
      assert.ok(widest <= 0.1, `from one picture to the next ${widest} s`);
      assert.ok(darkest > 40, `a picture of ${darkest}`);
      assert.equal(pieces, 1);
      assert.ok(sound > 0);
      assert.equal(await page.evaluate(() => player.stats.stalls), 0);
    });
  }

  test('moves where an operator sends it', options, async (t) => {
    const lines = [lineOf('near', near, 'moved'), lineOf('origin', origin.server, 'moved')];
    const { page, director } = await open(t, 'moved', lines);
    await showsPictures(page, SOME);
    director.tell('move', { to: lines[1] });
    await page.waitForFunction(() => player.line?.id === 'origin/http-flv');
    director.tell('move', { to: lines[0], from: ['origin'] });
    await page.waitForFunction(() => player.line?.id === 'near/http-flv');
    // Who is elsewhere stays there.
    director.tell('move', { to: lines[1], from: ['origin'] });
    await showsPictures(page, SOME);
    assert.equal(await playing(page), 'near/http-flv');
    director.tell('move', { to: lines[1], from: ['near'] });
    await page.waitForFunction(() => player.line?.id === 'origin/http-flv');
    director.tell('move', { exclude: ['origin'] });
    await page.waitForFunction(() => player.line?.id === 'near/http-flv');
    assert.deepEqual(director.asked.at(-1)!['exclude'], ['origin']);
    assert.equal(await page.evaluate(() => player.stats.stalls), 0);
  });

  test('stays where it is while a line that was chosen does not come', options, async (t) => {
    const gone = { ...lineOf('gone', origin.server, 'kept'), url: origin.server.http('/live/nobody.flv') };
    const { page } = await open(t, 'kept', [lineOf('near', near, 'kept'), gone]);
    await showsPictures(page, SOME);
    await page.evaluate(() => player.switchTo('gone/http-flv'));
    await page.waitForFunction(() => !player.next);
    await showsPictures(page, SOME);
    assert.equal(await playing(page), 'near/http-flv');
  });

  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    test(`of an edge that gets ${signal} under them, all players go on by another`, options, async (t) => {
      const name = `under-${signal}`;
      const doomed = await startEdge(t);
      const lines = [lineOf('doomed', doomed, name), lineOf('near', near, name)];
      const { page, director } = await open(t, name, lines);
      const pages = [page, ...(await Promise.all([2, 3, 4].map(() => visit(t, director, name))))];
      await Promise.all(pages.map((each) => showsPictures(each, SOME)));
      doomed.program.kill(signal);
      await Promise.all(
        pages.map((each) =>
          each.waitForFunction(() => player.line?.id === 'near/http-flv' && player.state === 'playing'),
        ),
      );
      await Promise.all(pages.map((each) => showsPictures(each, SOME)));
      const stalled = await Promise.all(pages.map((each) => each.evaluate(() => player.stats.stalled)));
      t.diagnostic(`stalled ${stalled.map(Math.round).join(', ')} ms`);
      const most = signal === 'SIGKILL' ? 1_500 : 3_500;
      assert.ok(Math.max(...stalled) <= most, `${stalled} ms`);
    });
  }

  test('returns when its only line does', options, async (t) => {
    const { page } = await open(t, 'alone', [lineOf('origin', origin.server, 'alone')]);
    await showsPictures(page, SOME);
    publishers.get('alone')!.kill('SIGSTOP');
    await page.waitForFunction(() => player.state === 'interrupted');
    publishers.get('alone')!.kill('SIGCONT');
    await showsPictures(page, SOME);
  });

  async function startEdge(owner: Owner): Promise<SpawnedServer> {
    const relay = { latency: '100ms' };
    return spawnServer(owner, await edgeOf(owner, [origin.url], { play: { wait: '10s' }, relay }));
  }

  async function open(t: Owner, name: string, lines: ToldLine[]): Promise<{ page: Page; director: Director }> {
    publishers.set(name, publishFile(t, file, origin.server.rtmp(name), '-stream_loop', '-1'));
    await origin.server.logged('publish begins', { path: `__defaultVhost__/live/${name}` });
    const director = await Director.start(t);
    director.lines = lines;
    return { page: await visit(t, director, name), director };
  }

  async function visit(t: Owner, director: Director, name: string): Promise<Page> {
    const page = await browser.newPage();
    t.after(() => page.close());
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(director.page(name));
    return page;
  }
});

function playing(page: Page): Promise<string | undefined> {
  return page.evaluate(() => player.line?.id);
}
