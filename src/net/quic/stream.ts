import { Duplex } from 'node:stream';
import type { QuicStream } from '@currentspace/http3';
import { concat } from '../../base/bytes.ts';
import { RefusedError } from '../../base/errors.ts';

/** What may wait to be read from a stream, in bytes: the library takes in all that a peer sends, whether it is read or not. */
export const MOST_UNREAD = 16 * 1024 * 1024;

type Done = (error?: Error | null) => void;

/**
 * A stream of the library in which its faults cannot be met.
 *
 * `end()` ends our direction and leaves the peer's open; `destroy()` resets both, and the peer's end of the stream fails.
 * A failed stream emits 'error' if somebody listens, and 'close' in any case. An end that is sent after the last data was
 * can be lost on the way for good, unlike data and resets: a protocol says itself that it is done, or uses `end(data)`.
 */
export class Stream extends Duplex {
  readonly #inner: QuicStream;

  constructor(inner: QuicStream) {
    super();
    this.#inner = inner;
    inner.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    inner.once('end', () => this.push(null));
    inner.on('error', (error) => this.destroy(error));
    inner.once('close', () => this.#lose());
    this.on('error', () => {});
  }

  override _read(): void {
    // The library cannot be asked to wait: it delivers what it gets.
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#defer(() => this.#send(chunk, done), done);
  }

  override _writev(chunks: readonly { chunk: Uint8Array }[], done: Done): void {
    this.#defer(() => this.#send(concat(chunks.map(({ chunk }) => chunk)), done), done);
  }

  override _final(done: Done): void {
    this.#defer(() => this.#end(done), done);
  }

  override _destroy(error: Error | null, done: Done): void {
    // Its own destroy() would tell the peer nothing.
    if (!this.#isOver) this.#inner.close(error ? 1 : 0);
    done(error);
  }

  /**
   * Nothing is sent from within the library's delivery of data: it then forgets whom to wake, and its stream hangs.
   * An answer's end has also come by then, and can go with its data.
   */
  #defer(action: () => void, done: Done): void {
    setImmediate(() => {
      if (this.destroyed) done(this.errored ?? new Error('the QUIC stream was destroyed'));
      else action();
    });
  }

  #send(bytes: Uint8Array, done: Done): void {
    const isLast = this.writableEnded && this.writableLength === bytes.length;
    if (isLast) this.#inner.end(bytes, () => done());
    else this.#inner.write(bytes, done);
  }

  #end(done: Done): void {
    if (this.#inner.writableEnded) done();
    else this.#inner.end(() => done());
  }

  #receive(chunk: Uint8Array): void {
    this.push(chunk);
    if (this.readableLength <= MOST_UNREAD) return;
    this.destroy(new RefusedError('limit', `more than ${MOST_UNREAD} bytes of a QUIC stream wait to be read`));
  }

  #lose(): void {
    if (!this.#isOver) this.destroy();
  }

  get #isOver(): boolean {
    return this.#inner.readableEnded && this.#inner.writableFinished;
  }
}
