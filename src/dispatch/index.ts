import type { Context, Module } from '../module.ts';
import type { Dispatcher } from './dispatcher.ts';
import { giveEvents, serveEvents } from './events.ts';
import { serveRedirects } from './redirect.ts';

const ASKING = /^\/api\/v1\/(?:ingest-)?lines$/;
/** Any page may ask; what for is decided by the gate. */
const PREFLIGHT = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST',
  'access-control-allow-headers': 'content-type, authorization',
  'access-control-max-age': '86400',
};

/** Tells the other nodes of a cluster what there is here for viewers, gives out lines, and sends players to one. */
export function dispatch(dispatcher: Dispatcher): Module {
  return {
    name: 'dispatch',
    async start(context: Context) {
      serveRedirects(context);
      if (context.siblings.worker > 1) {
        giveEvents(context);
        return {};
      }
      serveEvents(context, dispatcher.audience);
      context.http.route(['OPTIONS'], ASKING, ({ response }) => void response.writeHead(204, PREFLIGHT).end());
      return {};
    },
    ready(addresses) {
      dispatcher.begin(addresses);
    },
    async stop() {
      dispatcher.end();
    },
  };
}
