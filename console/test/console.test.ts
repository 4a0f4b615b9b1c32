import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { changedOption, clusterNode, logLine, nodeFlow, nodeHistory, streamDetail } from './console-samples.ts';
import type { FakeServer } from './fake-server.ts';
import { originLink } from './link-samples.ts';
import { client, liveStream } from './samples.ts';
import { useStage } from './stage.ts';

let page: Page;
let fake: FakeServer;
let origin: string;
useStage((stage) => ({ page, fake, origin } = stage));

const [ORIGIN, EDGE] = ['5f0c1d6e9ab24c7f8e31', 'c0ffee5e9ab24c7f8e31'];

/** Resolves when the server has been asked for something like this. */
async function wasAsked(pattern: RegExp): Promise<void> {
  const deadline = AbortSignal.timeout(5_000);
  while (!fake.asked.some((each) => pattern.test(each))) {
    deadline.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether all of an element can be seen in the one that scrolls it. */
function isInView(element: Element): boolean {
  const [inner, outer] = [element.getBoundingClientRect(), element.parentElement!.getBoundingClientRect()];
  return inner.left >= outer.left && inner.right <= outer.right;
}

const clusterStream = { stream: 'live/movie', owner: ORIGIN, nodes: [ORIGIN, EDGE], viewers: 240 };

function clusterNodes() {
  return [clusterNode(ORIGIN, { self: true }), clusterNode(EDGE, { role: 'edge' })];
}

/** Has everything that the console asks for be there. */
function furnish(): void {
  fake.streams = [liveStream('movie')];
  fake.clients = [client('c1', 'movie', { publish: true, type: 'fmle-publish' }), client('c2', 'movie')];
  fake.links = { links: [originLink({ node: EDGE })], pushes: [] };
  const [nodes, streams] = [clusterNodes(), [clusterStream]];
  const long = 'with-a-very-long-name-in-it'.repeat(8);
  fake.answers
    .set('cluster', () => ({ nodes, streams }))
    .set('history', () => ({ nodes: [nodeHistory(ORIGIN, 100)] }))
    .set('streams/id-movie/details', () => ({
      detail: streamDetail(),
      viewers: [{ node: ORIGIN, self: true, protocol: 'http-flv', viewers: 12 }],
    }))
    .set('clients/c2', () => ({ client: client('c2', 'movie', { pageUrl: `https://school.example/${long}` }) }))
    .set('log', () => ({
      level: 'info',
      next: 2,
      missed: 0,
      lines: [logLine(2, 'play begins', { session: 'c2', fields: { url: long } })],
    }))
    .set('config', () => ({ options: [changedOption('play.maxLag', long)] }));
}

describe('the console', () => {
  test('is gone through by the keyboard alone, and says where one is', async () => {
    furnish();
    await page.goto(origin);
    const tab = page.locator('.tabs a', { hasText: 'Sessions' });
    await tab.waitFor();
    for (let i = 0; i < 20 && !(await tab.evaluate((link) => link === document.activeElement)); i++)
      await page.keyboard.press('Tab');
    assert.notEqual(await tab.evaluate((link) => getComputedStyle(link).outlineStyle), 'none');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-client=c1]');
    assert.deepEqual(await page.locator('.tabs [aria-current=page]').allInnerTexts(), ['Sessions']);
    assert.equal(await page.title(), 'Sessions · Headwater');
    await page.goBack();
    await page.waitForSelector('.stream');
    assert.deepEqual(await page.locator('.tabs [aria-current=page]').allInnerTexts(), ['Overview']);
  });

  test('shows a visitor nothing of any page', async () => {
    furnish();
    fake.admin = false;
    for (const path of ['/', '/sessions', '/sessions/c2', '/nodes', '/log', '/config', '/stream/live/movie']) {
      await page.goto(origin + path);
      await page.waitForSelector('.login');
      assert.equal(await page.locator('.tabs').count(), 0);
    }
    assert.deepEqual(fake.asked, []);
  });

  test('fits the smallest phones in both languages', async () => {
    furnish();
    await page.setViewportSize({ width: 320, height: 640 });
    const ready: Record<string, string> = {
      '/': '.picture svg',
      '/stream/live/movie': '.cards tr >> nth=1',
      '/sessions': '.cards tr >> nth=1',
      '/sessions/c2': '.lines li',
      '/nodes': '.node-card',
      '/log': '.lines li',
      '/config': '.option',
    };
    for (const [path, part] of Object.entries(ready)) {
      await page.goto(origin + path);
      for (const language of ['中文', 'EN']) {
        await page.waitForSelector(part);
        assert.equal(
          await page.evaluate(() => document.documentElement.scrollWidth),
          320,
          `${path} before ${language}`,
        );
        assert.ok(await page.locator('.tabs [aria-current]').evaluate(isInView), `the tab of ${path}`);
        for (const table of await page.locator('table').all())
          assert.ok(await table.evaluate((each) => each.scrollWidth <= each.parentElement!.clientWidth), path);
        await page.click(`.top >> text=${language}`);
      }
    }
  });

  test('asks on the smallest phones too where viewers are to go', async () => {
    furnish();
    await page.setViewportSize({ width: 320, height: 560 });
    await page.goto(`${origin}/nodes`);
    for (const language of ['中文', 'EN']) {
      await page.click(`[data-node="${EDGE}"] [aria-haspopup=dialog]`);
      const { left, right, bottom, inner, outer } = await page.locator('dialog.move').evaluate((dialog) => {
        const box = dialog.getBoundingClientRect();
        const { scrollWidth: inner, clientWidth: outer } = dialog;
        return { left: box.left, right: box.right, bottom: box.bottom, inner, outer };
      });
      assert.ok(left >= 0 && right <= 320 && bottom <= 560 && inner <= outer, `${left} ${right} ${bottom} ${inner}`);
      await page.locator('.move [type=submit]').scrollIntoViewIfNeeded();
      await page.keyboard.press('Escape');
      await page.click(`.top >> text=${language}`);
    }
  });

  test('is loaded with less than 150 kB', async () => {
    furnish();
    const sizes = new Map<string, number>();
    page.on('response', async (response) => {
      const { pathname } = new URL(response.url());
      if (!pathname.startsWith('/api/')) sizes.set(pathname, gzipSync(await response.body(), { level: 9 }).length);
    });
    await page.goto(origin);
    await page.waitForSelector('.chart canvas');
    const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    assert.ok(sizes.size >= 5 && total < 150_000, `${total} bytes: ${JSON.stringify([...sizes])}`);
  });
});

describe('the overview', () => {
  test('draws the nodes and what flows between them, as it is measured', async () => {
    furnish();
    // Flows between others are measured by them, at moments of their own.
    const far = 'a1d4770e9ab24c7f8e31';
    const nodes = [...clusterNodes(), clusterNode(far, { name: 'Far', cpu: 1.9, cores: 2 })];
    let flows = [nodeFlow(ORIGIN, EDGE, { at_ms: 1000 }), nodeFlow(far, EDGE, { at_ms: 7000 })];
    fake.answers.set('flows', () => ({ flows })).set('cluster', () => ({ nodes, streams: [clusterStream] }));
    await page.goto(origin);
    const words = page.locator(`[data-words="${ORIGIN} ${EDGE}"]`);
    await words.waitFor();
    assert.match(await words.innerHTML(), /^Streams 1$/);
    assert.match(
      await page.locator(`[data-node="${EDGE}"]`).innerHTML(),
      /c0ffee5e.*Streams 4 · Viewers 120.*edge · 240\.0 Mbit\/s.*CPU 12 %/,
    );
    assert.equal(await page.locator('.node.self').getAttribute('data-node'), ORIGIN);
    flows = [
      nodeFlow(ORIGIN, EDGE, { at_ms: 3000, bytes: 2_000_000, packets: 2000, lost: 100 }),
      nodeFlow(far, EDGE, { at_ms: 8000, bytes: 2_000_000, packets: 2000 }),
    ];
    await page.waitForSelector('.words.lossy');
    assert.equal(await words.innerHTML(), '4.0 Mbit/s · loss 10.0 %');
    assert.equal(await page.innerHTML(`[data-words="${far} ${EDGE}"]`), '8.0 Mbit/s · loss 0 %');
    assert.match(
      (await page.getAttribute('.picture svg', 'aria-label'))!,
      /5f0c1d6e · this node → c0ffee5e: .*Far → c0ffee5e/,
    );
    // Of two cores 1.9.
    assert.match(await page.locator(`.node.busy[data-node="${far}"]`).innerHTML(), /Far.*CPU 95 %/);
  });

  test('of a node that is alone has what comes and what goes', async () => {
    fake.streams = [liveStream('movie')];
    await page.goto(origin);
    await page.waitForSelector('.words');
    const words = await page.locator('.picture text').evaluateAll((all) => all.map((text) => text.textContent));
    for (const part of ['this node', 'Publishers', 'Viewers', '2.4 Mbit/s', '4.9 Mbit/s'])
      assert.ok(words.includes(part), part);
  });

  test('has an hour of each node, and what follows', async () => {
    furnish();
    const other = {
      viewers: [7],
      streams: [1],
      send_kbps: [100],
      cpu: [0.5],
      recv_kbps: [null],
      delay_ms: [null],
      memory: [null],
    };
    const asked: number[] = [];
    fake.answers.set('history', (query) => {
      asked.push(Number(query.get('after')));
      return { nodes: [nodeHistory(ORIGIN, 100), nodeHistory(EDGE, 1, { self: false, ...other })] };
    });
    await page.goto(origin);
    await page.waitForSelector('[data-chart=viewers] canvas');
    assert.deepEqual(await page.locator('.panel .now').allInnerTexts(), [
      '99',
      'out 9.8 Mbit/s\nin 2.5 Mbit/s',
      '8.1 %',
      '1.4 ms',
      '150.0 MB',
      '2',
    ]);
    assert.equal(
      await page.getAttribute('[data-chart=viewers] .chart', 'aria-label'),
      'Viewers in the last hour: now 99, at most 99',
    );
    await page.selectOption('.history select', EDGE);
    await page.waitForFunction(() => document.querySelectorAll('.panel').length === 4);
    assert.equal(await page.locator('[data-chart=viewers] .now').innerText(), '7');
    await wasAsked(/history/);
    assert.equal(asked[0], 0);
  });
});

describe('the page of a stream', () => {
  test('has its tracks, measures and viewers, and marks what is worth a look', async () => {
    furnish();
    const viewers = [
      { node: ORIGIN, self: true, protocol: 'http-flv', viewers: 12 },
      { node: EDGE, self: false, protocol: '', viewers: 228 },
    ];
    fake.answers.set('streams/id-movie/details', () => ({ detail: streamDetail({ gop_ms: 9000, jumps: 3 }), viewers }));
    await page.goto(origin);
    await page.click('.stream >> text=Details');
    await page.waitForSelector('.measures');
    assert.equal(new URL(page.url()).pathname, '/stream/live/movie');
    const measures = await page.innerText('.measures');
    for (const part of ['2.4 Mbit/s', '30 fps', '9.0 s', '2.9 s\n901.1 kB']) assert.ok(measures.includes(part), part);
    assert.deepEqual(await page.locator('.measures .warn').allInnerTexts(), ['9.0 s\nbetween key frames', '3']);
    const tracks = await page.locator('.pair tbody tr').allInnerTexts();
    assert.deepEqual(tracks, [
      'Video\tH.264 High\t1280×720\t30/s\t2.3 Mbit/s',
      'Audio\tAAC LC\t48 kHz × 2\t46.9/s\t128 kbit/s',
    ]);
    const audience = await page.locator('.audience li').allInnerTexts();
    assert.deepEqual(
      audience.map((each) => each.split(/\s*\n/)),
      [
        ['all protocols', 'c0ffee5e', '228'],
        ['HTTP-FLV', 'this node', '12'],
      ],
    );
    const codes = await page.locator('.addresses code').allInnerTexts();
    assert.deepEqual(codes.slice(0, 2), ['rtmp://127.0.0.1/live/movie', `${origin}/live/movie.flv`]);
  });

  test('moves its viewers from one node or from all', async () => {
    furnish();
    let viewers = [
      { node: ORIGIN, self: true, protocol: 'http-flv', viewers: 12 },
      { node: EDGE, self: false, protocol: 'hls', viewers: 28 },
      { node: EDGE, self: false, protocol: 'rtmp', viewers: 200 },
    ];
    fake.answers
      .set('streams/id-movie/details', () => ({ detail: streamDetail(), viewers }))
      .set('move', () => ({ move: 'm1' }))
      .set('move/m1', () => ({ listeners: 0, told: 0, viewers: 12, gone: 0, silent: 0 }));
    await page.goto(`${origin}/stream/live/movie`);
    await page.click('.pair [aria-haspopup=dialog]');
    // From everywhere they can only go to one.
    assert.equal(await page.inputValue('#move-to'), ORIGIN);
    assert.match(await page.innerText('.move .outlook'), /^Viewers who are to go from all nodes to 5f0c1d6e: 228\.$/);
    await page.selectOption('#move-from', ORIGIN);
    assert.match(await page.innerText('.move .outlook'), /^Viewers who are to leave 5f0c1d6e for other nodes: 12\.$/);
    await page.click('.move [type=submit]');
    await page.waitForSelector('.move >> text=Nobody there listens');
    assert.deepEqual(fake.posted, [{ node: ORIGIN, stream: 'live/movie' }]);
    // What became of it is there to be read when nobody is left.
    viewers = [];
    await page.waitForSelector('.audience >> text=Nobody is watching yet');
    assert.ok(await page.isVisible('.move >> text=Nobody there listens'));
    await page.keyboard.press('Escape');
    await page.waitForSelector('.pair [aria-haspopup=dialog]', { state: 'detached' });
  });

  test('disconnects a viewer at once and a publisher when one is sure', async () => {
    furnish();
    await page.goto(`${origin}/stream/live/movie`);
    await page.click('[data-client=c2] >> text=Disconnect');
    await page.waitForSelector('[data-client=c2]', { state: 'detached' });
    page.once('dialog', (dialog) => void dialog.dismiss());
    await page.click('[data-client=c1] >> text=Disconnect');
    assert.deepEqual(fake.kicked, ['c2']);
    page.once('dialog', (dialog) => void dialog.accept());
    await page.click('[data-client=c1] >> text=Disconnect');
    await page.waitForSelector('[data-client=c1]', { state: 'detached' });
    assert.deepEqual(fake.kicked, ['c2', 'c1']);
  });

  test('waits for one that is not live, and shows it when it is', async () => {
    await page.goto(`${origin}/stream/live/movie?vhost=school.example`);
    await page.waitForSelector('text=not live at present');
    furnish();
    fake.streams = [liveStream('movie', { vhost: 'vid-1', tcUrl: 'rtmp://127.0.0.1/live?vhost=school.example' })];
    await page.waitForSelector('.measures');
  });

  test('has the way here hop by hop, and the lines', async () => {
    furnish();
    const end = (id: string, type: string, remote: string) => ({ id, type, remote, since_ms: 1 });
    const hops = [
      {
        node: EDGE,
        host: 'edge-3',
        address: '',
        gets: end('5wd8', 'relay-publish', '192.0.2.4:4242'),
        sends: null,
        added_ms: 501.2,
        total_ms: 501.2,
        loss: { packets: 1000, lost: 81, residual: 0 },
      },
      {
        node: ORIGIN,
        host: 'origin-a',
        address: '192.0.2.4:4242',
        gets: end('341w', 'fmle-publish', '192.0.2.17'),
        sends: end('u4n6', 'relay-play', '192.0.2.9'),
        added_ms: 0,
        total_ms: 0,
        loss: null,
      },
    ];
    fake.answers.set('trace/c1', () => ({
      trace: { session: 'c1', stream: 'live/movie', complete: false, gap: 'it said nothing', hops },
    }));
    const line = {
      id: 'a',
      node: EDGE,
      name: 'edge-3',
      region: '',
      protocol: 'http-flv',
      url: '/',
      delay_ms: 500,
      load: 0.34,
      has_stream: true,
    };
    fake.answers.set('lines', (query) => ({ lines: query.get('reserve') === 'false' ? [line] : [], events: '' }));
    await page.goto(`${origin}/stream/live/movie`);
    await page.waitForSelector('.hops li');
    const [first, second] = await page.locator('.hops li').allInnerTexts();
    assert.match(first!, /192\.0\.2\.17[^]*origin-a/);
    assert.match(second!, /RELAY 192\.0\.2\.4:4242[^]*edge-3[^]*\+501 ms · 501 ms in all · loss 8\.1 %/);
    await page.waitForSelector('text=it said nothing');
    await page.waitForSelector('text=500 ms');
    assert.match(await page.innerText('section:has(> h2:text-is("Lines"))'), /edge-3\tHTTP-FLV\t500 ms\t34 %\tyes/);
  });
});

describe('the sessions', () => {
  test('are found by what is typed and chosen, a page at a time, and the address keeps it', async () => {
    const all = Array.from({ length: 120 }, (_, i) => client(`c${i}`, 'movie'));
    fake.answers.set('clients', (query) => {
      const [start, count] = [Number(query.get('start')), Number(query.get('count'))];
      return { total: all.length, clients: all.slice(start, start + count) };
    });
    await page.goto(`${origin}/sessions`);
    await page.waitForSelector('text=1 to 50 of 120');
    await page.click('text=Next');
    await page.waitForSelector('text=51 to 100 of 120');
    await page.waitForSelector('[data-client=c50]');
    await page.fill('[type=search]', '192.0.2');
    await wasAsked(/clients\?.*text=192\.0\.2&start=0&/);
    await page.selectOption('select', 'play');
    await wasAsked(/clients\?.*role=play&text=192\.0\.2&start=0&/);
    assert.equal(new URL(page.url()).search, '?role=play&text=192.0.2');
    await page.reload();
    await page.waitForSelector('[data-client=c0]');
    assert.equal(await page.inputValue('[type=search]'), '192.0.2');
  });

  test('have pages of their own, with what the log says of them, after their end too', async () => {
    furnish();
    await page.goto(`${origin}/sessions`);
    await page.click('[data-client=c2] a');
    await page.waitForSelector('.lines li');
    await wasAsked(/log\?session=c2&/);
    assert.match(await page.innerText('.measures'), /HTTP-FLV[^]*192\.0\.2\.17[^]*2\.4 Mbit\/s/);
    await page.goto(`${origin}/sessions/gone`);
    fake.answers.delete('clients/c2');
    await page.waitForSelector('.lines li');
  });
});

describe('the nodes', () => {
  test('are drained, and take part again', async () => {
    furnish();
    await page.goto(`${origin}/nodes`);
    await page.waitForSelector('.node-card');
    let draining = false;
    let empty: boolean | null = false;
    let viewers = 120;
    const nodes = () => [clusterNode(EDGE, { role: 'edge', draining, empty, viewers })];
    fake.answers.set('cluster', () => ({ nodes: nodes(), streams: [] })).set(`nodes/${EDGE}/drain`, () => ({}));
    await page.reload();
    page.once('dialog', (dialog) => void dialog.accept());
    await page.click('.node-card >> text=Drain');
    await wasAsked(new RegExp(`^POST nodes/${EDGE}/drain$`));
    draining = true;
    await page.click('.node-card >> text=Take part again');
    await wasAsked(new RegExp(`^DELETE nodes/${EDGE}/drain$`));
    assert.match(await page.innerText('.node-card'), /becoming empty/);
    [empty, viewers] = [true, 0];
    await page.waitForSelector('.node-card .warn:text-is("empty")');
    // A node of an older version says nothing of that.
    empty = null;
    await page.waitForSelector('.node-card >> text=does not say that it is empty');
  });

  test('give their viewers to another one, which is asked in the page', async () => {
    furnish();
    let told = 0;
    fake.answers
      .set('move', () => ({ move: 'm1' }))
      .set('move/m1', () => {
        return { listeners: 100, told, viewers: 120, gone: told, silent: 1 };
      });
    await page.goto(`${origin}/nodes`);
    const button = page.locator(`[data-node="${EDGE}"] [aria-haspopup=dialog]`);
    await button.press('Enter');
    await page.waitForSelector('dialog.move[open]');
    assert.match(await page.innerText('.move'), /Viewers who are to leave c0ffee5e for other nodes: 120\.[^]*Move 120/);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.move', { state: 'detached' });
    assert.equal(await button.evaluate((each) => each === document.activeElement), true);
    assert.deepEqual(fake.posted, []);
    await button.press('Enter');
    await page.selectOption('#move-to', ORIGIN);
    for (const [typed, allowed] of [
      ['0', false],
      ['1.5', false],
      ['40', true],
    ] as const) {
      await page.fill('#move-pace', typed);
      assert.equal(await page.isEnabled('.move [type=submit]'), allowed, typed);
    }
    assert.match(await page.innerText('.move'), /About 3 s[^]*Viewers who are to go from c0ffee5e to 5f0c1d6e: 120\./);
    await page.locator('.move [type=submit]').press('Enter');
    await page.waitForSelector('.move >> text=They are told one after another');
    assert.deepEqual(fake.posted, [{ node: EDGE, to: ORIGIN, pace: 40 }]);
    told = 100;
    await page.waitForSelector('.move >> text=All who listen were told. 20 are still there');
    assert.match(await page.innerText('.move'), /100 of 100[^]*100 of 120[^]*older version[^]*: 1/);
    await page.click('.move >> text=Close');
    await page.waitForSelector('.move', { state: 'detached' });
  });

  test('stay as they are where the server refuses, and that is said', async () => {
    furnish();
    await page.goto(`${origin}/nodes`);
    await page.click(`[data-node="${EDGE}"] [aria-haspopup=dialog]`);
    fake.admin = false;
    await page.click('.move [type=submit]');
    await page.waitForSelector('.move [role=alert] >> text=no valid token');
  });

  test('are none where a server is alone, and that is said', async () => {
    await page.goto(`${origin}/nodes`);
    await page.waitForSelector('text=This node is alone');
  });
});

describe('the log', () => {
  test('is followed from line to line, the newest first, whatever stands in it', async () => {
    const hostile = '<img src=x onerror=alert(1)>';
    const lines = [logLine(1, 'started'), logLine(2, hostile, { level: 'warn', fields: { reason: hostile } })];
    const asked: (string | null)[] = [];
    fake.answers.set('log', (query) => {
      asked.push(query.get('after'));
      const after = Number(query.get('after') ?? 0);
      return { level: 'info', next: lines.length, missed: 0, lines: lines.filter(({ id }) => id > after) };
    });
    await page.goto(`${origin}/log`);
    await page.waitForSelector('.lines li');
    assert.deepEqual(await page.locator('.lines b').allInnerTexts(), [hostile, 'started']);
    assert.equal(await page.locator('.lines li.warn').count(), 1);
    lines.push(logLine(3, 'play begins'));
    await page.waitForFunction(() => document.querySelectorAll('.lines li').length === 3);
    assert.equal(await page.locator('.lines b').first().innerText(), 'play begins');
    assert.deepEqual(asked.slice(0, 2), [null, '2']);
  });

  test('is narrowed down to a session by its id, and stands still when asked to', async () => {
    furnish();
    await page.goto(`${origin}/log`);
    await page.click('.lines .id');
    await wasAsked(/log\?session=c2&/);
    await page.selectOption('select', 'warn');
    await wasAsked(/log\?session=c2&level=warn&/);
    assert.equal(new URL(page.url()).search, '?session=c2&level=warn');
    await page.click('text=Pause');
    await page.waitForSelector('[aria-pressed=true]');
    await page.waitForSelector('.lines li');
  });

  test('says what it could not keep up with', async () => {
    fake.answers.set('log', () => ({ level: 'info', next: 9, missed: 12, lines: [logLine(9, 'started')] }));
    await page.goto(`${origin}/log`);
    await page.waitForSelector('text=12 lines came faster');
  });
});

describe('the configuration', () => {
  test('is shown as it runs, and on demand what is no default alone', async () => {
    const usual = { name: 'http.listen', value: ':8080', default: ':8080', is_default: true, comment: 'Where.' };
    fake.answers.set('config', () => ({ options: [usual, changedOption('play.maxLag', '5s')] }));
    await page.goto(`${origin}/config`);
    await page.waitForSelector('.option');
    assert.deepEqual(await page.locator('.options h2').allInnerTexts(), ['http', 'play']);
    assert.match(await page.innerText('.option.changed'), /play\.maxLag\s+What it is good for\.\s+5s\s+by default 10s/);
    await page.check('[type=checkbox]');
    assert.deepEqual(await page.locator('.options h2').allInnerTexts(), ['play']);
    await page.fill('[type=search]', 'listen');
    await page.waitForSelector('text=No option fits');
  });
});
