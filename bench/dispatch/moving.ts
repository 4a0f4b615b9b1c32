import type { FlvTag } from '../../src/container/flv/tag.ts';
import { httpFlvViewer } from '../../test/support/flv-client.ts';
import { framesOf } from '../../test/support/frames.ts';
import { askForLines } from '../../test/support/lines.ts';
import type { TestServer } from '../../test/support/server.ts';
import type { Owner } from '../../test/support/until.ts';
import type { Viewer } from '../../test/support/viewer.ts';

/** A viewer that listens to events, and goes over to another line with both open, as the browser's player does. */
export class MovingViewer {
  readonly #owner: Owner;
  readonly #dispatcher: TestServer;
  readonly #name: string;
  readonly #viewer: string;
  readonly #lines: Viewer[] = [];
  /** Whether it plays by another line than in the beginning. */
  hasMoved = false;

  constructor(owner: Owner, dispatcher: TestServer, name: string, viewer: string) {
    this.#owner = owner;
    this.#dispatcher = dispatcher;
    this.#name = name;
    this.#viewer = viewer;
  }

  /** Plays at a node, whatever the others are like; resolves when it does and listens. */
  async begin(node: string): Promise<void> {
    const { lines, events } = await this.#ask({});
    void this.#listen(this.#dispatcher.http(events));
    await this.#open(lines.find((line) => line.node === node)!.url);
  }

  /** How many frames are missing between those that it got, which come every `step` milliseconds. */
  missing(step: number): number {
    const times = this.#lines.flatMap(({ tags }) => tags.filter(isPicture).map(({ timestamp }) => timestamp));
    const sorted = [...new Set(times)].sort((a, b) => a - b);
    return sorted.reduce((sum, dts, i) => sum + (i === 0 ? 0 : Math.round((dts - sorted[i - 1]!) / step) - 1), 0);
  }

  /** Whether the line by which it plays was closed by the server. */
  get wasClosed(): boolean {
    return this.#lines.at(-1)!.reason !== undefined;
  }

  #ask(more: object): ReturnType<typeof askForLines> {
    return askForLines(this.#dispatcher, this.#name, { viewer: this.#viewer, ...more });
  }

  async #open(url: string): Promise<void> {
    const viewer = httpFlvViewer(this.#owner, new URL(url, this.#dispatcher.http('/')).href);
    this.#lines.push(viewer);
    await viewer.gets(1, isPicture);
  }

  async #listen(url: string): Promise<void> {
    const ending = new AbortController();
    this.#owner.after(() => ending.abort());
    try {
      const { body } = await fetch(url, { signal: ending.signal });
      let text = '';
      for await (const bytes of body!) {
        text += Buffer.from(bytes).toString();
        const [, data] = /^event: move\ndata: (.*)\n\n/m.exec(text) ?? [];
        if (data === undefined) continue;
        text = '';
        await this.#move(JSON.parse(data) as { exclude: string[] });
      }
    } catch (error) {
      if (!ending.signal.aborted) throw error;
    }
  }

  async #move({ exclude }: { readonly exclude: readonly string[] }): Promise<void> {
    const { lines } = await this.#ask({ exclude });
    const before = this.#lines.at(-1)!;
    await this.#open(lines[0]!.url);
    before.close();
    this.hasMoved = true;
  }
}

function isPicture(tag: FlvTag): boolean {
  return framesOf([tag], 'video').length > 0;
}
