import type { StreamPath } from '../../hub/path.ts';
import type { Context, Module } from '../../module.ts';
import { ANY_PAGE, PREFLIGHT } from './answer.ts';
import { Copies, filesIn } from './copies.ts';
import { Feeds } from './feed.ts';
import { systemFolder } from './folder.ts';
import { Groups } from './groups.ts';
import { readFileOf, sinceWhen } from './library.ts';
import type { HlsOptions } from './options.ts';
import { Renditions } from './renditions.ts';
import { answerFile, answerMaster } from './requests.ts';
import { TOKEN } from './token.ts';
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
      const { clock, log, config, http, pasts } = context;
      const folder = options.disk.folder === '' ? undefined : systemFolder(options.disk.folder);
      const files = folder && ((path: StreamPath) => filesIn(folder, path));
      const [bytes, reach] = [config.window.bytes, config.play.shift];
      const feeds = new Feeds({ options, bytes, reach, pasts, clock, log, files });
      const viewers = new Viewers(context, feeds, options.segment);
      const groups = new Groups(context.hub, context.siblings);
      const renditions = new Renditions({ groups, files: context.files, clock });
      const ground = { context, options, viewers, feeds, groups, renditions };
      if (folder) copies = new Copies(ground, folder);
      context.files.read = (...asked) => readFileOf(ground, ...asked);
      pasts.since = (stream) => sinceWhen(ground, stream);
      http.reply(FILE, ANY_PAGE, (question) => answerFile(ground, question));
      http.reply(MASTER, ANY_PAGE, (question) => answerMaster(ground, question));
      http.route(['OPTIONS'], MASTER, ({ response }) => void response.writeHead(204, PREFLIGHT).end());
      http.route(['OPTIONS'], FILE, ({ response }) => void response.writeHead(204, PREFLIGHT).end());
      return {};
    },
    stop: async () => copies?.stop(),
  };
}
