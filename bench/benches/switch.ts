import type { Browser, Page } from 'playwright-core';
import { showsPictures, startBrowser } from '../../test/support/browser.ts';
import { clip } from '../../test/support/clips.ts';
import { Director, lineOf } from '../../test/support/director.ts';
import { publishFile } from '../../test/support/ffmpeg.ts';
import { edgeOf, spawnOrigin } from '../../test/support/nodes.ts';
import { type SpawnedServer, spawnServer } from '../../test/support/server.ts';
import type { Owner } from '../../test/support/until.ts';
import { note, wait } from '../measure.ts';
import { type Figures, type Report, verdict } from '../report.ts';
import type { Settings } from '../settings.ts';
import { spread } from '../statistics.ts';

/** How many pictures are shown before and after a switch. */
const SOME = 25;
const SWITCHES = 50;
const MOST_AGAIN_MS = 1_500;

/** What is used of the page's own world. */
declare const player: {
  readonly line: { readonly id: string } | undefined;
  readonly next: object | undefined;
  readonly stats: { readonly stalls: number; readonly stalled: number };
  switchTo(id: string): boolean;
  subscribe(listener: () => void): void;
};
declare const window: { movedAt: number };

/** What a viewer in a browser notices when he changes lines, and when the node of his line is killed. */
export async function change({ viewers, runs }: Settings): Promise<Report> {
  const ends: (() => Promise<void> | void)[] = [];
  try {
    const stage = await Stage.set({ after: (end) => void ends.push(end) });
    note(`${SWITCHES} switches`);
    const switched = await stage.switches(SWITCHES);
    const killed: number[] = [];
    const stalled: number[] = [];
    for (let run = 0; run < runs; run++) {
      note(`an edge is killed under ${viewers[0]} viewers, ${run + 1} of ${runs}`);
      for (const each of await stage.kill(viewers[0]!)) {
        killed.push(each.again);
        stalled.push(each.stalled);
      }
    }
    const [again, still] = [spread(killed), spread(stalled)];
    const kills: Figures = {
      viewers: again.count,
      'again p50 ms': again.p50,
      'again p95 ms': again.p95,
      'stalled p95 ms': still.p95,
    };
    return {
      rows: [
        { server: 'switched by hand', figures: switched },
        { server: 'edge killed', figures: kills },
      ],
      verdicts: [
        verdict('stalls over 100 ms at a switch', switched['stalls']!, 0),
        verdict('play again through another line after a kill, p95, ms', again.p95, MOST_AGAIN_MS),
      ],
    };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** An origin that is published to, an edge of it, and a browser. */
class Stage {
  readonly #browser: Browser;
  readonly #director: Director;
  readonly #startEdge: () => Promise<SpawnedServer>;
  readonly #near: SpawnedServer;

  constructor(browser: Browser, director: Director, startEdge: () => Promise<SpawnedServer>, near: SpawnedServer) {
    this.#browser = browser;
    this.#director = director;
    this.#startEdge = startEdge;
    this.#near = near;
  }

  static async set(owner: Owner): Promise<Stage> {
    const { file } = await clip('movie');
    const origin = await spawnOrigin(owner);
    publishFile(owner, file, origin.server.rtmp('movie'), '-stream_loop', '-1');
    await origin.server.logged('publish begins');
    const options = { play: { wait: '10s' }, relay: { latency: '100ms' } };
    const startEdge = async () => spawnServer(owner, await edgeOf(owner, [origin.url], options));
    const [browser, director, near] = [await startBrowser(owner), await Director.start(owner), await startEdge()];
    return new Stage(browser, director, startEdge, near);
  }

  /** Goes to and fro between two nodes. */
  async switches(count: number): Promise<Figures> {
    const other = await this.#startEdge();
    const lines = [lineOf('near', this.#near, 'movie'), lineOf('other', other, 'movie')];
    this.#director.lines = lines;
    const page = await this.#open();
    const taken: number[] = [];
    for (let i = 0; i < count; i++) {
      const { id } = lines[(i + 1) % 2]!;
      const from = performance.now();
      await page.evaluate((to) => player.switchTo(to), id);
      await page.waitForFunction((to) => player.line?.id === to && !player.next, id);
      taken.push(performance.now() - from);
      await showsPictures(page, SOME);
    }
    const { stalls, stalled } = await page.evaluate(() => player.stats);
    await page.close();
    await other.stop();
    return { switches: count, stalls, 'stalled ms': stalled, 'taken p95 ms': spread(taken).p95 };
  }

  /** Kills the edge of so many viewers: how long it takes until each plays through another, and its picture stood. */
  async kill(viewers: number): Promise<{ again: number; stalled: number }[]> {
    const doomed = await this.#startEdge();
    this.#director.lines = [lineOf('doomed', doomed, 'movie'), lineOf('near', this.#near, 'movie')];
    const pages: Page[] = [];
    while (pages.length < viewers) pages.push(await this.#open());
    await wait(2);
    const before = await Promise.all(pages.map((page) => page.evaluate(() => player.stats.stalled)));
    for (const page of pages) await page.evaluate(watchLine);
    const at = Date.now();
    doomed.program.kill('SIGKILL');
    await Promise.all(pages.map((page) => page.waitForFunction(() => window.movedAt > 0)));
    await wait(2);
    const told = await Promise.all(
      pages.map((page) => page.evaluate(() => ({ again: window.movedAt, stalled: player.stats.stalled }))),
    );
    for (const page of pages) await page.close();
    return told.map(({ again, stalled }, i) => ({ again: again - at, stalled: stalled - before[i]! }));
  }

  async #open(): Promise<Page> {
    const page = await this.#browser.newPage();
    await page.goto(this.#director.page('movie'));
    await showsPictures(page, SOME);
    return page;
  }
}

/** Notes in the page when another line plays. */
function watchLine(): void {
  window.movedAt = 0;
  player.subscribe(() => {
    if (window.movedAt === 0 && player.line?.id === 'near/http-flv') window.movedAt = Date.now();
  });
}
