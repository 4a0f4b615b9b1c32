import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { FakeServer } from './fake-server.ts';

/** A page that is about to be opened, and the server that it will ask. */
export interface Stage {
  readonly page: Page;
  readonly fake: FakeServer;
  readonly origin: string;
}

/**
 * Builds the console for the tests of a file and gives each of them a new page, before a server that knows an admin and has
 * nothing. Errors of the page and breaches of its content security policy fail the test.
 */
export function useStage(set: (stage: Stage) => void): void {
  let [dist, origin] = ['', ''];
  let fake: FakeServer | undefined;
  let browser: Browser | undefined;
  let context: BrowserContext | undefined;
  let complaints: string[] = [];

  before(async () => {
    dist = await mkdtemp(join(tmpdir(), 'headwater-console-'));
    const root = join(import.meta.dirname, '..');
    await build({ root, logLevel: 'error', build: { outDir: dist, emptyOutDir: true } });
    fake = new FakeServer(dist);
    origin = await fake.listen();
    const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  });

  after(async () => {
    await browser?.close();
    await fake?.close();
    await rm(dist, { recursive: true, force: true });
  });

  beforeEach(async () => {
    await context?.close();
    const nothing = { streams: [], clients: [], kicked: [], recordings: [], links: { links: [], pushes: [] } };
    Object.assign(fake!, {
      admin: true,
      recordingsOpen: false,

      shift: undefined,
      explanation: undefined,
      ...nothing,
    });
    fake!.asked.length = fake!.posted.length = 0;
    fake!.answers.clear();
    fake!.sources.clear();
    complaints = [];
    context = await browser!.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (line) => /Content Security Policy/.test(line.text()) && complaints.push(line.text()));
    set({ page, fake: fake!, origin });
  });

  afterEach(() => assert.deepEqual(complaints, []));
}
