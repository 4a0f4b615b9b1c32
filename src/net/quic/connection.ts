import type { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QuicClientSession, QuicServerSession, QuicStream } from '@currentspace/http3';
import { type CloseInfo, closeError } from './reason.ts';
import { Stream } from './stream.ts';

/** A connection over QUIC, of either side. */
export interface QuicConnection {
  readonly remote: { readonly host: string; readonly port: number };
  /** The peer's certificate, on the server side, where `ca` was given. */
  readonly peerCertificate: X509Certificate | undefined;
  /**
   * Opens a bidirectional stream, of which the peer learns with the first byte. Safe to write to from its own 'data' handler.
   * Rejects when the connection is over, or when the peer allows no more streams for a second.
   */
  openStream(): Promise<Duplex>;
  /** Called for each stream that the peer opens. Set it synchronously when the connection is handed over. */
  onStream: (stream: Duplex) => void;
  /** Resolves with the reason (never rejects) when the connection is over: closed by either side, idle, failed. */
  readonly closed: Promise<Error>;
  /** Ends the connection at once, and its streams with it: what was written last may be lost. */
  close(): void;
}

/** Streams that are over make room for others only when the peer has said so: that takes a round trip. */
const [TRIES, BETWEEN_TRIES_MS] = [50, 20];

/** What stands behind a connection: the library's session, of either side. */
export type LibrarySession = QuicClientSession | QuicServerSession;

/** A connection over a session of the library. */
export class Connection implements QuicConnection {
  readonly remote: QuicConnection['remote'];
  readonly closed: Promise<Error>;
  readonly #session: LibrarySession;
  readonly #ended = Promise.withResolvers<Error>();
  readonly #streams = new Set<Stream>();
  readonly #pings: NodeJS.Timeout;
  /** Streams that came before anybody said what to do with them. */
  #early: Stream[] = [];
  #onStream: ((stream: Duplex) => void) | undefined;
  #end: Error | undefined;

  /** `keepAlive` is the time between pings, in milliseconds. */
  constructor(session: LibrarySession, remote: QuicConnection['remote'], keepAlive: number) {
    this.#session = session;
    this.remote = remote;
    this.closed = this.#ended.promise;
    // Under the interface, as one overload of each kind of session does not fit the other's.
    const events: NodeJS.EventEmitter = session;
    events.on('stream', (stream: QuicStream) => this.#accept(new Stream(stream)));
    events.on('close', (info?: CloseInfo) => this.#finish(closeError(info)));
    events.on('error', (error: Error) => this.#close(error));
    this.#pings = setInterval(() => session.ping(), keepAlive).unref();
  }

  get peerCertificate(): X509Certificate | undefined {
    return 'getPeerCertificate' in this.#session ? (this.#session.getPeerCertificate() ?? undefined) : undefined;
  }

  get onStream(): (stream: Duplex) => void {
    return this.#onStream ?? (() => {});
  }

  set onStream(handler: (stream: Duplex) => void) {
    this.#onStream = handler;
    const early = this.#early;
    this.#early = [];
    queueMicrotask(() => {
      for (const stream of early) handler(stream);
    });
  }

  async openStream(): Promise<Duplex> {
    for (let tries = 0; ; tries++) {
      if (this.#end) throw this.#end;
      try {
        return this.#track(new Stream(this.#session.openStream()));
      } catch (error) {
        if (tries === TRIES || !isLimit(error)) throw error;
        await sleep(BETWEEN_TRIES_MS);
      }
    }
  }

  close(): void {
    this.#close(new Error('QUIC connection closed'));
  }

  #close(reason: Error): void {
    if (this.#end) return;
    this.#finish(reason);
    void Promise.resolve(this.#session.close()).catch(() => {});
  }

  #accept(stream: Stream): void {
    this.#track(stream);
    if (this.#onStream) this.#onStream(stream);
    else this.#early.push(stream);
  }

  #track(stream: Stream): Stream {
    this.#streams.add(stream);
    return stream.once('close', () => this.#streams.delete(stream));
  }

  #finish(reason: Error): void {
    if (this.#end) return;
    this.#end = reason;
    clearInterval(this.#pings);
    for (const stream of this.#streams) stream.destroy(reason);
    this.#ended.resolve(reason);
  }
}

function isLimit(error: unknown): boolean {
  return (error as Error).message.includes('StreamLimit');
}
