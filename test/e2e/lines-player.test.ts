import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { showsPictures, startBrowser } from '../support/browser.ts';
import { clip } from '../support/clips.ts';
import { Director, type ToldLine } from '../support/director.ts';
import { seen, watchClosely } from '../support/eye.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { edgeOf, type Origin, startOrigin } from '../support/nodes.ts';
import { type SpawnedServer, spawnServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';

/** What is used of the page's own world. */
interface Told {
  readonly id: string;
}
declare const player: {
  readonly state: string;
  readonly line: Told | undefined;
  readonly next: Told | undefined;
  readonly lines: readonly Told[];
  readonly stats: { readonly stalls: number; readonly switches: number; readonly start: number };
  switchTo(id: string): boolean;
};

const SOME = 40;
const options = needs('ffmpeg', 'chromium');

describe('a player of lines', { skip: options.skip ?? false }, () => {
  let browser: Browser;
  let origin: Origin;
  let near: SpawnedServer;
  let file: string;
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
    const { page } = await open(t, 'best', [line('near', near, 'best'), line('origin', origin.server, 'best')]);
    const { time } = await showsPictures(page, SOME);
    assert.ok(time > 1);
    assert.equal(await playing(page), 'near/http-flv');
  });

  for (const [from, to] of [
    ['http-flv', 'http-flv'],
    ['http-flv', 'ws-flv'],
    ['ws-flv', 'http-flv'],
  ] as const) {
    test(`goes from ${from} to ${to} of another node, and nobody sees it`, options, async (t) => {
      const name = `switch-${from}-${to}`;
      const { page } = await open(t, name, [line('near', near, name, from), line('origin', origin.server, name, to)]);
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

  async function startEdge(owner: Owner): Promise<SpawnedServer> {
    const relay = { latency: '100ms' };
    return spawnServer(owner, await edgeOf(owner, [origin.url], { play: { wait: '10s' }, relay }));
  }

  async function open(t: Owner, name: string, lines: ToldLine[]): Promise<{ page: Page; director: Director }> {
    publishFile(t, file, origin.server.rtmp(name), '-stream_loop', '-1');
    await origin.server.logged('publish begins', { path: `__defaultVhost__/live/${name}` });
    const director = await Director.start(t);
    director.lines = lines;
    const page = await browser.newPage();
    t.after(() => page.close());
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(director.page(name));
    return { page, director };
  }
});

function line(node: string, { ports }: TestServer, name: string, protocol = 'http-flv'): ToldLine {
  const url = `${protocol === 'ws-flv' ? 'ws' : 'http'}://127.0.0.1:${ports['http']}/live/${name}.flv`;
  return { id: `${node}/${protocol}`, node, name: `node ${node}`, protocol, url, delay_ms: 120, load: 0.3 };
}

function playing(page: Page): Promise<string | undefined> {
  return page.evaluate(() => player.line?.id);
}
