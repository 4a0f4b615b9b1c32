import { connect, type Socket } from 'node:net';
import { RefusedError } from '../../src/base/errors.ts';
import type { Protocol } from '../load.ts';
import { Checker, type Findings, isKeyFrame } from './checker.ts';
import { type Conversation, converse } from './conversation.ts';

/** All sockets read into the same memory: what is not checked is never copied. */
const SHARED = new Uint8Array(1 << 20);

export interface ViewerOptions {
  readonly protocol: Protocol;
  readonly port: number;
  /** It watches `/live/NAME`. */
  readonly name: string;
  /** Whether it is checked to the last byte; others are parsed up to their first key frame and only counted from there. */
  readonly sampled: boolean;
  /** Where to note what was found. */
  findings(): Findings;
}

/** One viewer. Times are those of `performance.now()`. */
export class Viewer {
  readonly sampled: boolean;
  readonly connectedAt = performance.now();
  keyAt: number | undefined;
  /** Since {@link begin}: */
  bytes = 0;
  arrivals = 0;
  #gap = 0;
  /** Why it has ended, if it has. */
  fault: string | undefined;
  /** Whether it has ended because what it was sent breaks the rules. */
  isBroken = false;
  #lastAt = performance.now();
  #received = 0;
  readonly #socket: Socket;
  readonly #conversation: Conversation;
  readonly #checker = new Checker();
  readonly #findings: () => Findings;

  constructor({ protocol, port, name, sampled, findings }: ViewerOptions) {
    this.sampled = sampled;
    this.#findings = findings;
    const callback = (length: number): boolean => this.#receive(length);
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: SHARED, callback } });
    this.#socket.on('error', (error) => this.#end(error.message));
    this.#socket.on('close', () => this.#end('the server closed the connection'));
    this.#conversation = converse(protocol, port, name, (bytes) => this.#socket.write(bytes));
    this.#socket.write(this.#conversation.hello);
  }

  /** Begins to count anew. */
  begin(): void {
    this.bytes = this.arrivals = this.#gap = 0;
    this.#lastAt = performance.now();
  }

  /** The longest time without a byte since {@link begin}, in milliseconds. */
  longestGap(): number {
    return Math.max(this.#gap, performance.now() - this.#lastAt);
  }

  /** When something came last, or it connected. */
  get lastAt(): number {
    return this.#lastAt;
  }

  /** Reads no more, until {@link resume}. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Hangs up. */
  leave(): void {
    this.#end('it left');
  }

  #receive(length: number): boolean {
    const now = performance.now();
    this.#gap = Math.max(this.#gap, now - this.#lastAt);
    this.#lastAt = now;
    this.bytes += length;
    this.#received += length;
    this.arrivals++;
    this.#conversation.acknowledge?.(this.#received);
    if (this.sampled || this.keyAt === undefined) this.#parse(SHARED.slice(0, length));
    return true;
  }

  #parse(bytes: Uint8Array): void {
    try {
      for (const tag of this.#conversation.receive(bytes)) {
        if (this.keyAt === undefined && isKeyFrame(tag)) this.keyAt = performance.now();
        if (this.sampled) this.#checker.check(tag, this.#findings());
      }
    } catch (error) {
      this.isBroken = !(error instanceof RefusedError);
      this.#end((error as Error).message);
    }
  }

  #end(fault: string): void {
    this.fault ??= fault;
    this.#socket.destroy();
  }
}
