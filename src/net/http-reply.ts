import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Groups, Incoming, type IncomingHead } from './http-incoming.ts';
import { Departure } from './serve.ts';

/** One request, GET or HEAD, for what is answered as a whole. */
export class Question extends Incoming<IncomingHead> {
  readonly #signal: () => AbortSignal;

  constructor(request: IncomingHead, groups: Groups, signal: () => AbortSignal) {
    super(request, groups);
    this.#signal = signal;
  }

  /** Aborts when the peer leaves. */
  get signal(): AbortSignal {
    return this.#signal();
  }
}

/** An answer as a whole. However many are given the same one, it is put into the form of HTTP/1.1 once a second at most. */
export class Reply {
  readonly status: number;
  /** Our own words alone, all in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** One piece after another; it must not change any more. */
  readonly body: readonly Uint8Array[];
  /** Of the body, in bytes. */
  readonly length: number;
  #head: Buffer | undefined;
  /** Which `date` stands in it. */
  #date = '';

  constructor(status: number, headers: Readonly<Record<string, string | number>>, body: readonly Uint8Array[]) {
    this.status = status;
    this.body = body;
    this.length = body.reduce((sum, { length }) => sum + length, 0);
    const all = Object.entries({ ...headers, 'content-length': this.length });
    this.headers = Object.fromEntries(all.map(([name, value]) => [name, String(value)]));
  }

  /** Writes it to a connection of HTTP/1.1 that stays open, with one call of the system. */
  writeTo(socket: Socket, hasBody: boolean): void {
    socket.cork();
    socket.write(this.#headOf(httpDate()));
    if (hasBody) for (const piece of this.body) socket.write(piece);
    socket.uncork();
  }

  #headOf(date: string): Buffer {
    if (!this.#head || this.#date !== date) {
      const lines = Object.entries(this.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const status = `HTTP/1.1 ${this.status} ${STATUS_CODES[this.status]}`;
      this.#head = Buffer.from(`${status}\r\ndate: ${date}\r\n${lines.join('')}\r\n`, 'latin1');
      this.#date = date;
    }
    return this.#head;
  }
}

/** Answers with a reply. One who takes nothing of it for `patience` milliseconds is cut off: until then it is in memory. */
export function sendReply(response: ServerResponse, reply: Reply, hasBody: boolean, patience: number): void {
  response.writeHead(reply.status, reply.headers);
  const pieces = hasBody ? reply.body : [];
  for (const piece of pieces.slice(0, -1)) response.write(piece);
  response.end(pieces.at(-1));
  // By then the kernel was offered all of it; only what it does not take is worth a timer.
  process.nextTick(() => {
    if (response.writableLength > 0) response.setTimeout(patience, () => response.destroy());
  });
}

/** Aborts when the peer of a response leaves. */
export function leavingOf(response: ServerResponse): AbortSignal {
  const leaving = new AbortController();
  response.once('close', () => leaving.abort(new Departure('the peer left')));
  return leaving.signal;
}

let now = { second: 0, text: '' };

/** The time as HTTP has it (RFC 9110, 5.6.7). */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (now.second !== second) now = { second, text: new Date(second * 1000).toUTCString() };
  return now.text;
}
