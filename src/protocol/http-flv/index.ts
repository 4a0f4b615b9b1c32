import type { Context, Module } from '../../module.ts';
import { Departure, serve } from '../../net/serve.ts';
import { httpFlvDialer } from './client.ts';
import { playByHttp } from './http.ts';
import { FLV_PATH } from './viewing.ts';
import { playByWebSocket } from './websocket.ts';

/** Plays streams as FLV over HTTP and WebSocket, both at `/app/name.flv`. */
export function httpFlv(): Module {
  return {
    name: 'http-flv',
    async start(context: Context) {
      const dialer = httpFlvDialer(context);
      for (const scheme of ['http', 'https']) context.dialers.add(scheme, dialer);
      context.http.download(FLV_PATH, async (download) => {
        const peer = { protocol: 'http-flv', remote: download.remote };
        const cause = await serve(context, peer, (serving) => playByHttp(context, download, serving));
        if (cause && !(cause instanceof Departure)) throw cause;
      });
      context.http.route(['OPTIONS'], FLV_PATH, ({ response }) => {
        response.writeHead(204, PREFLIGHT);
        response.end();
      });
      context.http.upgrade(FLV_PATH, async (upgrade) => {
        const peer = { protocol: 'ws-flv', remote: upgrade.remote };
        const cause = await serve(context, peer, (serving) => playByWebSocket(context, upgrade, serving));
        if (cause && !(cause instanceof Departure)) throw cause;
      });
      return {};
    },
    async stop() {},
  };
}

/** Any page may play what it may play at all: access is decided by the gate, not by where a page comes from. */
const PREFLIGHT = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'range',
  'access-control-max-age': '86400',
};
