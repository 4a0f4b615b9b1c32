import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { showsPictures, startBrowser } from '../support/browser.ts';
import { clip } from '../support/clips.ts';
import { publishFile } from '../support/ffmpeg.ts';
import type { Program } from '../support/program.ts';
import { startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';

const SOME = 40;
const options = needs('ffmpeg', 'chromium');

describe('Chromium shows real pictures', { skip: options.skip ?? false }, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof startTestServer>>;
  let file: string;
  const endings: (() => Promise<void> | void)[] = [];
  const suite: Owner = { after: (end) => void endings.push(end) };

  before(async () => {
    ({ file } = await clip('movie'));
    server = await startTestServer(suite);
    browser = await startBrowser(suite);
  });
  after(async () => {
    for (const end of endings) await end();
  });

  test("on the server's own page, by hls", options, async (t) => {
    publishForEver(t, 'page-hls');
    const page = await open(t, server.http('/play/live/page-hls?via=hls'));
    await page.waitForSelector('.player[data-state=playing]', { timeout: 25_000 });
    assertMoved(await showsPictures(page, SOME));
  });

  for (const via of ['http', 'ws'] as const) {
    test(`on the server's own page, by ${via}`, options, async (t) => {
      publishForEver(t, `page-${via}`);
      const page = await open(t, server.http(`/play/live/page-${via}?via=${via}`));
      await page.waitForSelector('.player[data-state=playing]', { timeout: 25_000 });
      assertMoved(await showsPictures(page, SOME));
    });

    test(`on a page from elsewhere that uses mpegts.js, by ${via}`, options, async (t) => {
      publishForEver(t, `foreign-${via}`);
      // This player does not come back after an answer that nothing is there.
      await until(
        'the stream is there',
        async () => (await fetch(server.http(`/live/foreign-${via}.flv`), { method: 'HEAD' })).ok,
      );
      const url = `${via}://127.0.0.1:${server.ports['http']}/live/foreign-${via}.flv`;
      const page = await open(t, `${await foreignPage(t)}/?${new URLSearchParams({ url })}`);
      assertMoved(await showsPictures(page, SOME));
    });
  }

  test('again after the publisher was killed and has returned, with the same connection', options, async (t) => {
    const first = publishForEver(t, 'returns');
    const page = await open(t, server.http('/play/live/returns'));
    await showsPictures(page, SOME);
    const path = '__defaultVhost__/live/returns';
    const connections = () =>
      server.lines().filter((line) => line.msg === 'play begins' && line['path'] === path).length;
    const before = connections();
    first.kill('SIGKILL');
    await server.logged('publish ends', { path });
    publishForEver(t, 'returns');
    assertMoved(await showsPictures(page, 2 * SOME));
    assert.equal(connections(), before);
  });

  function publishForEver(t: Owner, name: string): Program {
    return publishFile(t, file, server.rtmp(name), '-stream_loop', '-1');
  }

  async function open(t: Owner, url: string): Promise<Page> {
    const page = await browser.newPage();
    t.after(() => page.close());
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(url);
    assert.deepEqual(complaints, []);
    return page;
  }
});

function assertMoved({ time, decoded, width }: { time: number; decoded: number; width: number }): void {
  assert.ok(time > 1, `it is at ${time} s`);
  assert.ok(decoded >= SOME, `${decoded} frames are decoded`);
  assert.equal(width, 320);
}

/** A page of another origin with a player as people build them; resolves to that origin. */
async function foreignPage(owner: Owner): Promise<string> {
  const library = await readFile(createRequire(import.meta.url).resolve('mpegts.js'));
  const script = `
    const player = mpegts.createPlayer({ type: 'flv', isLive: true, url: new URLSearchParams(location.search).get('url') });
    player.attachMediaElement(document.querySelector('video'));
    player.load();
    player.play();`;
  const html = `<!doctype html><video muted></video><script src="/mpegts.js"></script><script>${script}</script>`;
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', url === '/mpegts.js' ? 'text/javascript' : 'text/html');
    response.end(url === '/mpegts.js' ? library : html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  owner.after(() => void server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}
