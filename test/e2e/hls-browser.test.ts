import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { showsPictures, startBrowser } from '../support/browser.ts';
import { type ClipName, clip } from '../support/clips.ts';
import { publishFile } from '../support/ffmpeg.ts';
import type { Program } from '../support/program.ts';
import { startTestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import { type Owner, until } from '../support/until.ts';

const SOME = 40;
const options = needs('ffmpeg', 'chromium');

/** What the page counts of its player. */
interface Counts {
  readonly errors: readonly string[];
  /** Parts and whole segments that were appended. */
  readonly parts: number;
  readonly segments: number;
  /** Behind the newest picture that the server has, in seconds. */
  readonly latency: number;
}
declare const counts: Counts;
declare const document: { querySelector(selector: string): { readonly currentTime: number } | null };

describe('hls.js in Chromium', { skip: options.skip ?? false }, () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof startTestServer>>;
  const endings: (() => Promise<void> | void)[] = [];
  const suite: Owner = { after: (end) => void endings.push(end) };

  before(async () => {
    server = await startTestServer(suite);
    browser = await startBrowser(suite);
  });
  after(async () => {
    for (const end of endings.toReversed()) await end();
  });

  test('plays with low latency, part by part', options, async (t) => {
    await publish(t, 'movie', 'parts');
    const page = await open(t, 'parts', { lowLatencyMode: true });
    await showsPictures(page, 4 * SOME);
    const { errors, parts, latency } = await page.evaluate(() => counts);
    assert.deepEqual(errors, []);
    assert.ok(parts >= 20, `${parts} parts`);
    // Without it there are three whole segments, six seconds.
    assert.ok(latency < 4, `${latency} s behind`);
  });

  for (const [name, query] of [
    ['fmp4', ''],
    ['ts', '?format=ts'],
  ] as const) {
    test(`plays whole segments of ${name}`, options, async (t) => {
      await publish(t, 'movie', `whole-${name}`);
      const page = await open(t, `whole-${name}`, { lowLatencyMode: false }, query);
      await showsPictures(page, 3 * SOME);
      const { errors, parts, segments } = await page.evaluate(() => counts);
      // One who comes when there is one segment yet has to wait for the second.
      assert.deepEqual(
        errors.filter((each) => !each.startsWith('bufferStalled')),
        [],
      );
      assert.equal(parts, 0);
      assert.ok(segments >= 3, `${segments} segments`);
    });
  }

  test('plays sound alone', options, async (t) => {
    await publish(t, 'audioOnly', 'sound');
    const page = await open(t, 'sound', { lowLatencyMode: true });
    await page.waitForFunction(() => document.querySelector('video')!.currentTime > 4, undefined, { timeout: 25_000 });
    assert.deepEqual((await page.evaluate(() => counts)).errors, []);
  });

  test('goes on when the publisher was killed and has returned with another picture size', options, async (t) => {
    const first = await publish(t, 'movie', 'returns');
    const page = await open(t, 'returns', { lowLatencyMode: true });
    await showsPictures(page, SOME);
    first.kill('SIGKILL');
    await server.logged('publish ends', { path: '__defaultVhost__/live/returns' });
    await publish(t, 'larger', 'returns');
    await until('the picture is larger', async () => (await showsPictures(page, SOME)).width === 640, 25_000);
    const { errors } = await page.evaluate(() => counts);
    // Running dry is what happens while nobody publishes.
    assert.deepEqual(
      errors.filter((each) => !each.startsWith('buffer')),
      [],
    );
  });

  async function publish(t: Owner, name: ClipName, stream: string): Promise<Program> {
    const program = publishFile(t, (await clip(name)).file, server.rtmp(stream), '-stream_loop', '-1');
    await until('the stream is there', async () => {
      return (await fetch(server.http(`/live/${stream}.m3u8`), { method: 'HEAD' })).ok;
    });
    return program;
  }

  async function open(t: Owner, stream: string, settings: object, query = ''): Promise<Page> {
    const page = await browser.newPage();
    t.after(() => page.close());
    const url = server.http(`/live/${stream}.m3u8${query}`);
    await page.goto(`${await playerPage(t)}/?${new URLSearchParams({ url, settings: JSON.stringify(settings) })}`);
    return page;
  }
});

/** A page of another origin with a player as people build them; resolves to that origin. */
async function playerPage(owner: Owner): Promise<string> {
  const ofConsole = createRequire(new URL('../../console/package.json', import.meta.url));
  const library = await readFile(ofConsole.resolve('hls.js/dist/hls.js'));
  const script = `
    const query = new URLSearchParams(location.search);
    const hls = new Hls(JSON.parse(query.get('settings')));
    const counts = { errors: [], parts: 0, segments: 0, get latency() { return hls.latency } };
    hls.on(Hls.Events.ERROR, (_, { details, error }) => counts.errors.push(details + ': ' + error?.message));
    hls.on(Hls.Events.FRAG_BUFFERED, (_, { part }) => part ? counts.parts++ : counts.segments++);
    hls.loadSource(query.get('url'));
    hls.attachMedia(document.querySelector('video'));
    document.querySelector('video').play();`;
  const html = `<!doctype html><video muted></video><script src="/hls.js"></script><script>${script}</script>`;
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', url === '/hls.js' ? 'text/javascript' : 'text/html');
    response.end(url === '/hls.js' ? library : html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  owner.after(() => void server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}
