/**
 * `node console/test/screenshots.ts [FOLDER]`: takes the pictures of the console and of a lesson that the docs show, of a made-up school;
 * with a folder instead those of the console in both languages, light and dark, wide and narrow, to be looked at.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { clusterNode, nodeFlow, nodeHistory, streamDetail } from './console-samples.ts';
import { FakeServer } from './fake-server.ts';
import { originLink } from './link-samples.ts';
import { client, explanation, liveStream } from './samples.ts';

const [NORTH, SOUTH] = ['5f0c1d6e9ab24c7f8e31', 'a1d4770e9ab24c7f8e31'];
const [EAST, WEST, CITY] = ['9d02e5b1c3f84a6e7720', 'c0ffee5e9ab24c7f8e31', '71e9a0b2c3f84a6e7720'];
const IMAGES = join(import.meta.dirname, '../../docs/images');
const STEPS = 720;
const PHONE = { width: 390, height: 844 };
/** So that rates are measured and the animation is under way. */
const SETTLE_MS = 6_000;

const dist = await mkdtemp(join(tmpdir(), 'headwater-console-'));
const root = join(import.meta.dirname, '..');
await build({ root, logLevel: 'error', build: { outDir: dist, emptyOutDir: true } });
const fake = new FakeServer(dist);
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  furnish();
  const origin = await fake.listen();
  await (process.argv[2] ? takeAll(origin, process.argv[2]) : takeForDocs(origin));
} finally {
  await browser.close();
  await fake.close();
  await rm(dist, { recursive: true, force: true });
}

/** A page, and what is done before its picture is taken. */
interface Shot {
  readonly name: string;
  readonly path: string;
  /** What there is when the page is ready. */
  readonly ready: string;
  readonly size: { readonly width: number; readonly height: number };
  readonly act?: (page: Page) => Promise<void>;
}

async function takeForDocs(origin: string): Promise<void> {
  const room: Shot = {
    ...{ name: 'room', path: '/room/live/lesson', ready: '.player[data-state=playing]' },
    size: { width: 820, height: 880 },
    async act(page) {
      await page.click('.switch-line');
      await page.waitForSelector('.line');
    },
  };
  for (const shot of [...shotsOfConsole(), room]) await take(origin, shot, IMAGES, {});
}

async function takeAll(origin: string, folder: string): Promise<void> {
  for (const shot of shotsOfConsole()) {
    const all = ['en-US', 'zh-CN'].flatMap((locale) =>
      (['light', 'dark'] as const).flatMap((colorScheme) =>
        [shot.size, PHONE].map((size) => ({ locale, colorScheme, size })),
      ),
    );
    await Promise.all(
      all.map(({ size, ...look }) => {
        const name = `${shot.name}-${look.locale.slice(0, 2)}-${look.colorScheme}-${size.width}`;
        return take(origin, { ...shot, name, size }, folder, look);
      }),
    );
  }
}

function shotsOfConsole(): readonly Shot[] {
  return [
    { name: 'overview', path: '/', ready: '.chart canvas', size: { width: 1120, height: 1130 } },
    { name: 'stream', path: '/stream/live/lesson', ready: '.hops li', size: { width: 1120, height: 1010 } },
    { name: 'move', path: '/nodes', ready: '.node-card', size: { width: 1120, height: 800 }, act: askToMove },
    { name: 'moving', path: '/stream/live/lesson', ready: '.hops li', size: { width: 1120, height: 800 }, act: move },
  ];
}

async function askToMove(page: Page): Promise<void> {
  await page.click(`[data-node="${CITY}"] [aria-haspopup=dialog]`);
  await page.selectOption('#move-to', WEST);
  await page.fill('#move-pace', '100');
}

async function move(page: Page): Promise<void> {
  await page.click('.pair [aria-haspopup=dialog]');
  await page.selectOption('#move-from', CITY);
  await page.click('.move [type=submit]');
  await page.waitForSelector('.move .progress');
}

/** Pictures in a folder of their own are of the whole page. */
async function take(
  origin: string,
  { name, path, ready, size, act }: Shot,
  folder: string,
  look: BrowserContextOptions,
): Promise<void> {
  const page = await browser.newPage({ viewport: size, locale: 'en-US', colorScheme: 'light', ...look });
  await page.goto(origin + path);
  await page.waitForSelector(ready);
  await page.waitForTimeout(SETTLE_MS);
  await act?.(page);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: folder !== IMAGES && !act });
  await page.close();
}

function furnish(): void {
  const streams = ['lesson', 'choir', 'lecture'];
  fake.streams = streams.map((name, i) =>
    liveStream(name, { clients: [41, 12, 7][i]!, live_ms: Date.now() - 2_754_000 }),
  );
  fake.clients = [
    client('341w361a', 'lesson', { publish: true, type: 'fmle-publish', kbps: { recv_30s: 2449, send_30s: 0 } }),
    ...['7x0k3m2q', 'u4n6t9ce', 'rhu5390h'].map((id, i) => client(id, 'lesson', { ip: `192.0.2.${20 + i}` })),
  ];
  const { measures, ...explained } = explanation();
  fake.explanation = { ...explained, measures: { ...measures, gop_s: 2 } };
  fake.sources.set('live/lesson', 'picture');
  const called = (name: string, role: 'origin' | 'edge', load: object) => ({ name, role, ...load }) as const;
  const nodes = [
    clusterNode(NORTH, {
      self: true,
      ...called('North', 'origin', { cpu: 0.08, streams: 3, viewers: 57, kbps: 14_700 }),
    }),
    clusterNode(SOUTH, called('South', 'origin', { cpu: 0.07, streams: 1, viewers: 4, kbps: 12_000 })),
    clusterNode(EAST, called('East', 'edge', { cpu: 0.34, streams: 3, viewers: 420, kbps: 1_030_000 })),
    clusterNode(WEST, called('West', 'edge', { cpu: 0.22, streams: 2, viewers: 260, kbps: 640_000 })),
    clusterNode(CITY, called('City', 'edge', { cpu: 1.22, cores: 2, streams: 2, viewers: 810, kbps: 1_990_000 })),
  ];
  const at = (stream: string, owner: string, ...edges: string[]) => ({
    stream,
    owner,
    nodes: [owner, ...edges],
    viewers: 1,
  });
  const places = [
    at('live/lesson', NORTH, EAST, WEST, CITY),
    at('live/choir', NORTH, EAST),
    at('live/lecture', SOUTH, CITY, NORTH),
  ];
  const began = performance.now();
  const link = (node: string, rate: number, loss: number) => {
    const packets = Math.round((performance.now() - began) * rate);
    return originLink({
      node,
      bytes: packets * 1200,
      reported: { packets, lost: Math.round(packets * loss), repaired: 0, residual: 0 },
    });
  };
  Object.defineProperty(fake, 'links', {
    get: () => ({ links: [link(EAST, 0.51, 0.001), link(WEST, 0.26, 0.081), link(CITY, 0.26, 0)], pushes: [] }),
  });
  const flow = (from: string, to: string, rate: number, loss: number) => {
    const packets = Math.round((performance.now() - began) * rate);
    return nodeFlow(from, to, { bytes: packets * 1200, packets, lost: Math.round(packets * loss) });
  };
  const flows = () => [
    ...[flow(NORTH, EAST, 0.51, 0.001), flow(NORTH, WEST, 0.26, 0.081), flow(NORTH, CITY, 0.26, 0)],
    ...[flow(SOUTH, CITY, 0.25, 0.004), flow(SOUTH, NORTH, 0.25, 0)],
  ];
  const line = (node: string, name: string, delay: number, load: number) => ({
    ...{ id: `${node}/http-flv`, node, name, region: 'school', protocol: 'http-flv', url: '/live/lesson.flv' },
    ...{ delay_ms: delay, load, has_stream: true },
  });
  const lines = [line(EAST, 'East', 500, 0.34), line(WEST, 'West', 520, 0.22), line(CITY, 'City', 510, 0.61)];
  const end = (id: string, type: string, remote: string) => ({ id, type, remote, since_ms: 1 });
  const hop = { address: '', sends: null, loss: null, added_ms: 0, total_ms: 0, total_p99_ms: 0 };
  const hops = [{ ...hop, node: NORTH, host: 'north', gets: end('341w361a', 'fmle-publish', '192.0.2.17') }];
  fake.answers
    .set('flows', () => ({ flows: flows() }))
    .set('move', () => ({ move: 'm1' }))
    .set('move/m1', () => ({ listeners: 772, told: 520, viewers: 810, gone: 498, silent: 0 }))
    .set('cluster', () => ({ nodes, streams: places }))
    .set('history', (query) => ({ nodes: [query.get('after') === '0' ? anHour() : nodeHistory(NORTH, 0)] }))
    .set('lines', () => ({ lines, events: '' }))
    .set('trace/341w361a', () => ({
      trace: { session: '341w361a', stream: 'live/lesson', complete: true, gap: '', hops },
    }))
    .set('streams/id-lesson/details', () => ({
      detail: streamDetail({ publisher: { client: '341w361a', ip: '192.0.2.17', protocol: 'rtmp', encoder: '' } }),
      viewers: [
        { node: NORTH, self: true, protocol: 'http-flv', viewers: 28 },
        { node: NORTH, self: true, protocol: 'hls', viewers: 9 },
        { node: NORTH, self: true, protocol: 'rtmp', viewers: 3 },
        { node: CITY, self: false, protocol: 'http-flv', viewers: 640 },
        { node: CITY, self: false, protocol: 'll-hls', viewers: 170 },
        { node: EAST, self: false, protocol: 'http-flv', viewers: 310 },
        { node: EAST, self: false, protocol: 'hls', viewers: 92 },
      ],
    }));
}

/** People come to a lesson, stay, and some go. */
function anHour() {
  const come = (step: number) => Math.round(63 / (1 + Math.exp((240 - step) / 24)) - (step > 560 ? 6 : 0));
  const steps = Array.from({ length: STEPS }, (_, step) => step);
  const noise = (step: number) => 1 + 0.03 * Math.sin(step * 1.7) + 0.02 * Math.sin(step * 0.61);
  const of = (value: (step: number) => number) => steps.map((step) => value(step) * noise(step));
  return nodeHistory(NORTH, STEPS, {
    viewers: steps.map(come),
    streams: steps.map((step) => (step < 130 ? 0 : step < 200 ? 1 : 3)),
    send_kbps: of((step) => come(step) * 258),
    recv_kbps: of((step) => (step < 130 ? 0 : step < 200 ? 2450 : 7350)),
    cpu: of((step) => 0.02 + come(step) * 0.001),
    delay_ms: of((step) => 0.9 + come(step) * 0.02),
    memory: of((step) => 1.46e8 + come(step) * 4e5),
  });
}
