import type { z } from 'zod';
import type { Context, Module } from '../../module.ts';
import type { BoundAddress } from '../../net/listen.ts';
import { Listeners } from '../../net/listeners.ts';
import type { httpOptions } from './options.ts';

/** What an address for administrators has. */
const ADMINISTRATION = /^\/(?:api(?:\/.*)?|metrics|healthz|readyz)$/;

/** Listens for HTTP and HTTPS on behalf of all modules that have routes. Comes last, when all routes are there. */
export function http(options: z.output<typeof httpOptions>): Module {
  const listeners = new Listeners();
  return {
    name: 'http',
    async start(context: Context) {
      const addresses: Record<string, BoundAddress> = {};
      const { admission } = context;
      if (options.listen) addresses.http = await listeners.open(context.http.serve(), options.listen, admission);
      if (options.listenApi) {
        const server = context.http.serve(undefined, ADMINISTRATION);
        addresses.api = await listeners.open(server, options.listenApi, admission);
      }
      if (options.listenTls) {
        if (!context.tls) throw new Error('http.listenTls needs a certificate under tls.certificates');
        const server = context.http.serve(context.tls);
        context.tls.keepCurrent(server as never);
        addresses.https = await listeners.open(server, options.listenTls, admission);
      }
      return addresses;
    },
    stop: () => listeners.close(),
  };
}
