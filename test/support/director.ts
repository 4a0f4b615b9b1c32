import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestServer } from './server.ts';
import type { Owner } from './until.ts';

/** A line as `POST /api/v1/lines` tells of it. */
export interface ToldLine {
  readonly id: string;
  readonly node: string;
  readonly name: string;
  readonly protocol: string;
  readonly url: string;
  readonly delay_ms: number;
  readonly load: number;
}

/** The line of a node that plays `live/NAME`. */
export function lineOf(node: string, server: TestServer, name: string, protocol = 'http-flv'): ToldLine {
  const url = server
    .http(`/live/${name}.${protocol.endsWith('hls') ? 'm3u8' : 'flv'}`)
    .replace('http', protocol.startsWith('ws') ? 'ws' : 'http');
  return { id: `${node}/${protocol}`, node, name: `Node ${node}`, protocol, url, delay_ms: 120, load: 0.34 };
}

const SCRIPT = join(import.meta.dirname, '../../console/dist/player.js');
const PAGE = `<!doctype html><video muted playsinline></video><script type="module">
  import { Player } from '/player.js';
  const parameters = new URLSearchParams(location.search);
  const player = new Player(document.querySelector('video'), { stream: parameters.get('stream') });
  Object.assign(globalThis, { player });
  player.start();
</script>`;

/** A server that gives out the lines it was told to, and a page whose player (`player`) asks it for them. */
export class Director {
  lines: ToldLine[] = [];
  /** What was asked for. */
  readonly asked: Readonly<Record<string, unknown>>[] = [];
  readonly #listeners = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(owner: Owner): Promise<Director> {
    const director = new Director();
    director.#server.listen(0, '127.0.0.1');
    await once(director.#server, 'listening');
    owner.after(() => {
      director.#server.closeAllConnections();
      director.#server.close();
    });
    return director;
  }

  /** The page that plays `live/NAME`. */
  page(name: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/?stream=live/${name}`;
  }

  /** Tells all who listen. */
  tell(event: string, data: object): void {
    for (const listener of this.#listeners) listener.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url!, 'http://localhost');
    if (pathname === '/api/v1/lines') {
      const body = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Record<string, unknown>;
      this.asked.push(body);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ stream: body['stream'], lines: this.lines, events: '/api/v1/lines/events?who=x' }));
    } else if (pathname === '/api/v1/lines/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      this.#listeners.add(response);
      response.on('close', () => this.#listeners.delete(response));
    } else if (pathname === '/player.js') {
      response.setHeader('content-type', 'text/javascript').end(await readFile(SCRIPT));
    } else response.setHeader('content-type', 'text/html').end(PAGE);
  }
}
