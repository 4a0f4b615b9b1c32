import { RefusedError } from '../base/errors.ts';
import { streamPath } from '../hub/path.ts';
import type { Context } from '../module.ts';
import { forwardQuestion } from '../net/http-forward.ts';
import { type Question, Reply } from '../net/http-reply.ts';
import { askedHost, shownBy } from '../net/http-shown.ts';
import { vhostOf } from '../net/vhost.ts';
import { NOTHING } from './moves.ts';

const PATH = /^\/go\/(?<app>.+)\/(?<name>[^/]+)\.(?<extension>flv|m3u8)$/;
const PROTOCOLS: Readonly<Record<string, string>> = { flv: 'http-flv', m3u8: 'hls' };
const HEADERS = { 'cache-control': 'no-store', 'access-control-allow-origin': '*' };

/** `/go/app/name.flv` and `.m3u8` lead players that know nothing of lines to the best one. */
export function serveRedirects(context: Context): void {
  const { http, siblings } = context;
  http.reply(PATH, HEADERS, (question) =>
    siblings.worker > 1 ? forwardQuestion(question, siblings.door('http', 1)) : redirect(context, question),
  );
}

async function redirect({ access, config, dispatch }: Context, question: Question): Promise<Reply> {
  const { url, params, request } = question;
  const path = streamPath(vhostOf(question, config.vhosts), params['app']!, params['name']!);
  await access.may({ action: 'play', path, isEnquiry: true, ...shownBy(question) });
  const protocols = [PROTOCOLS[params['extension']!]!];
  const asked = { ...NOTHING, path, protocols, query: url.search.slice(1), host: askedHost(request) };
  const { lines } = await dispatch.lines(asked);
  if (lines.length === 0) throw new RefusedError('unsupported', 'no node plays it this way');
  return new Reply(302, { ...HEADERS, location: lines[0]!.url }, []);
}
