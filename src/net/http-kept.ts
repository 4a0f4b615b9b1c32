import type { Socket } from 'node:net';
import { LARGEST_HEAD, type RequestHead, readPlainHead } from './http-head.ts';
import type { IncomingHead } from './http-incoming.ts';
import type { Reply } from './http-reply.ts';
import { Departure } from './serve.ts';

/** What a {@link KeptConnection} is kept by. */
export interface Keeper {
  /** The answer to a request, or nothing where it is not for replies. Neither throws nor rejects. */
  respond(request: IncomingHead, signal: () => AbortSignal): Reply | Promise<Reply> | undefined;
  /** Takes the connection over, as if nothing had been read but what was answered; `bytes` come next. */
  pass(socket: Socket, bytes: Buffer): void;
  /** How long nothing may be asked, and nothing be taken of an answer, in milliseconds. */
  readonly idle: number;
  readonly stall: number;
}

/**
 * A connection on which plain requests are answered one after another on the bare socket: node:http costs several times what
 * such an answer does. With the first request that is not plain or not for replies it goes over to node:http, for good.
 */
export class KeptConnection {
  readonly #socket: Socket;
  readonly #keeper: Keeper;
  readonly #listeners: readonly (readonly [event: string, listener: (bytes: Buffer) => void])[];
  #isAnswering = false;
  /** Whether the peer does not take what is there: until it does nothing more is answered, else answers would pile up. */
  #isFull = false;
  /** What came before the answer to what was asked before. */
  #early: Buffer | undefined;
  #patience = 0;
  #leaving: AbortController | undefined;

  /** `first` is what has been read already. */
  constructor(socket: Socket, first: Buffer, keeper: Keeper) {
    this.#socket = socket;
    this.#keeper = keeper;
    this.#listeners = [
      ['data', (bytes) => this.#receive(bytes)],
      ['end', () => socket.destroy()],
      ['error', () => socket.destroy()],
      ['drain', () => this.#goOn()],
      ['timeout', () => this.#expire()],
      ['close', () => this.#leaving?.abort(new Departure('the peer left'))],
    ];
    for (const [event, listener] of this.#listeners) socket.on(event, listener);
    this.#wait(keeper.idle);
    this.#receive(first);
  }

  #receive(bytes: Buffer): void {
    if (this.#isAnswering || this.#isFull) return this.#keep(bytes);
    const head = readPlainHead(bytes);
    const reply = head && isKept(head) && this.#keeper.respond({ ...head, socket: this.#socket }, this.#signal);
    if (!reply) return this.#pass(bytes);
    const hasBody = head.method !== 'HEAD';
    if (!(reply instanceof Promise)) return this.#send(reply, hasBody);
    this.#isAnswering = true;
    void reply.then((answer) => {
      this.#isAnswering = false;
      this.#send(answer, hasBody);
      this.#goOn();
    });
  }

  /** Whoever sends requests without waiting for answers does so within what one may be long. */
  #keep(bytes: Buffer): void {
    this.#early = this.#early ? Buffer.concat([this.#early, bytes]) : bytes;
    if (this.#early.length > LARGEST_HEAD) this.#socket.destroy();
  }

  #send(reply: Reply, hasBody: boolean): void {
    const socket = this.#socket;
    const { idle, stall } = this.#keeper;
    if (socket.destroyed) return;
    reply.writeTo(socket, hasBody);
    const isLeft = socket.writableLength > 0;
    this.#wait(isLeft ? stall : idle);
    this.#isFull = isLeft && socket.writableNeedDrain;
  }

  #goOn(): void {
    this.#isFull &&= this.#socket.writableNeedDrain;
    if (this.#isFull || this.#isAnswering) return;
    const early = this.#early;
    this.#early = undefined;
    if (early && !this.#socket.destroyed) this.#receive(early);
  }

  #pass(bytes: Buffer): void {
    const socket = this.#socket;
    for (const [event, listener] of this.#listeners) socket.off(event, listener);
    socket.setTimeout(0).pause();
    this.#keeper.pass(socket, bytes);
    socket.resume();
  }

  readonly #signal = (): AbortSignal => (this.#leaving ??= new AbortController()).signal;

  #wait(patience: number): void {
    if (patience === this.#patience) return;
    this.#patience = patience;
    this.#socket.setTimeout(patience);
  }

  /** Nothing was read or taken for so long; the answer that it waits for may take longer. */
  #expire(): void {
    if (this.#isAnswering) this.#socket.setTimeout(this.#patience);
    else this.#socket.destroy();
  }
}

/** Whether the connection is to stay open, without further words (RFC 9112, 9.3). */
function isKept({ httpVersion, headers: { connection = 'keep-alive' } }: RequestHead): boolean {
  return httpVersion === '1.1' && connection.toLowerCase() === 'keep-alive';
}
