import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { MILLISECOND } from '../base/clock.ts';
import { RefusedError } from '../base/errors.ts';
import type { Logger } from '../ops/log.ts';
import { hangUp } from './hang-up.ts';
import { type Connection, Download, writeHead } from './http-download.ts';
import { LARGEST_HEAD, MOST_HEADERS, type RequestHead, readPlainHead } from './http-head.ts';
import { type Groups, Incoming, type IncomingHead, pathnameOf } from './http-incoming.ts';
import { previewConnections } from './http-preview.ts';
import { jsonOf, type Refusal, refusalOf } from './http-refusal.ts';
import type { TlsStore } from './tls.ts';

/** One HTTP request and the means to answer it. */
export class Exchange extends Incoming<IncomingMessage> {
  readonly response: ServerResponse;

  constructor(request: IncomingMessage, groups: Groups, response: ServerResponse) {
    super(request, groups);
    this.response = response;
  }
}

/** One request to speak another protocol on the connection (WebSocket). */
export class Upgrade extends Incoming<IncomingMessage> {
  readonly socket: Duplex;
  /** What the peer sent behind its request. */
  readonly head: Buffer;

  constructor(request: IncomingMessage, groups: Groups, socket: Duplex, head: Buffer) {
    super(request, groups);
    this.socket = socket;
    this.head = head;
  }
}

/** What a route does; what it throws becomes the answer: {@link RefusedError} its status, anything else 500. */
export type Handler<Request> = (request: Request) => Promise<void> | void;

/** Looks at what a plain connection asks for first; true when it has taken the connection over. */
export type Claimant = (groups: Groups, socket: Socket, bytes: Buffer) => boolean;

interface Route<Request> {
  readonly methods: readonly string[];
  readonly pattern: RegExp;
  readonly handle: Handler<Request>;
}

interface Found<Request> {
  readonly handle: Handler<Request>;
  readonly groups: Groups;
}

/** Largest request body in bytes. */
const LARGEST_BODY = 1024 * 1024;
/** How long a body may take, in milliseconds. */
const BODY_TIMEOUT = 10_000;
/** How often the time limits are looked after, in milliseconds. */
const CHECK_EVERY = 1_000;
/** How many requests one HTTP/2 connection may make at the same time. */
const MOST_AT_ONCE = 100;

/** How long a client may take, in microseconds. */
export interface HttpTimes {
  /** For its TLS handshake. */
  readonly handshake: number;
  /** For the head of a request. */
  readonly httpHead: number;
  /** For the whole request. */
  readonly httpRequest: number;
  /** Between requests. */
  readonly httpIdle: number;
}

/** Hands HTTP requests to the first route that fits. Modules add their routes when they start. */
export class HttpRouter {
  readonly #log: Logger;
  readonly #times: HttpTimes;
  readonly #routes: Route<Exchange>[] = [];
  readonly #downloads: Route<Download>[] = [];
  readonly #upgrades: Route<Upgrade>[] = [];
  readonly #claims: { readonly pattern: RegExp; readonly claim: Claimant }[] = [];

  constructor(log: Logger, times: HttpTimes) {
    this.#log = log;
    this.#times = times;
  }

  /** Adds a route: `methods` such as `['GET', 'HEAD']`, `pattern` against the whole path, still percent-encoded. */
  route(methods: readonly string[], pattern: RegExp, handle: Handler<Exchange>): void {
    this.#routes.push({ methods, pattern, handle });
  }

  /**
   * Adds a route, for GET and HEAD, to what goes on until one side has enough. It comes before all others, and plain requests
   * for it never get to node:http, whose objects weigh more than everything else that a viewer needs.
   */
  download(pattern: RegExp, handle: Handler<Download>): void {
    this.#downloads.push({ methods: ['GET', 'HEAD'], pattern, handle });
  }

  /** Adds a route for requests that ask for the protocol `websocket`. */
  upgrade(pattern: RegExp, handle: Handler<Upgrade>): void {
    this.#upgrades.push({ methods: ['GET'], pattern, handle });
  }

  /** Has `claim` decide about plain connections whose first request, a GET or HEAD, is for this path. */
  claim(pattern: RegExp, claim: Claimant): void {
    this.#claims.push({ pattern, claim });
  }

  /** A server of HTTP/1.1, or with `tls` of HTTPS with HTTP/2, that uses these routes. */
  serve(tls?: TlsStore): Server {
    const { handshake, httpHead, httpRequest, httpIdle } = this.#times;
    const limits = {
      maxHeaderSize: LARGEST_HEAD,
      handshakeTimeout: handshake / MILLISECOND,
      headersTimeout: httpHead / MILLISECOND,
      requestTimeout: Math.max(httpHead, httpRequest) / MILLISECOND,
      keepAliveTimeout: httpIdle / MILLISECOND,
      connectionsCheckingInterval: CHECK_EVERY,
      settings: { maxConcurrentStreams: MOST_AT_ONCE },
    };
    const onRequest = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response);
    const server = tls
      ? createSecureServer(
          { ...tls.serverOptions(['h2', 'http/1.1']), ...limits, allowHTTP1: true },
          onRequest as never,
        )
      : createServer(limits, onRequest);
    previewConnections(server, httpHead / MILLISECOND, (socket, bytes) => this.#preview(socket, bytes));
    if ('maxHeadersCount' in server) server.maxHeadersCount = MOST_HEADERS;
    // All other upgrades (h2c, which curl and Java offer) are offers that may be passed over.
    Object.assign(server, { shouldUpgradeCallback: isWebSocket });
    // Those under way are finished; a connection without any is closed.
    server.on('session', (session: ServerHttp2Session) =>
      session.setTimeout(httpIdle / MILLISECOND, () => session.close()),
    );
    server.on(
      'upgrade',
      (request: IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrade(request, socket, head),
    );
    return server;
  }

  /** Serves a plain request for a download on the bare socket. */
  #preview(socket: Socket, bytes: Buffer): boolean {
    const head = readPlainHead(bytes);
    if (!head) return false;
    const pathname = pathnameOf(head);
    const found = find(this.#downloads, head, pathname);
    if (!found) return this.#isClaimed(pathname, socket, bytes);
    const leave = () => socket.destroy();
    // The peer was told that this is the connection's last answer: it has nothing more to say.
    socket.once('data', leave).once('end', leave);
    void this.#download(found, { ...head, socket }, socket);
    return true;
  }

  #isClaimed(pathname: string, socket: Socket, bytes: Buffer): boolean {
    for (const { pattern, claim } of this.#claims) {
      const groups = pattern.exec(pathname)?.groups;
      if (groups) return claim(groups, socket, bytes);
    }
    return false;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const pathname = pathnameOf(request);
      const download = find(this.#downloads, request, pathname);
      if (download) return await this.#download(download, request, connectionOf(response));
      const found = find(this.#routes, request, pathname);
      if (!found) throw new RefusedError('not-found', `nothing is at ${pathname}`);
      await found.handle(new Exchange(request, found.groups, response));
    } catch (error) {
      const { status, headers, body } = this.#refusal(request, error);
      if (response.headersSent || response.destroyed) response.destroy();
      else response.writeHead(status, headers).end(body);
    }
  }

  async #download({ handle, groups }: Found<Download>, request: IncomingHead, connection: Connection): Promise<void> {
    const download = new Download(request, groups, connection);
    connection.on('error', () => connection.destroy());
    try {
      await handle(download);
    } catch (error) {
      // Once the answer has begun, the good-bye is the handler's.
      if (download.hasBegun || connection.destroyed) return;
      const { status, headers, body } = this.#refusal(request, error);
      const sink = download.begin(status, headers);
      if (request.method !== 'HEAD') sink.write(body);
      hangUp(sink);
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Until a handler takes the socket over nobody else listens for its errors.
    socket.on('error', () => socket.destroy());
    const written = (socket as Socket).bytesWritten;
    try {
      const pathname = pathnameOf(request);
      const found = find(this.#upgrades, request, pathname);
      if (!found) throw new RefusedError('not-found', `no WebSocket is at ${pathname}`);
      await found.handle(new Upgrade(request, found.groups, socket, head));
    } catch (error) {
      // Once the handshake is done, the good-bye is the handler's.
      if ((socket as Socket).bytesWritten > written) return;
      const { status, headers, body } = this.#refusal(request, error);
      writeHead(socket, status, headers);
      // The peer may never close its own side.
      socket.end(body, () => socket.destroy());
    }
  }

  #refusal({ method, url }: RequestHead, error: unknown): Refusal {
    const refusal = refusalOf(error);
    if (refusal.status === 500) this.#log.error({ error, method, url }, 'a request failed');
    return refusal;
  }
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const { headers, body } = jsonOf(value);
  response.writeHead(status, headers).end(body);
}

/** The request's body. Throws {@link RefusedError} as soon as it is larger than a mebibyte, or when it takes ten seconds. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const late = new RefusedError('timeout', 'the body takes too long');
  const timer = setTimeout(() => request.destroy(late), BODY_TIMEOUT);
  try {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of request) {
      size += (part as Buffer).length;
      if (size > LARGEST_BODY) throw new RefusedError('too-large', `the body is larger than ${LARGEST_BODY} bytes`);
      parts.push(part as Buffer);
    }
    return Buffer.concat(parts);
  } finally {
    clearTimeout(timer);
  }
}

function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

function connectionOf(response: ServerResponse): Connection {
  const connection = 'stream' in response ? (response.stream as ServerHttp2Stream) : response.socket;
  // The answer to a request before it is still under way.
  if (!connection) throw new RefusedError('unsupported', 'streams cannot be asked for by pipelining');
  return connection;
}

function find<Request>(
  routes: readonly Route<Request>[],
  { method = '' }: RequestHead,
  pathname: string,
): Found<Request> | undefined {
  for (const { methods, pattern, handle } of routes) {
    const match = methods.includes(method) ? pattern.exec(pathname) : null;
    if (match) return { handle, groups: match.groups ?? {} };
  }
  return undefined;
}
