import { STATUS_CODES } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Groups, Incoming, type IncomingHead } from './http-incoming.ts';

type Headers = Readonly<Record<string, string | number>>;

/** Where the answer to a download goes: a socket that it has for itself, or a stream of HTTP/2. */
export type Connection = Socket | ServerHttp2Stream;

/** One request, GET or HEAD, for what goes on until one side has enough. */
export class Download extends Incoming<IncomingHead> {
  /** Closes when the peer leaves. */
  readonly connection: Connection;
  #hasBegun = false;

  constructor(request: IncomingHead, groups: Groups, connection: Connection) {
    super(request, groups);
    this.connection = connection;
  }

  /** Whether the head of the answer is out. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Sends the head of the answer and returns where the body goes; the end of that is the end of the connection. */
  begin(status: number, headers: Headers): Duplex {
    const { connection } = this;
    this.#hasBegun = true;
    if (!('respond' in connection)) writeHead(connection, status, headers);
    else if (!connection.closed) connection.respond({ ':status': status, ...headers });
    return connection;
  }
}

/** Writes the head of an answer of HTTP/1.1 whose body may end with the connection (RFC 9112, 6.3). The headers must be our own words. */
export function writeHead(connection: Duplex, status: number, headers: Headers): void {
  const all = { date: new Date().toUTCString(), connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  connection.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`);
}
