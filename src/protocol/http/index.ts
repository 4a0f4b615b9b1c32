import type { Server, Socket } from 'node:net';
import type { z } from 'zod';
import type { Context, Module } from '../../module.ts';
import { HttpRouter } from '../../net/http.ts';
import { believePeers } from '../../net/http-peer.ts';
import { type BoundAddress, listenInside } from '../../net/listen.ts';
import { Listeners } from '../../net/listeners.ts';
import type { httpOptions } from './options.ts';

/** What an address for administrators has. */
const ADMINISTRATION = /^\/(?:api(?:\/.*)?|metrics|healthz|readyz)$/;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The routes for administrators alone, without streams and pages. */
function administration({ http, log, config }: Context): HttpRouter {
  const router = new HttpRouter(log, config);
  router.route(METHODS, ADMINISTRATION, ({ request, response }) => http.handle(request, response));
  return router;
}

/**
 * Listens for HTTP and HTTPS on behalf of all modules that have routes, and for requests that other workers hand on. Comes last,
 * when all routes are there.
 */
export function http(options: z.output<typeof httpOptions>): Module {
  const listeners = new Listeners();
  let inner: Server | undefined;
  return {
    name: 'http',
    async start(context: Context) {
      const addresses: Record<string, BoundAddress> = {};
      const { admission, siblings } = context;
      if (options.listen) {
        const server = context.http.serve();
        siblings.onGiven((socket, bytes) => take(server, socket, bytes));
        addresses.http = await listeners.open(server, options.listen, admission);
      }
      if (options.listenApi) {
        addresses.api = await listeners.open(administration(context).serve(), options.listenApi, admission);
      }
      if (options.listenTls) {
        if (!context.tls) throw new Error('http.listenTls needs a certificate under tls.certificates');
        const server = context.http.serve(context.tls);
        context.tls.keepCurrent(server as never);
        addresses.https = await listeners.open(server, options.listenTls, admission);
      }
      if (siblings.count > 1) {
        inner = believePeers(context.http.serve());
        await listenInside(inner, siblings.door('http', siblings.worker));
      }
      return addresses;
    },
    async stop() {
      inner?.close();
      await listeners.close();
    },
  };
}

/** Serves a connection that came to another worker, as if it had come here and nothing had been read. */
function take(server: Server, socket: Socket, bytes: Uint8Array): void {
  socket.allowHalfOpen = true;
  socket.unshift(bytes);
  server.emit('connection', socket);
}
