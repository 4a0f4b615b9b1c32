import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { FakeServer } from './fake-server.ts';
import { edgeLink, originLink, push, receivedStream } from './link-samples.ts';
import { explanation, liveStream, recording } from './samples.ts';
import { useStage } from './stage.ts';

let page: Page;
let fake: FakeServer;
let origin: string;
useStage((stage) => ({ page, fake, origin } = stage));

function state(name: string): Promise<unknown> {
  return page.waitForSelector(`.player[data-state=${name}]`, { timeout: 25_000 });
}

function message(): Promise<string> {
  return page.innerText('.message');
}

/** Resolves when the value of a statistic is at least `least`. */
function stat(name: string, least: number): Promise<unknown> {
  const reached = ([id, value]: readonly [string, number]) =>
    Number(document.querySelector<HTMLElement>(`[data-stat=${id}]`)?.dataset['value']) >= value;
  return page.waitForFunction(reached, [name, least] as const);
}

async function feedsAre(count: number): Promise<void> {
  const deadline = AbortSignal.timeout(5_000);
  while (fake.feeds.size !== count) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('the overview', () => {
  test('shows what is live, whatever it is called', async () => {
    const hostile = '<img src=x onerror=alert(1)>';
    fake.streams = [liveStream('movie'), liveStream(hostile, { publish: { active: false, cid: '' }, video: null })];
    await page.goto(origin);
    await page.waitForSelector('.stream');
    assert.deepEqual(await page.locator('.stream strong').allInnerTexts(), ['movie', hostile]);
    const row = await page.locator('.stream').first().innerText();
    for (const part of ['H.264', '1280×720', 'AAC', '48 kHz stereo', '2.4 Mbit/s']) assert.ok(row.includes(part), part);
    assert.match(row, /\d\d:\d\d/);
    assert.match(await page.locator('.stream').nth(1).innerText(), /Waiting for its publisher/);
  });

  test('says what is wrong with a stream and what helps, in both languages, and when nothing is', async () => {
    const [what, remedy] = ['Key frames are up to 8.3 s apart.', 'Set a key frame every 2 s.'];
    const figures = { longest_s: 8.3 };
    const common = { severity: 'warning', where: 'publisher', what, remedy, figures } as const;
    fake.streams = [liveStream('movie')];
    fake.explanation = explanation({ rule: 'gop-too-long', ...common }, { rule: 'a-new-one', ...common });
    await page.goto(`${origin}/stream/live/movie`);
    const finding = page.locator('.finding[data-rule=gop-too-long]');
    assert.match(
      await finding.innerText(),
      /^Warning Publisher\s+Key frames are up to 8\.3 s apart\.\s+What helps: Set/,
    );
    assert.match(await page.innerText('.explain dl'), /Drift of sound/);
    await page.getByRole('button', { name: '中文' }).click();
    await page.waitForSelector('.finding :text("最长 8.3 秒")');
    assert.match(await page.innerText('.finding[data-rule=a-new-one]'), /Key frames are up to/);
    fake.explanation = explanation();
    await page.reload();
    assert.match(await page.innerText('.explain-good'), /最近 60 秒没有发现问题/);
  });

  test('tells a newcomer how to push', async () => {
    await page.goto(origin);
    assert.match(await page.innerText('.welcome'), /rtmp:\/\/127\.0\.0\.1\/live\n/);
  });

  test('asks a visitor for the token and shows him nothing before', async () => {
    fake.admin = false;
    fake.streams = [liveStream('movie')];
    await page.goto(origin);
    await page.fill('#token', 'a guess');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.login [role=alert]');
    assert.ok(!(await page.innerText('body')).includes('movie'));
    await page.fill('#token', FakeServer.token);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.stream');
    await page.click('text=Log out');
    await page.waitForSelector('.login');
  });

  test('remembers language and appearance', async () => {
    await page.goto(origin);
    await page.click('text=中文');
    await page.click('.round');
    await page.reload();
    await page.waitForSelector('.welcome');
    const html = page.locator('html');
    assert.deepEqual([await html.getAttribute('lang'), await html.getAttribute('data-theme')], ['zh-Hans', 'light']);
    assert.match(await page.innerText('h1'), /概览/);
  });
});

describe('the links', () => {
  const movie = '__defaultVhost__/live/movie';

  test('are not spoken of where there are none', async () => {
    const asked = page.waitForResponse(/api\/v1\/links/);
    await page.goto(`${origin}/nodes`);
    await asked;
    await page.waitForSelector('.notice');
    assert.equal(await page.locator('.links').count(), 0);
  });

  test('tell at either end what is known there, with the streams of each by key', async () => {
    fake.links = { links: [edgeLink(), originLink()], pushes: [] };
    await page.goto(`${origin}/nodes`);
    const rows = page.locator('.link');
    await rows.first().waitFor();
    const [atEdge, atOrigin] = await rows.allInnerTexts();
    for (const part of [
      '192.0.2.4',
      'from the origin 5f0c1d6e',
      'UDP',
      '101 ms',
      '± 1.4 ms',
      '10.0 %',
      '1e−4',
      '1.3 %',
    ])
      assert.ok(atEdge!.includes(part), part);
    for (const part of ['2,527', '9,120 requests · 12 late', '501 / 502 ms', 'latency 500 ms'])
      assert.ok(atEdge!.includes(part), part);
    for (const part of ['198.51.100.7', 'to the edge', '1.0 %', '253 packets', '310 requests', '–'])
      assert.ok(atOrigin!.includes(part), part);
    assert.doesNotMatch(atOrigin!, /late/);
    await page.locator('.link [aria-expanded]').first().press('Enter');
    const line = 'loss 10.0 %, residual 1e−4 at 500 ms, overhead 11.4 %; 620 ms would give 1e−5';
    assert.equal(await page.innerText('.link-streams .outcome'), line);
    assert.equal(await page.getAttribute('.link-streams a', 'href'), '/play/live/movie');
    await page.locator('.link [aria-expanded]').nth(1).press('Enter');
    assert.match(await rows.nth(1).innerText(), /as the edge reports them/);
    assert.equal(await page.locator('.link-streams .outcome').count(), 1);
  });

  test('say why media does not go by UDP, and show no loss that nobody knows', async () => {
    const {
      reported: _,
      rtt_ms: _1,
      jitter_ms: _2,
      ...bare
    } = originLink({ media: 'reliable', bytes: 0, streams: [] });
    fake.links = { links: [edgeLink({ media: 'reliable', streams: [] }), bare], pushes: [] };
    await page.goto(`${origin}/nodes`);
    await page.waitForSelector('.link');
    const media = await page.locator('.link dd.warn').allInnerTexts();
    assert.match(media[0]!, /QUIC or TLS\s+UDP does not come through/);
    const facts = await page.locator('.link').nth(1).locator('dd').allInnerTexts();
    assert.match(facts[0]!, /QUIC or TLS\s+not by UDP/);
    assert.deepEqual(facts.slice(1, 4), ['–', '–', '–']);
  });

  test('are followed as they change, and what is pushed to many with them', async () => {
    fake.links = { links: [], pushes: [push()] };
    await page.goto(`${origin}/nodes`);
    await page.waitForSelector('[data-push="239.255.0.1:5222"]');
    const text = await page.innerText('.pushes li');
    for (const part of ['live/movie', '3', '25,311', '31', '30.4 MB']) assert.ok(text.includes(part), part);
    fake.links = { links: [edgeLink({ media: 'multicast', restored: 31 })], pushes: [push({ edges: 0, paths: [] })] };
    await page.waitForSelector('.link[data-role=edge]');
    assert.match(await page.innerText('.link[data-role=edge]'), /multicast[^]+31 more by parity/);
    assert.match(await page.innerText('.pushes li'), /nothing at present/);
  });

  test('fit the smallest phones in both languages', async () => {
    const streams = [receivedStream('movie', { path: `school.example/live/${'long'.repeat(20)}` })];
    const remote = '2001:db8:85a3:8d3:1319:8a2e:370:7348';
    fake.links = {
      links: [
        edgeLink({ streams, remote, packets: 1_234_567_890, lost: 123_456_789 }),
        originLink({ media: 'reliable' }),
      ],
      pushes: [push({ to: `[ff15::5222]:5222`, paths: [movie, 'school.example/live/long'.repeat(6)] })],
    };
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto(`${origin}/nodes`);
    await page.waitForSelector('.link');
    for (const button of await page.locator('.link [aria-expanded]').all()) await button.click();
    await page.waitForSelector('.link-streams');
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(await width(), 320);
    await page.click('text=中文');
    await page.waitForSelector('text=节点间链路');
    assert.equal(await width(), 320);
  });

  test('stand below the player of a stream that comes from another node, for an admin', async () => {
    fake.links = { links: [originLink(), edgeLink()], pushes: [] };
    await page.goto(`${origin}/play/live/movie`);
    const line = 'From 192.0.2.4 by UDP, round trip 101 ms: loss 10.0 %, residual 1e−4 at 500 ms, overhead 11.4 %';
    assert.match(await page.innerText('.stream-link'), new RegExp(`^${line}`));
    fake.links = { links: [originLink()], pushes: [] };
    await page.waitForSelector('.stream-link', { state: 'detached' });
    fake.admin = false;
    fake.links = { links: [edgeLink()], pushes: [] };
    const [asked] = await Promise.all([page.waitForResponse(/api\/v1\/session/), page.reload()]);
    assert.equal((await asked.json()).admin, false);
    await state('waiting');
    assert.equal(await page.locator('.stream-link').count(), 0);
  });
});

describe('recordings', () => {
  test('are listed, of all streams and of one, with the ways to watch and to save them', async () => {
    fake.streams = [liveStream('movie')];
    fake.recordings = [
      recording('now', { finished: false, missing_frames: 7 }),
      recording('flv', { format: 'flv', playlist: '', stream: 'live/other', name: 'other' }),
    ];
    await page.goto(origin);
    await page.click('nav >> text=Recordings');
    await page.waitForSelector('.recordings li');
    assert.equal(await page.locator('.recordings li').count(), 2);
    const [first, second] = await page.locator('.recordings li').allInnerTexts();
    for (const part of ['live/movie', '1:02:05', '1.8 GB', 'being recorded', '7 frames missing', 'Play', 'Download'])
      assert.ok(first!.includes(part), part);
    assert.doesNotMatch(second!, /Play/);
    const links = await page
      .locator('.recordings a')
      .evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    assert.deepEqual(links, ['/watch/now', '/recordings/now', '/recordings/flv']);
    await page.goto(`${origin}/stream/live/movie`);
    await page.click('.title >> text=Recordings');
    await page.waitForSelector('.recordings li');
    assert.equal(await page.locator('.recordings li').count(), 1);
    await page.click('text=All recordings');
    await page.waitForFunction(() => document.querySelectorAll('.recordings li').length === 2);
  });

  test('are none, and the page says how they come to be', async () => {
    await page.goto(`${origin}/recordings`);
    assert.match(await page.innerText('.welcome'), /paths: \[live\/\*\]/);
  });

  test('are shown to a visitor below their stream where he may know of them, and to no other', async () => {
    Object.assign(fake, { admin: false, recordings: [recording('one')] });
    await page.goto(`${origin}/recordings`);
    await page.waitForSelector('.login');
    await page.goto(`${origin}/watch/one`);
    await page.waitForSelector('[role=alert]');
    await page.goto(`${origin}/play/live/movie`);
    await state('waiting');
    assert.equal(await page.locator('.recordings').count(), 0);
    fake.recordingsOpen = true;
    await page.goto(`${origin}/play/live/movie?ticket=1`);
    await page.waitForSelector('.recordings li');
    assert.equal(await page.getAttribute('.recordings a', 'href'), '/watch/one?ticket=1');
  });

  test('that are gone, or cannot be played here, are said to be', async () => {
    fake.recordings = [recording('flv', { format: 'flv', playlist: '' })];
    await page.goto(`${origin}/watch/nothing`);
    assert.match(await page.innerText('[role=alert]'), /no such recording/);
    await page.goto(`${origin}/watch/flv`);
    await page.waitForSelector('.notice a[download]');
    assert.match(await page.innerText('.notice'), /FLV cannot be played here/);
    assert.equal(await page.getAttribute('.notice a[download]', 'href'), '/recordings/flv');
  });

  test('fit the smallest phones in both languages', async () => {
    fake.recordings = [
      recording('one', { finished: false, missing_frames: 12_345, stream: `live/${'long'.repeat(20)}` }),
    ];
    await page.setViewportSize({ width: 320, height: 640 });
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    for (const path of ['/recordings', '/watch/one']) {
      await page.goto(origin + path);
      await page.waitForSelector(path === '/recordings' ? '.recordings li' : '.cut');
      assert.equal(await width(), 320, path);
      await page.click('text=中文');
      await page.waitForSelector('text=下载');
      assert.equal(await width(), 320, path);
      await page.click('text=EN');
    }
  });
});

describe('the player', () => {
  for (const via of ['http', 'ws']) {
    test(`plays over ${via} and stays close to life`, async () => {
      fake.sources.set('live/movie', 'picture');
      await page.goto(`${origin}/play/live/movie?via=${via}`);
      await state('playing');
      await stat('decoded', 60);
      const { time, muted } = await page.evaluate(() => {
        const video = document.querySelector('video')!;
        return { time: video.currentTime, muted: video.muted };
      });
      assert.ok(time > 1.5, `played for ${time} s`);
      assert.ok(muted);
      assert.ok(Number(await page.getAttribute('[data-stat=delay]', 'data-value')) < 4);
      assert.equal(await page.getAttribute('[data-stat=size]', 'data-value'), '320x180');
    });
  }

  test('offers the way back where the stream has a past, by mouse and by key', async () => {
    fake.sources.set('live/movie', 'picture');
    await page.goto(`${origin}/play/live/movie`);
    await state('playing');
    assert.equal(await page.locator('.seek-bar').count(), 0);
    const to = Date.now();
    fake.shift = { from: to - 3_600_000, to };
    await page.reload();
    await state('playing');
    await page.waitForSelector('.from-start');
    const asked = page.waitForRequest(/movie\.m3u8\?from=/);
    await page.locator('.seek-bar input').press('ArrowLeft');
    const moment = Date.parse(new URL((await asked).url()).searchParams.get('from')!);
    assert.ok(Math.abs(to - 5000 - moment) < 5000, `${to - moment}`);
    const again = page.waitForRequest(/movie\.m3u8\?from=start/);
    await page.click('.from-start');
    await again;
  });

  test('turns the sound on when asked, and pauses', async () => {
    fake.sources.set('live/radio', 'sound');
    await page.goto(`${origin}/play/live/radio`);
    await page.click('.sound-on');
    assert.equal(await page.evaluate(() => document.querySelector('video')!.muted), false);
    await page.waitForSelector('.audio-only');
    await page.click('[aria-label=Pause]');
    await state('paused');
    await feedsAre(0);
    await page.click('.message button');
    await state('playing');
  });

  test('says that the publisher is interrupted, and goes on with the same connection', async () => {
    fake.sources.set('live/movie', 'picture');
    await page.goto(`${origin}/play/live/movie`);
    await state('playing');
    const [feed] = fake.feeds;
    feed!.hold(true);
    await state('interrupted');
    assert.match(await message(), /connection is interrupted/);
    feed!.hold(false);
    await state('playing');
    assert.deepEqual([...fake.feeds], [feed]);
  });

  test('says that the stream has ended, and plays it when it begins again', async () => {
    fake.sources.set('live/movie', 'picture');
    await page.goto(`${origin}/play/live/movie`);
    await state('playing');
    fake.sources.delete('live/movie');
    for (const feed of fake.feeds) feed.stop();
    await state('ended');
    fake.sources.set('live/movie', 'picture');
    await state('playing');
  });

  test('waits for a stream that is not there yet', async () => {
    await page.goto(`${origin}/play/live/movie`);
    await state('waiting');
    fake.sources.set('live/movie', 'picture');
    await state('playing');
  });

  test('tells a refusal, a full server and a codec that the browser lacks from each other', async () => {
    fake.sources.set('live/secret', 403).set('live/full', 503).set('live/hevc', 'hevc').set('live/ac3', 'ac3');
    const expected = {
      secret: ['refused', /may not be played/],
      full: ['busy', /cannot serve/],
      hevc: ['unsupported', /H\.265/],
      ac3: ['unsupported', /AC-3/],
    } as const;
    for (const [name, [name2, words]] of Object.entries(expected)) {
      await page.goto(`${origin}/play/live/${name}`);
      await state(name2);
      assert.match(await message(), words);
    }
    await feedsAre(0);
  });

  test('waits on an open connection without data, too', async () => {
    fake.sources.set('live/quiet', 'silent');
    await page.goto(`${origin}/play/live/quiet`);
    await state('waiting');
    assert.match(await message(), /Waiting for the stream/);
    await feedsAre(1);
  });

  test('lets go of an interrupted stream when the viewer leaves', async () => {
    fake.sources.set('live/movie', 'picture');
    await page.goto(`${origin}/play/live/movie`);
    await state('playing');
    for (const feed of fake.feeds) feed.hold(true);
    await state('interrupted');
    await page.click('.brand');
    await page.waitForSelector('.welcome');
    await feedsAre(0);
  });
});
