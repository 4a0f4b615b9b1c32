import type { Socket } from 'node:net';
import type { StreamPath } from '../../hub/path.ts';
import type { Context, Module } from '../../module.ts';
import type { Siblings } from '../../net/siblings.ts';
import { ANY_PAGE, PREFLIGHT } from './answer.ts';
import { Copies, filesIn } from './copies.ts';
import { Feeds } from './feed.ts';
import { systemFolder } from './folder.ts';
import { Groups } from './groups.ts';
import { readFileOf, sinceWhen } from './library.ts';
import type { HlsOptions } from './options.ts';
import { Renditions } from './renditions.ts';
import { answerFile, answerMaster } from './requests.ts';
import { homeElsewhere, TOKEN } from './token.ts';
import { Viewers } from './viewers.ts';

/** `/app/name.m3u8`; the app may have several parts. The playlist of a recording, `/recordings/ID/index.m3u8`, is no stream's. */
const MASTER = /^\/(?!recordings\/[\w-]+\/index\.m3u8$)(?<app>.+)\/(?<name>[^/]+)\.m3u8$/;
/** What a viewer is told of there: `/app/hls-…/name/file`. */
const FILE = new RegExp(`^/(?<app>.+)/(?<token>${TOKEN})/(?<name>[^/]+)/(?<file>[\\w.-]{1,64})$`);

/** Plays streams by HLS, with low latency for those who can: segments of fMP4, or of MPEG-TS for those who ask for it. */
export function hls(options: HlsOptions): Module {
  let copies: Copies | undefined;
  return {
    name: 'hls',
    async start(context: Context) {
      const { clock, log, config, http, pasts, siblings } = context;
      const folder = options.disk.folder === '' ? undefined : systemFolder(options.disk.folder);
      const files = folder && ((path: StreamPath) => filesIn(folder, path));
      const [bytes, reach] = [config.window.bytes, config.play.shift];
      const feeds = new Feeds({ options, bytes, reach, pasts, clock, log, files });
      const viewers = new Viewers(context, feeds, options.segment);
      const groups = new Groups(context.hub, siblings);
      const renditions = new Renditions({ groups, files: context.files, clock });
      const ground = { context, options, viewers, feeds, groups, renditions };
      if (folder) copies = new Copies(ground, folder);
      context.files.read = (...asked) => readFileOf(ground, ...asked);
      pasts.since = (stream) => sinceWhen(ground, stream);
      // One that knows the viewer answers without a detour.
      if (siblings.count > 1) http.claim(FILE, ({ token }, socket, bytes) => giveHome(siblings, token!, socket, bytes));
      http.reply(FILE, ANY_PAGE, (question) => answerFile(ground, question));
      http.reply(MASTER, ANY_PAGE, (question) => answerMaster(ground, question));
      http.route(['OPTIONS'], MASTER, ({ response }) => void response.writeHead(204, PREFLIGHT).end());
      http.route(['OPTIONS'], FILE, ({ response }) => void response.writeHead(204, PREFLIGHT).end());
      return {};
    },
    stop: async () => copies?.stop(),
  };
}

/** Gives a connection to the worker that knows the viewer; false where that is this one, or cannot be. */
function giveHome(siblings: Siblings, token: string, socket: Socket, bytes: Uint8Array): boolean {
  const home = homeElsewhere(token, siblings);
  return home !== undefined && siblings.give(socket, bytes, home);
}
