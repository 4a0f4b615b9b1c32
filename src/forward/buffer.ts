import { type Clock, SECOND } from '../base/clock.ts';
import type { Window } from '../base/log.ts';
import { describePath, type StreamPath } from '../hub/path.ts';
import { Publisher } from '../hub/publisher.ts';
import { Reader } from '../hub/reader.ts';
import type { Session } from '../hub/session.ts';
import { Stream } from '../hub/stream.ts';

/** What an origin has got it may not have passed on when it dies: so much before that is kept as well, in microseconds. */
const MARGIN = 2 * SECOND;
/** Nobody here cuts it into segments. */
const SEGMENT = 10 * SECOND;

/** What a publisher sends, as far as an origin may have to be sent it yet; one begins to read at a key frame. */
export class Buffer {
  /** On a timeline of its own: the one that viewers see is the origin's. */
  readonly stream: Stream;
  readonly publisher: Publisher;
  /** Frames that no origin got. */
  skipped = 0;
  /** Where an origin begins to read. */
  #from = 0;
  /** Up to where origins have read. */
  #read = 0;
  #reader: Reader | undefined;

  /** `onEnd` is called when the publisher is gone: the stream has ended then. */
  constructor(path: StreamPath, session: Session, window: Window, clock: Clock, onEnd: () => void) {
    this.stream = new Stream(path, clock.wall(), { token: 0, anchor: undefined }, window);
    const nothing = () => {};
    const closed = (deliberate: boolean) => {
      const name = describePath(path);
      if (deliberate) this.stream.end('gone', `${name} has ended`);
      else this.stream.end('timeout', `the publisher of ${name} broke off`);
      onEnd();
    };
    const events = { begun: nothing, anchored: nothing, stamped: nothing, offered: nothing, closed };
    const options = { segment: SEGMENT, role: 'main', isFetched: false } as const;
    this.publisher = new Publisher(this.stream, session, clock, options, events);
    this.stream.publisher = this.publisher;
    this.publisher.enter();
  }

  /** Reads for an origin, a little before where the last one stopped; what the window has lost by then is counted. */
  open(): Reader {
    this.close();
    const { log } = this.stream;
    const start = log.startFrom(this.#from) ?? log.head;
    this.skipped += Math.max(0, start - this.#read);
    this.#read = Math.max(this.#read, start);
    this.#reader = new Reader(this.stream, start);
    return this.#reader;
  }

  /** An origin has all before `position`; `isSure` where it said so itself. What nobody needs is let go. */
  confirm(position: number, isSure: boolean): void {
    const { log } = this.stream;
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

  /** Nobody reads at present. Idempotent. */
  close(): void {
    if (!this.#reader) return;
    this.skipped += this.#reader.skipped;
    this.#read = Math.max(this.#read, this.#reader.position);
    this.#reader = undefined;
  }
}
