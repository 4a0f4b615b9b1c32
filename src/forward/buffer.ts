import { SECOND } from '../base/clock.ts';
import { Reader } from '../hub/reader.ts';
import type { Stream } from '../hub/stream.ts';

/** What an origin has got it may not have passed on when it dies: so much before that is kept as well, in microseconds. */
const MARGIN = 2 * SECOND;

/** What is kept of a stream on its way to an origin, and from where another one would be sent it: always a key frame. */
export class Buffer {
  /** Frames that no origin got. */
  skipped = 0;
  readonly #stream: Stream;
  #from = 0;
  /** Up to where it was sent, before the present reader. */
  #sent = 0;
  #reader: Reader | undefined;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** Reads for an origin, from where the one before may have stopped; what the window has lost meanwhile is counted. */
  read(): Reader {
    this.#settle();
    const { log } = this.#stream;
    const start = log.startFrom(this.#from) ?? log.head;
    this.skipped += Math.max(0, start - this.#sent);
    this.#sent = Math.max(this.#sent, start);
    this.#reader = new Reader(this.#stream, start);
    return this.#reader;
  }

  /** An origin has all before `position`; `isSure` where it said so itself. What nobody needs is let go. */
  confirm(position: number, isSure: boolean): void {
    const { log } = this.#stream;
    const last = Math.min(position, log.head) - 1;
    if (last < log.tail) return;
    const newest = log.at(last).ingest - (isSure ? MARGIN : 0);
    for (;;) {
      const next = log.startFrom(this.#from + 1);
      if (next === undefined || next > last || log.at(next).ingest > newest) break;
      this.#from = next;
    }
    log.release(this.#from);
  }

  /** All was sent, or will not be. */
  close(): void {
    this.#settle();
  }

  #settle(): void {
    if (!this.#reader) return;
    this.skipped += this.#reader.skipped;
    this.#sent = Math.max(this.#sent, this.#reader.position);
    this.#reader = undefined;
  }
}
