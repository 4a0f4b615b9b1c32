import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Owner, until } from './until.ts';

/** What a callback said, with the method and path by which it came. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly action: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Answers one call; what is returned is the body of a 200. */
export type Answerer = (call: Call, response: ServerResponse) => string | undefined;

/** A server that is called, as users write one. */
export class CallbackServer {
  readonly calls: Call[] = [];
  answer: Answerer = () => '0';
  #server: Server | undefined;
  #port = 0;

  /** Listens on a port of its own. */
  static async start(owner: Owner): Promise<CallbackServer> {
    const server = new CallbackServer();
    await server.open();
    owner.after(() => server.close());
    return server;
  }

  /** The URL of a path. */
  url(path = '/'): string {
    return `http://127.0.0.1:${this.#port}${path}`;
  }

  /** Listens, again where it did before. */
  async open(): Promise<void> {
    const server = createServer(async (request, response) => {
      const said = await text(request);
      const body = (said === '' ? {} : JSON.parse(said)) as Call['body'];
      const { method = '', url: path = '' } = request;
      const call = { method, path, action: String(body['action'] ?? ''), body };
      this.calls.push(call);
      const answer = this.answer(call, response);
      if (answer !== undefined) response.end(answer);
    });
    await once(server.listen(this.#port, '127.0.0.1'), 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Does not listen any more. */
  close(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }

  /** The names of the events that came, in order; of these alone where some are given. */
  actions(...among: string[]): string[] {
    const all = this.calls.map(({ action }) => action);
    return among.length > 0 ? all.filter((action) => among.includes(action)) : all;
  }

  /** Resolves to the `count`th call of an event, as soon as it is there. */
  called(action: string, count = 1): Promise<Call> {
    return until(`${action} is called`, () => this.calls.filter((call) => call.action === action)[count - 1]);
  }
}
