import type { Server, Socket } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import type { z } from 'zod';
import type { Context, Module } from '../../module.ts';
import { type BoundAddress, listenOn } from '../../net/listen.ts';
import type { httpOptions } from './options.ts';

/** Listens for HTTP and HTTPS on behalf of all modules that have routes. Comes last, when all routes are there. */
export function http(options: z.output<typeof httpOptions>): Module {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const open = async (server: Server, address: NonNullable<typeof options.listen>) => {
    servers.push(server);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    return listenOn(server, address);
  };
  return {
    name: 'http',
    async start(context: Context) {
      const addresses: Record<string, BoundAddress> = {};
      if (options.listen) addresses.http = await open(context.http.serve(context.admission), options.listen);
      if (options.listenTls) {
        if (!context.tls) throw new Error('http.listenTls needs a certificate under tls.certificates');
        const server = context.http.serve(context.admission, context.tls);
        context.tls.keepCurrent(server as never);
        addresses.https = await open(server, options.listenTls);
      }
      return addresses;
    },
    async stop() {
      for (const server of servers) server.close();
      // Sessions that were told to end still have their good-bye to write.
      await immediate();
      for (const socket of sockets) socket.destroySoon();
    },
  };
}
