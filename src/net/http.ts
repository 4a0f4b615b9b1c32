import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type ServerHttp2Session } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { MILLISECOND } from '../base/clock.ts';
import { ProtocolError, type RefusalCode, RefusedError } from '../base/errors.ts';
import type { Logger } from '../ops/log.ts';
import { type Admission, addressOf } from './admission.ts';
import type { TlsStore } from './tls.ts';

/** What a request says. */
class Incoming {
  readonly request: IncomingMessage;
  /** The named groups of the route's pattern, decoded. */
  readonly params: Readonly<Record<string, string>>;

  constructor(request: IncomingMessage, params: Readonly<Record<string, string>>) {
    this.request = request;
    this.params = params;
  }

  /** Parsed at every call, as those who play for hours need not hold it. */
  get url(): URL {
    return urlOf(this.request);
  }

  /** The peer's IP address. */
  get remote(): string {
    return addressOf(this.request.socket);
  }
}

/** One HTTP request and the means to answer it. */
export class Exchange extends Incoming {
  readonly response: ServerResponse;

  constructor(request: IncomingMessage, params: Readonly<Record<string, string>>, response: ServerResponse) {
    super(request, params);
    this.response = response;
  }
}

/** One request to speak another protocol on the connection (WebSocket). */
export class Upgrade extends Incoming {
  readonly socket: Duplex;
  /** What the peer sent behind its request. */
  readonly head: Buffer;

  constructor(request: IncomingMessage, params: Readonly<Record<string, string>>, socket: Duplex, head: Buffer) {
    super(request, params);
    this.socket = socket;
    this.head = head;
  }
}

/** What a route does; what it throws becomes the answer: {@link RefusedError} its status, anything else 500. */
export type Handler<Request> = (request: Request) => Promise<void> | void;

interface Route<Request> {
  readonly methods: readonly string[];
  readonly pattern: RegExp;
  readonly handle: Handler<Request>;
}

/** Largest request head in bytes, and how many header lines it may have. */
const LARGEST_HEAD = 16 * 1024;
const MOST_HEADERS = 100;
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

const STATUS: Record<RefusalCode, number> = {
  'not-found': 404,
  busy: 409,
  forbidden: 403,
  limit: 503,
  timeout: 408,
  unsupported: 415,
  gone: 410,
  changed: 410,
  kicked: 403,
  shutdown: 503,
};

/** Hands HTTP requests to the first route that fits. Modules add their routes when they start. */
export class HttpRouter {
  readonly #log: Logger;
  readonly #times: HttpTimes;
  readonly #routes: Route<Exchange>[] = [];
  readonly #upgrades: Route<Upgrade>[] = [];

  constructor(log: Logger, times: HttpTimes) {
    this.#log = log;
    this.#times = times;
  }

  /** Adds a route: `methods` such as `['GET', 'HEAD']`, `pattern` against the whole path, still percent-encoded. */
  route(methods: readonly string[], pattern: RegExp, handle: Handler<Exchange>): void {
    this.#routes.push({ methods, pattern, handle });
  }

  /** Adds a route for requests that ask for the protocol `websocket`. */
  upgrade(pattern: RegExp, handle: Handler<Upgrade>): void {
    this.#upgrades.push({ methods: ['GET'], pattern, handle });
  }

  /** A server of HTTP/1.1, or with `tls` of HTTPS with HTTP/2, that uses these routes. */
  serve(admission: Admission, tls?: TlsStore): Server {
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
    if ('maxHeadersCount' in server) server.maxHeadersCount = MOST_HEADERS;
    // All other upgrades (h2c, which curl and Java offer) are offers that may be passed over.
    Object.assign(server, { shouldUpgradeCallback: isWebSocket });
    server.prependListener('connection', (socket: Socket) => admission.admit(socket));
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

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { pathname } = urlOf(request);
      const found = find(this.#routes, request.method ?? '', pathname);
      if (!found) throw new RefusedError('not-found', `nothing is at ${pathname}`);
      await found.handle(new Exchange(request, found.params, response));
    } catch (error) {
      this.#refuse(request, response, error);
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const { status, code, message } = explain(error);
    if (status === 500) this.#log.error({ error, method: request.method, url: request.url }, 'a request failed');
    if (response.headersSent || response.destroyed) response.destroy();
    else sendJson(response, status, { code, error: message });
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Until a handler takes the socket over nobody else listens for its errors.
    socket.on('error', () => socket.destroy());
    const written = (socket as Socket).bytesWritten;
    try {
      const { pathname } = urlOf(request);
      const found = find(this.#upgrades, request.method ?? '', pathname);
      if (!found) throw new RefusedError('not-found', `no WebSocket is at ${pathname}`);
      await found.handle(new Upgrade(request, found.params, socket, head));
    } catch (error) {
      // Once the handshake is done, the good-bye is the handler's.
      if ((socket as Socket).bytesWritten > written) return;
      const { status, code, message } = explain(error);
      const body = JSON.stringify({ code, error: message });
      const lines = [
        `HTTP/1.1 ${status} Refused`,
        'Content-Type: application/json',
        `Content-Length: ${Buffer.byteLength(body)}`,
      ];
      // The peer may never close its own side.
      socket.end(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
    }
  }
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
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
      if (size > LARGEST_BODY) throw new RefusedError('limit', `the body is larger than ${LARGEST_BODY} bytes`);
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

function urlOf(request: IncomingMessage): URL {
  const target = request.url ?? '/';
  // Put together rather than resolved: `//host/path` is a path here, as it is to the proxies in front of us.
  const url = URL.parse(target.startsWith('/') ? `http://localhost${target}` : target);
  if (!url) throw new ProtocolError('malformed URL');
  return url;
}

function find<Request>(routes: readonly Route<Request>[], method: string, path: string) {
  for (const { methods, pattern, handle } of routes) {
    const match = methods.includes(method) ? pattern.exec(path) : null;
    if (match) return { handle, params: decode(match.groups ?? {}) };
  }
  return undefined;
}

function decode(groups: Record<string, string>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value ?? '')]));
  } catch {
    throw new ProtocolError('malformed percent-encoding');
  }
}

function explain(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof RefusedError) return { status: STATUS[error.code], code: error.code, message: error.message };
  if (error instanceof ProtocolError) return { status: 400, code: 'protocol', message: error.message };
  return { status: 500, code: 'internal', message: 'the server failed; its log says why' };
}
