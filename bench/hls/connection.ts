import { connect, type Socket } from 'node:net';

/** An answer. */
export interface Answer {
  /** 0 where the connection was lost before it came. */
  readonly status: number;
  readonly body: Buffer;
}

interface Asked {
  readonly keep: boolean;
  readonly resolve: (answer: Answer) => void;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const NOTHING: Buffer = Buffer.alloc(0);

/** One connection that is kept for one request after another: as little of HTTP/1.1 as two known servers need. */
export class Connection {
  /** Bytes of bodies received. */
  received = 0;
  readonly #socket: Socket;
  #asked: Asked | undefined;
  #head = NOTHING;
  #status = 0;
  /** Of the body: what is still to come; -1 while it is the head that comes. */
  #left = -1;
  #body: Buffer[] = [];

  /** `fail` is told when the connection is lost. */
  constructor(port: number, fail: (reason: string) => void) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes) => this.#receive(bytes as Buffer));
    this.#socket.on('error', (error) => fail(error.message));
    this.#socket.on('close', () => {
      fail('the server closed a connection');
      this.#asked?.resolve({ status: 0, body: NOTHING });
    });
  }

  /** Asks for a path. `keep`: whether the body is wanted; else it is counted and its memory let go. */
  get(path: string, keep: boolean): Promise<Answer> {
    return new Promise((resolve) => {
      this.#asked = { keep, resolve };
      this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: bench\r\naccept-encoding: gzip\r\n\r\n`);
    });
  }

  #receive(bytes: Buffer): void {
    if (this.#left < 0) return this.#receiveHead(bytes);
    this.#left -= bytes.length;
    this.received += bytes.length;
    if (this.#asked?.keep) this.#body.push(bytes);
    if (this.#left <= 0) this.#finish();
  }

  #receiveHead(bytes: Buffer): void {
    this.#head = this.#head.length > 0 ? Buffer.concat([this.#head, bytes]) : bytes;
    const end = this.#head.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const head = this.#head.toString('latin1', 0, end);
    const rest = this.#head.subarray(end + END_OF_HEAD.length);
    this.#head = NOTHING;
    this.#status = Number(head.slice(9, 12));
    this.#left = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    this.#receive(rest);
  }

  #finish(): void {
    const [asked, body] = [this.#asked, Buffer.concat(this.#body)];
    this.#asked = undefined;
    this.#body = [];
    this.#left = -1;
    asked?.resolve({ status: this.#status, body });
  }
}
