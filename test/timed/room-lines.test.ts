import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { showsPictures, startBrowser } from '../support/browser.ts';
import { clip } from '../support/clips.ts';
import { spawnMember } from '../support/cluster.ts';
import { seen, watchClosely } from '../support/eye.ts';
import { publishFile } from '../support/ffmpeg.ts';
import { administer, nodesKnownTo } from '../support/lines.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import type { SpawnedServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';

const SOME = 40;
const options = needs('ffmpeg', 'chromium', 'redis');

describe('the page of a lesson in a cluster', { skip: options.skip ?? false }, () => {
  let browser: Browser;
  let redis: TestRedis;
  let [origin, near]: SpawnedServer[] = [];
  let file: string;
  const endings: (() => Promise<void> | void)[] = [];
  const suite: Owner = { after: (end) => void endings.push(end) };

  before(async () => {
    ({ file } = await clip('movie'));
    redis = await startRedis(suite);
    origin = await spawnMember(suite, redis, 'origin', { dispatch: { name: 'Origin', takes: 'publishers' } });
    near = await edge(suite, 'Near');
    browser = await startBrowser(suite);
  });
  after(async () => {
    for (const end of endings.toReversed()) await end();
  });

  test('the button goes to another edge without an interruption, and so does an operator', options, async (t) => {
    await edge(t, 'Far');
    const ids = await nodesKnownTo(near!, 'Near', 'Far');
    const page = await open(t, 'switched');
    await page.click('.switch-line');
    const present = await name(page);
    const other = present === 'Near' ? 'Far' : 'Near';
    await watchClosely(page);
    await page.click(`[data-line="${ids[other]}/http-flv"]`);
    await plays(page, ids[other]!);
    await showsPictures(page, SOME);
    const { widest, darkest, pieces } = await seen(page);
    assert.ok(widest <= 0.1, `${widest} s`);
    assert.ok(darkest > 40, `${darkest}`);
    assert.equal(pieces, 1);
    assert.equal((await administer(origin!, 'POST', '/api/v1/move', { node: ids[other] }))['status'], 200);
    await plays(page, ids[present]!);
    await showsPictures(page, SOME);
    await administer(origin!, 'POST', '/api/v1/move', { stream: 'live/switched', to: ids[other] });
    await plays(page, ids[other]!);
    await showsPictures(page, SOME);
    assert.equal(await page.getAttribute('[data-stat=stalls]', 'data-value'), '0');
  });

  test('a node that is drained is left without an interruption', options, async (t) => {
    const doomed = await edge(t, 'Drained');
    const ids = await nodesKnownTo(near!, 'Near', 'Drained');
    const page = await open(t, 'drained');
    await page.click('.switch-line');
    await page.click(`[data-line="${ids['Drained']}/http-flv"]`);
    await plays(page, ids['Drained']!);
    await showsPictures(page, SOME);
    await watchClosely(page);
    await administer(origin!, 'POST', `/api/v1/nodes/${ids['Drained']}/drain`);
    await plays(page, ids['Near']!);
    await showsPictures(page, SOME);
    assert.ok((await seen(page)).widest <= 0.1);
    assert.equal(await page.getAttribute('[data-stat=stalls]', 'data-value'), '0');
    await doomed.logged('this node is empty');
  });

  test('when an edge is killed the page goes on by another one', options, async (t) => {
    const doomed = await edge(t, 'Killed');
    const ids = await nodesKnownTo(near!, 'Near', 'Killed');
    const page = await open(t, 'killed');
    await page.click('.switch-line');
    await page.click(`[data-line="${ids['Killed']}/http-flv"]`);
    await plays(page, ids['Killed']!);
    await showsPictures(page, SOME);
    doomed.program.kill('SIGKILL');
    await plays(page, ids['Near']!);
    await showsPictures(page, SOME);
    assert.equal(await name(page), 'Near');
  });

  function edge(t: Owner, called: string): Promise<SpawnedServer> {
    return spawnMember(t, redis, 'edge', { dispatch: { name: called, grace: '5s' } });
  }

  /** Opens the page of a lesson that is being published, at an edge that stays. */
  async function open(t: Owner, stream: string): Promise<Page> {
    publishFile(t, file, origin!.rtmp(stream), '-stream_loop', '-1');
    await origin!.logged('publish begins', { path: `__defaultVhost__/live/${stream}` });
    const context = await browser.newContext({ locale: 'en-US' });
    t.after(() => context.close());
    const page = await context.newPage();
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(near!.http(`/room/live/${stream}`));
    await page.waitForSelector('.player[data-state=playing]');
    await showsPictures(page, SOME);
    return page;
  }
});

async function plays(page: Page, node: string): Promise<void> {
  await page.waitForSelector(`[data-line^="${node}/"][aria-current=true]`);
}

function name(page: Page): Promise<string> {
  return page.innerText('.switch-line .present');
}
