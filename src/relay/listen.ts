import type { Duplex } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import { MILLISECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { ListenAddress } from '../config/values.ts';
import type { Context } from '../module.ts';
import { addressOf } from '../net/admission.ts';
import { hangUp } from '../net/hang-up.ts';
import { LASTING } from '../net/lasting.ts';
import type { BoundAddress } from '../net/listen.ts';
import { Listeners } from '../net/listeners.ts';
import { listenQuic, type QuicConnection, type QuicListener } from '../net/quic.ts';
import { Channel } from './channel.ts';
import { PROTOCOL } from './messages.ts';
import type { Peer } from './peer.ts';
import type { Trust } from './trust.ts';

/** Is given every stream of bytes that an admitted node opens. */
export type OnStream = (stream: Duplex, peer: Peer) => void;

/** So many ports of the system's choice are tried. */
const MOST_PORTS = 10;

/** Where other nodes come in: by QUIC and by TLS, under the same port number. */
export class NodeListener {
  readonly #context: Context;
  readonly #trust: Trust;
  readonly #onStream: OnStream;
  #listeners = new Listeners();
  #quic: QuicListener | undefined;

  constructor(context: Context, trust: Trust, onStream: OnStream) {
    this.#context = context;
    this.#trust = trust;
    this.#onStream = onStream;
  }

  /** Rejects when the address cannot be had; goes without QUIC, and says so, on a machine that has none. */
  async open(address: ListenAddress): Promise<BoundAddress> {
    for (let left = MOST_PORTS; ; left--) {
      try {
        return await this.#openBoth(address);
      } catch (error) {
        // The port that the system chose is free for TCP alone.
        const isUnlucky = address.port === 0 && (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
        await this.#listeners.close();
        if (!isUnlucky || left === 1) throw error;
        this.#listeners = new Listeners();
      }
    }
  }

  async #openBoth(address: ListenAddress): Promise<BoundAddress> {
    const { key, cert, ca } = this.#trust.credentials();
    const exclusive = { ...address, exclusive: true } as const;
    const bound = await this.#listeners.open(this.#createServer(key, cert + ca), exclusive, this.#context.admission);
    try {
      this.#quic = await this.#listenQuic({ ...address, port: bound.port });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#context.log.warn({ reason: error.message }, 'the relay goes without QUIC');
    }
    return bound;
  }

  async close(): Promise<void> {
    await Promise.all([this.#listeners.close(), this.#quic?.close()]);
  }

  #createServer(key: string, cert: string) {
    const handshakeTimeout = this.#context.config.limits.handshake / MILLISECOND;
    // Whoever asks to be let in has no certificate yet; those of all others are checked by `nodeOf`.
    const certificates = { requestCert: true, rejectUnauthorized: false } as const;
    const ALPNProtocols = [PROTOCOL, this.#trust.joinProtocol];
    const habits = { ALPNProtocols, minVersion: 'TLSv1.3', handshakeTimeout, ...LASTING } as const;
    const options = { key, cert, ...certificates, ...habits };
    const server = createServer(options, (socket) => this.#welcome(socket));
    // Node itself does not close one whose handshake takes too long.
    server.on('tlsClientError', (_, socket) => socket.destroy());
    return server;
  }

  /** Whoever comes by QUIC was let in before, and knows the authority: without it, what the handshake shows fits in one packet. */
  #listenQuic(address: ListenAddress): Promise<QuicListener> {
    return listenQuic({ ...address, alpn: [PROTOCOL], ...this.#trust.credentials() }, (connection) =>
      this.#meet(connection),
    );
  }

  #welcome(socket: TLSSocket): void {
    socket.on('error', () => {});
    const remote = addressOf(socket);
    const certificate = socket.getPeerX509Certificate();
    if (socket.alpnProtocol === this.#trust.joinProtocol) {
      const { log } = this.#context;
      this.#trust.admit(socket, remote, certificate).then(
        () => log.info({ remote }, 'a node was let in'),
        (error: Error) => log.warn({ remote, reason: error.message }, 'a node was not let in'),
      );
    } else {
      const serve = (peer: Peer) => this.#onStream(socket, peer);
      this.#letIn(remote, certificate, serve, ({ code, message }) => {
        new Channel(socket).send({ op: 'ended', code, message });
        hangUp(socket);
      });
    }
  }

  #meet(connection: QuicConnection): void {
    const { remote, peerCertificate } = connection;
    const serve = (peer: Peer) => {
      connection.onStream = (stream) => this.#onStream(stream, peer);
    };
    // The reason it is told when it comes by TLS.
    this.#letIn(remote.host, peerCertificate, serve, () => connection.close());
  }

  /** Has a peer served whose certificate is good; all others are refused. */
  #letIn(
    remote: string,
    certificate: Parameters<Trust['nodeOf']>[0],
    serve: (peer: Peer) => void,
    refuse: (reason: RefusedError) => void,
  ): void {
    try {
      serve({ node: this.#trust.nodeOf(certificate), remote });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#context.log.warn({ remote, reason: error.message }, 'a node was not let in');
      refuse(error);
    }
  }
}
