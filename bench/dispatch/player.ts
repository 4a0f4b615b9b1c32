import type { Line } from '../../player/src/line.ts';
import { Roster } from '../../player/src/roster.ts';
import { httpFlvViewer, wsFlvViewer } from '../../test/support/flv-client.ts';
import { framesOf } from '../../test/support/frames.ts';
import type { Owner } from '../../test/support/until.ts';
import type { Viewer } from '../../test/support/viewer.ts';

/** Node has none unless it is told to; nobody sends these players anywhere. */
const EventSource = class {
  addEventListener(): void {}
  close(): void {}
};
Object.assign(globalThis, { EventSource });

/** Some pictures show that a line works. */
const SOME = 10;

/** A viewer that chooses lines as the browser's player does, and asks the same server for them; it shows nothing. */
export class LinePlayer {
  readonly #owner: Owner;
  readonly #roster: Roster;
  #line: Line | undefined;
  #viewer: Viewer | undefined;

  constructor(owner: Owner, server: string, stream: string, viewer: string) {
    this.#owner = owner;
    const wish = { stream, server, viewer, query: '', region: '', protocols: ['http-flv', 'ws-flv'], lines: undefined };
    this.#roster = new Roster(wish, { changed() {}, move() {} });
    owner.after(() => this.#roster.close());
  }

  get node(): string | undefined {
    return this.#line?.node;
  }

  /** Plays by a line of this node; resolves when it does. */
  async begin(node: string, protocol: string): Promise<void> {
    await this.#roster.ask();
    this.#open(this.#roster.lines.find((line) => line.node === node && line.protocol === protocol)!);
    await this.#viewer!.gets(SOME, isPicture);
  }

  /** Resolves when the line that plays is lost and another one has shown its first picture. */
  async again(): Promise<void> {
    await this.#viewer!.ended;
    for (;;) {
      this.#roster.failed(this.#line!);
      const line = this.#roster.any();
      if (!line) throw new Error('there is no other line');
      this.#open(line);
      const works = await this.#viewer!.gets(1, isPicture).then(
        () => true,
        () => false,
      );
      if (works) return;
    }
  }

  #open(line: Line): void {
    this.#line = line;
    this.#roster.plays(line);
    this.#viewer = (line.protocol === 'ws-flv' ? wsFlvViewer : httpFlvViewer)(this.#owner, line.url);
  }
}

function isPicture(tag: Parameters<typeof framesOf>[0][number]): boolean {
  return framesOf([tag], 'video').length > 0;
}
