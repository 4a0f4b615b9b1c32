import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { WebSocketServer } from 'ws';
import type { Client, LiveStream, Recording, Shift } from '../src/api.ts';
import type { Explanation } from '../src/explain.ts';
import type { LinkList } from '../src/links.ts';
import { type Content, type Feed, startFeed } from './feed.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const policy =
  "default-src 'self'; style-src 'self'; media-src 'self' blob:; connect-src 'self' ws: wss:; worker-src blob: 'self'";

/** Answers a browser as the real server does, with whatever a test puts into its fields. */
export class FakeServer {
  static readonly token = 'made-up-for-this-test';
  admin = true;
  streams: LiveStream[] = [];
  clients: Client[] = [];
  kicked: string[] = [];
  links: LinkList = { links: [], pushes: [] };
  /** By path below `/api/v1/`: what is answered, beside `code`. */
  readonly answers = new Map<string, (query: URLSearchParams) => object>();
  /** What was asked for, but lists: method and path. */
  readonly asked: string[] = [];
  /** The JSON of what was posted, but tokens, in this order. */
  readonly posted: object[] = [];
  /** What is wrong with all streams. */
  explanation: Explanation | undefined;
  recordings: Recording[] = [];
  /** Whether visitors may know of the recordings of a stream. */
  recordingsOpen = false;
  /** How far back streams go; not at all where it is absent. */
  shift: Shift | undefined;
  /** By `app/name`: what is played, or the HTTP status to answer; 404 where there is nothing. */
  readonly sources = new Map<string, Content | number>();
  /** The streams that are being played. */
  readonly feeds = new Set<Feed>();
  readonly #dist: string;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;

  /** Serves the built page in folder `dist`. */
  constructor(dist: string) {
    this.#dist = dist;
    this.#http = createServer((request, response) => void this.#answer(request, response));
    this.#sockets = new WebSocketServer({ server: this.#http });
    this.#sockets.on('connection', (socket, { url }) => {
      const source = this.#source(url!);
      if (typeof source === 'number') return socket.close();
      this.#play(
        source,
        (bytes) => socket.send(bytes),
        () => socket.close(),
        (left) => socket.on('close', left),
      );
    });
  }

  /** Resolves to the origin of its URLs. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const feed of this.feeds) feed.stop();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    const path = pathname.slice('/api/v1/'.length);
    if (pathname.startsWith('/api/v1/')) await this.#answerApi(path, searchParams, request, response);
    else if (pathname.endsWith('.flv')) this.#answerStream(pathname, response);
    else await this.#answerFile(pathname, response);
  }

  async #answerFile(pathname: string, response: ServerResponse): Promise<void> {
    const file = types[extname(pathname)] ? pathname : '/index.html';
    const body = await readFile(join(this.#dist, file)).catch(() => undefined);
    response.writeHead(body ? 200 : 404, { 'content-type': types[extname(file)]!, 'content-security-policy': policy });
    response.end(body);
  }

  #answerStream(pathname: string, response: ServerResponse): void {
    const source = this.#source(pathname);
    if (typeof source === 'number') return void response.writeHead(source).end();
    response.writeHead(200, { 'content-type': 'video/x-flv' }).flushHeaders();
    this.#play(
      source,
      (bytes) => response.write(bytes),
      () => response.end(),
      (left) => response.on('close', left),
    );
  }

  #source(url: string): Content | number {
    const path = decodeURIComponent(url.split('?')[0]!).slice(1, -'.flv'.length);
    return this.sources.get(path) ?? 404;
  }

  #play(
    content: Content,
    write: (bytes: Uint8Array) => void,
    end: () => void,
    onLeft: (left: () => void) => void,
  ): void {
    const feed = startFeed(content, write, end);
    this.feeds.add(feed);
    onLeft(() => {
      this.feeds.delete(feed);
      feed.stop();
    });
  }

  async #answerApi(
    path: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const say = (status: number, body: object) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const refuse = (status: number) => say(status, { code: 100, error: 'no valid token' });
    if (path === 'session' && request.method === 'POST') {
      const { token } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { token: string };
      this.admin = token === FakeServer.token;
      return this.admin ? say(200, { code: 0 }) : refuse(403);
    }
    if (path === 'session' && request.method === 'DELETE') this.admin = false;
    if (path === 'session') return say(200, { code: 0, admin: this.admin, version: '0.1.0' });
    if (path === 'shift') return this.shift ? say(200, { code: 0, ...this.shift }) : say(404, { code: 404, error: '' });
    const [isList, id] = [path === 'recordings', /^recordings\/(.+)$/.exec(path)?.[1]];
    if (!this.admin && !((id ?? query.get('stream')) && this.recordingsOpen)) return refuse(401);
    if (request.method === 'DELETE' && path.startsWith('clients/'))
      this.#kick(decodeURIComponent(path.slice('clients/'.length)));
    if (request.method === 'POST') {
      const text = Buffer.concat(await request.toArray()).toString();
      this.posted.push(text === '' ? {} : (JSON.parse(text) as object));
    }
    const made = this.answers.get(path);
    if (made || request.method !== 'GET') this.asked.push(`${request.method} ${request.url!.slice('/api/v1/'.length)}`);
    if (made) return say(200, { code: 0, ...made(query) });
    if (path === 'cluster') return say(200, { code: 0, nodes: [], streams: [] });
    if (path.endsWith('/details')) return say(200, { code: 0, detail: null, viewers: [] });
    if (path === 'flows') return say(200, { code: 0, flows: [] });
    if (path === 'history') return say(200, { code: 0, nodes: [] });
    if (path.endsWith('/explain'))
      return this.explanation
        ? say(200, { code: 0, ...this.explanation })
        : say(404, { code: 2048, error: 'no stream' });
    if (path === 'links') return say(200, { code: 0, ...this.links });
    if (isList) return say(200, { code: 0, ...this.#recordingsOf(query.get('stream')) });
    if (id !== undefined) {
      const recording = this.recordings.find((each) => each.id === id);
      return recording
        ? say(200, { code: 0, recording })
        : say(404, { code: 404, error: 'there is no such recording' });
    }
    const data = { self: { cpu_percent: 0.084, cores: 1, mem_kbyte: 92_000 } };
    const clients = this.clients.filter(({ stream }) => stream === (query.get('stream') || stream));
    say(200, { code: 0, streams: this.streams, clients, total: clients.length, data });
  }

  #recordingsOf(stream: string | null) {
    const recordings = this.recordings.filter((each) => stream === null || each.stream === stream);
    return { recordings, total: recordings.length };
  }

  #kick(id: string): void {
    this.kicked.push(id);
    this.clients = this.clients.filter((client) => client.id !== id);
  }
}
