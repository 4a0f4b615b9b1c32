import type { Context, Module } from '../../module.ts';
import { ANY_PAGE, PREFLIGHT } from './answer.ts';
import { Feeds } from './feed.ts';
import { Groups } from './groups.ts';
import { readFileOf, sinceWhen } from './library.ts';
import type { HlsOptions } from './options.ts';
import { answerFile, answerMaster } from './requests.ts';
import { TOKEN } from './token.ts';
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
      const { clock, log, config, http, pasts } = context;
      const [bytes, reach] = [config.window.bytes, config.play.shift];
      const feeds = new Feeds({ options, bytes, reach, pasts, clock, log });
      const viewers = new Viewers(context, feeds, options.segment);
      const ground = { context, options, viewers, feeds, groups: new Groups(context.hub, context.siblings) };
      context.files.read = (...asked) => readFileOf(ground, ...asked);
      pasts.since = (stream) => sinceWhen(ground, stream);
      http.reply(FILE, ANY_PAGE, (question) => answerFile(ground, question));
      http.reply(MASTER, ANY_PAGE, (question) => answerMaster(ground, question));
      http.route(['OPTIONS'], MASTER, ({ response }) => void response.writeHead(204, PREFLIGHT).end());
      http.route(['OPTIONS'], FILE, ({ response }) => void response.writeHead(204, PREFLIGHT).end());
      return {};
    },
    async stop() {},
  };
}
