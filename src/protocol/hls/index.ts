import type { Context, Module } from '../../module.ts';
import { PREFLIGHT } from './answer.ts';
import { Feeds } from './feed.ts';
import { Groups } from './groups.ts';
import { Histories } from './histories.ts';
import type { HlsOptions } from './options.ts';
import { answerFile, answerMaster } from './requests.ts';
import { Viewers } from './viewers.ts';

/** `/app/name.m3u8`; the app may have several parts. */
const MASTER = /^\/(?<app>.+)\/(?<name>[^/]+)\.m3u8$/;
/** What a viewer is told of there: `/app/hls-…/name/file`. */
const FILE = /^\/(?<app>.+)\/(?<token>hls-[\w-]{22})\/(?<name>[^/]+)\/(?<file>[\w.-]{1,64})$/;

/** Plays streams by HLS, with low latency for those who can: segments of fMP4, or of MPEG-TS for those who ask for it. */
export function hls(options: HlsOptions): Module {
  return {
    name: 'hls',
    async start(context: Context) {
      const { clock, log, config, http } = context;
      const feeds = new Feeds({ options, bytes: config.window.bytes, clock, log });
      const viewers = new Viewers(context, feeds, options.segment);
      const histories = new Histories(context, options);
      const ground = { context, options, viewers, feeds, groups: new Groups(context.hub), histories };
      http.route(['GET', 'HEAD'], FILE, (exchange) => answerFile(ground, exchange));
      http.route(['GET', 'HEAD'], MASTER, (exchange) => answerMaster(ground, exchange));
      http.route(['OPTIONS'], MASTER, ({ response }) => void response.writeHead(204, PREFLIGHT).end());
      http.route(['OPTIONS'], FILE, ({ response }) => void response.writeHead(204, PREFLIGHT).end());
      return {};
    },
    async stop() {},
  };
}
