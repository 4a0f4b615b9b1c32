import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { QuicServerSession } from '@currentspace/http3';
import type { BoundAddress } from './listen.ts';
import { Connection, type QuicConnection } from './quic/connection.ts';
import { loadLibrary, localPortOf } from './quic/library.ts';
import { loadFragmentForbidder } from './quic/path-mtu.ts';
import { bindError } from './quic/reason.ts';

export type { QuicConnection };

/** A UDP port where QUIC connections come in. */
export interface QuicListener {
  readonly address: BoundAddress;
  /** Listens no more and closes all connections. */
  close(): Promise<void>;
}

/** How a connection is kept; both sides should agree. */
interface KeepOptions {
  /** After so many milliseconds without a sign of the peer a connection is over. A third of it goes between our pings. */
  readonly idle?: number;
}

/** What to listen with. Certificates and keys are PEM texts. */
export interface QuicListenOptions extends KeepOptions {
  /** All addresses of both families when it is not given. */
  readonly host?: string;
  readonly port: number;
  readonly alpn: string[];
  readonly cert: string;
  readonly key: string;
  /** Whoever connects must show a certificate from this authority. */
  readonly ca?: string;
}

/** What to dial with. Certificates and keys are PEM texts. */
export interface QuicDialOptions extends KeepOptions {
  readonly host: string;
  readonly port: number;
  readonly alpn: string[];
  readonly cert?: string;
  readonly key?: string;
  /** The authority that the server's certificate must come from; those of the system when it is not given. */
  readonly ca?: string;
  /** The name that the server's certificate must be for; `host` when it is not given. */
  readonly serverName?: string;
  /** Takes any certificate: for the original cloud node alone, whose own is made anew at each start. */
  readonly verify?: false;
  /** How many milliseconds connecting may take. */
  readonly timeout?: number;
}

const IDLE_MS = 10_000;
const PINGS_PER_IDLE = 3;
const CONNECT_TIMEOUT_MS = 5000;
/** Streams that a peer may have open at a time. */
const MOST_STREAMS = 256;
const MOST_CONNECTIONS = 1024;
/** What a peer may send unasked, in bytes: to a stream, and to all of a connection. */
const [STREAM_WINDOW, CONNECTION_WINDOW] = [2 * 1024 * 1024, 16 * 1024 * 1024];

const COMMON = {
  // io_uring is slower than poll here, and not allowed everywhere.
  runtimeMode: 'portable',
  fallbackPolicy: 'error',
  initialMaxData: CONNECTION_WINDOW,
  initialMaxStreamDataBidiLocal: STREAM_WINDOW,
  initialMaxStreamsBidi: MOST_STREAMS,
} as const;

/**
 * Listens for QUIC connections. Peers prove their address before they cost anything (Retry), and those without a fitting
 * certificate are never handed over. Rejects with one plain sentence when the address cannot be had.
 */
export async function listenQuic(
  { host = '::', port, alpn, cert, key, ca, idle = IDLE_MS }: QuicListenOptions,
  onConnection: (connection: QuicConnection) => void,
): Promise<QuicListener> {
  const [{ createQuicServer }, forbidFragments] = await Promise.all([loadLibrary(), loadFragmentForbidder()]);
  const limits = { ...COMMON, maxIdleTimeoutMs: idle, maxConnections: MOST_CONNECTIONS, disableRetry: false };
  const server = createQuicServer({ ...limits, alpn, cert, key, ...(ca !== undefined && { ca }) });
  const connections = new Set<Connection>();
  server.on('error', () => {});
  server.on('session', (session: QuicServerSession) => {
    const remote = { host: session.remoteAddress.replace(/^::ffff:(?=\d+\.)/, ''), port: session.remotePort };
    const connection = new Connection(session, remote, idle / PINGS_PER_IDLE);
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
    onConnection(connection);
  });
  await expectFree(host, port);
  const bound = await server.listen(port, host);
  forbidFragments(bound.port);
  return {
    address: { host: bound.address, port: bound.port },
    async close() {
      for (const connection of connections) connection.close();
      await server.close();
    },
  };
}

/** A socket of the library that cannot be bound would keep the process alive for ever: it is tried with one of Node's. */
async function expectFree(host: string, port: number): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    socket.bind({ port, address: host, exclusive: true });
    await once(socket, 'listening');
  } catch (error) {
    throw bindError(error as NodeJS.ErrnoException, host, port);
  } finally {
    socket.close();
  }
}

/**
 * Connects over QUIC. A server that does not accept our certificate says so only after that: the connection then closes at
 * once, and an answer on a stream is the proof of being let in. Rejects with the reason when it fails, takes too long or is aborted.
 */
export async function dialQuic(options: QuicDialOptions, signal?: AbortSignal): Promise<QuicConnection> {
  const { host, port, serverName = host, idle = IDLE_MS } = options;
  const [{ connectQuic }, forbidFragments] = await Promise.all([loadLibrary(), loadFragmentForbidder()]);
  const session = connectQuic({ host, port, servername: serverName }, clientSettings(options, signal));
  const connection = new Connection(session, { host, port }, idle / PINGS_PER_IDLE);
  // The socket is there from now on, and nothing large was sent yet.
  session.once('runtime', () => forbidFragments(localPortOf(session)));
  try {
    await session.ready();
    return connection;
  } catch {
    throw signal?.aborted ? signal.reason : await connection.closed;
  }
}

function clientSettings(options: QuicDialOptions, signal: AbortSignal | undefined) {
  const { alpn, cert, key, ca, verify = true, idle = IDLE_MS, timeout = CONNECT_TIMEOUT_MS } = options;
  return {
    ...COMMON,
    alpn,
    maxIdleTimeoutMs: idle,
    connectTimeoutMs: timeout,
    rejectUnauthorized: verify,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
    ...(signal && { signal }),
  };
}
