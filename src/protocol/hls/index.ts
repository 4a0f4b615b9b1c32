import type { Socket } from 'node:net';
import type { Context, Module } from '../../module.ts';
import type { Siblings } from '../../net/siblings.ts';
import { PREFLIGHT } from './answer.ts';
import { Feeds } from './feed.ts';
import { Groups } from './groups.ts';
import type { HlsOptions } from './options.ts';
import { answerFile, answerMaster } from './requests.ts';
import { homeElsewhere, TOKEN } from './token.ts';
import { Viewers } from './viewers.ts';

/** `/app/name.m3u8`; the app may have several parts. */
const MASTER = /^\/(?<app>.+)\/(?<name>[^/]+)\.m3u8$/;
/** What a viewer is told of there: `/app/hls-…/name/file`. */
const FILE = new RegExp(`^/(?<app>.+)/(?<token>${TOKEN})/(?<name>[^/]+)/(?<file>[\\w.-]{1,64})$`);

/** Plays streams by HLS, with low latency for those who can: segments of fMP4, or of MPEG-TS for those who ask for it. */
export function hls(options: HlsOptions): Module {
  return {
    name: 'hls',
    async start(context: Context) {
      const { clock, log, config, http, siblings } = context;
      const feeds = new Feeds({ options, bytes: config.window.bytes, clock, log });
      const viewers = new Viewers(context, feeds, options.segment);
      const ground = { context, options, viewers, feeds, groups: new Groups(context.hub, siblings) };
      // One that knows the viewer answers without a detour.
      if (siblings.count > 1) http.claim(FILE, ({ token }, socket, bytes) => giveHome(siblings, token!, socket, bytes));
      http.route(['GET', 'HEAD'], FILE, (exchange) => answerFile(ground, exchange));
      http.route(['GET', 'HEAD'], MASTER, (exchange) => answerMaster(ground, exchange));
      http.route(['OPTIONS'], MASTER, ({ response }) => void response.writeHead(204, PREFLIGHT).end());
      http.route(['OPTIONS'], FILE, ({ response }) => void response.writeHead(204, PREFLIGHT).end());
      return {};
    },
    async stop() {},
  };
}

/** Gives a connection to the worker that knows the viewer; false where that is this one, or cannot be. */
function giveHome(siblings: Siblings, token: string, socket: Socket, bytes: Uint8Array): boolean {
  const home = homeElsewhere(token, siblings);
  return home !== undefined && siblings.give(socket, bytes, home);
}
