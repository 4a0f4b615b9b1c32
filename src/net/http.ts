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
import { KeptConnection } from './http-kept.ts';
import { type Pass, previewConnections } from './http-preview.ts';
import { jsonOf, type Refusal, refusalOf } from './http-refusal.ts';
import { leavingOf, Question, Reply, sendReply } from './http-reply.ts';
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
export type Handler<Request, Answer = void> = (request: Request) => Promise<Answer> | Answer;

/** Looks at what a plain connection asks for first; true when it has taken the connection over. */
type Claim = (groups: Groups, socket: Socket, bytes: Buffer) => boolean;

interface Route<Request, Answer = void> {
  readonly methods: readonly string[];
  readonly pattern: RegExp;
  readonly handle: Handler<Request, Answer>;
}

interface ReplyRoute extends Route<Question, Reply> {
  /** What stands on refusals as well. */
  readonly headers: Readonly<Record<string, string>>;
}

interface Found<AnyRoute> {
  readonly route: AnyRoute;
  readonly groups: Groups;
}

/** Who may ask for what is plain to see. */
const TO_READ = ['GET', 'HEAD'];

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

/** What an {@link HttpRouter} goes by. */
export interface HttpConfig {
  readonly limits: HttpTimes;
  /** How long a client may take nothing of an answer that is there as a whole, in microseconds. */
  readonly play: { readonly stallTimeout: number };
}

/** Hands HTTP requests to the first route that fits. Modules add their routes when they start. */
export class HttpRouter {
  readonly #log: Logger;
  readonly #times: HttpTimes;
  /** In milliseconds. */
  readonly #stall: number;
  readonly #routes: Route<Exchange>[] = [];
  readonly #replies: ReplyRoute[] = [];
  readonly #downloads: Route<Download>[] = [];
  readonly #upgrades: Route<Upgrade>[] = [];
  readonly #claims: { readonly methods: readonly string[]; readonly pattern: RegExp; readonly claim: Claim }[] = [];

  constructor(log: Logger, { limits, play }: HttpConfig) {
    this.#log = log;
    this.#times = limits;
    this.#stall = play.stallTimeout / MILLISECOND;
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
    this.#downloads.push({ methods: TO_READ, pattern, handle });
  }

  /**
   * Adds a route, for GET and HEAD, to what is answered as a whole and by many at the same time. It comes before the others,
   * and a connection that asks for nothing else, in plain requests, never gets to node:http. Refusals have `headers`.
   */
  reply(pattern: RegExp, headers: ReplyRoute['headers'], handle: Handler<Question, Reply>): void {
    this.#replies.push({ methods: TO_READ, pattern, headers, handle });
  }

  /** Adds a route for requests that ask for the protocol `websocket`. */
  upgrade(pattern: RegExp, handle: Handler<Upgrade>): void {
    this.#upgrades.push({ methods: ['GET'], pattern, handle });
  }

  /** Has `claim` decide about plain connections whose first request, a GET or HEAD, is for this path: it comes before all routes. */
  claim(pattern: RegExp, claim: Claim): void {
    this.#claims.push({ methods: TO_READ, pattern, claim });
  }

  /** Answers a request by the route that it is for. Throws {@link RefusedError} where there is none, and what the route throws. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | void {
    const pathname = pathnameOf(request);
    const found = find(this.#routes, request, pathname);
    if (!found) throw new RefusedError('not-found', `nothing is at ${pathname}`);
    return found.route.handle(new Exchange(request, found.groups, response));
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
    previewConnections(server, httpHead / MILLISECOND, (...first) => this.#preview(...first));
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

  /** Serves plain requests for a download, or for replies, on the bare socket. */
  #preview(socket: Socket, bytes: Buffer, pass: Pass): boolean {
    const head = readPlainHead(bytes);
    if (!head) return false;
    const pathname = pathnameOf(head);
    const claimed = find(this.#claims, head, pathname);
    if (claimed?.route.claim(claimed.groups, socket, bytes)) return true;
    const found = find(this.#downloads, head, pathname);
    if (!found) {
      const isKept = find(this.#replies, head, pathname) !== undefined;
      if (isKept) this.#keep(socket, bytes, pass);
      return isKept;
    }
    const leave = () => socket.destroy();
    // The peer was told that this is the connection's last answer: it has nothing more to say.
    socket.once('data', leave).once('end', leave);
    void this.#download(found, { ...head, socket }, socket);
    return true;
  }

  #keep(socket: Socket, first: Buffer, pass: Pass): void {
    const respond = (head: IncomingHead, signal: () => AbortSignal) => this.#respond(head, signal);
    const patience = { idle: this.#times.httpIdle / MILLISECOND, stall: this.#stall };
    new KeptConnection(socket, first, { respond, pass, ...patience });
  }

  /** The reply to a request that is for one; refusals are replies too. */
  #respond(request: IncomingHead, signal: () => AbortSignal): Reply | Promise<Reply> | undefined {
    const found = find(this.#replies, request, pathnameOf(request));
    if (!found) return undefined;
    const refuse = (error: unknown) => {
      const { status, headers, body } = this.#refusal(request, error);
      return new Reply(status, { ...headers, ...found.route.headers }, [Buffer.from(body)]);
    };
    try {
      const reply = found.route.handle(new Question(request, found.groups, signal));
      return reply instanceof Promise ? reply.catch(refuse) : reply;
    } catch (error) {
      return refuse(error);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const pathname = pathnameOf(request);
      const download = find(this.#downloads, request, pathname);
      if (download) return await this.#download(download, request, connectionOf(response));
      const reply = this.#respond(request, () => leavingOf(response));
      if (reply) return sendReply(response, await reply, request.method !== 'HEAD', this.#stall);
      await this.handle(request, response);
    } catch (error) {
      const { status, headers, body } = this.#refusal(request, error);
      if (response.headersSent || response.destroyed) response.destroy();
      else response.writeHead(status, headers).end(body);
    }
  }

  async #download(
    { route, groups }: Found<Route<Download>>,
    request: IncomingHead,
    connection: Connection,
  ): Promise<void> {
    const download = new Download(request, groups, connection);
    connection.on('error', () => connection.destroy());
    try {
      await route.handle(download);
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
      await found.route.handle(new Upgrade(request, found.groups, socket, head));
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

function find<AnyRoute extends Pick<Route<never>, 'methods' | 'pattern'>>(
  routes: readonly AnyRoute[],
  { method = '' }: RequestHead,
  pathname: string,
): Found<AnyRoute> | undefined {
  for (const route of routes) {
    const match = route.methods.includes(method) ? route.pattern.exec(pathname) : null;
    if (match) return { route, groups: match.groups ?? {} };
  }
  return undefined;
}
