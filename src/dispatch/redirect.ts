import { RefusedError } from '../base/errors.ts';
import { streamPath } from '../hub/path.ts';
import { shortId } from '../hub/session.ts';
import type { Context } from '../module.ts';
import { forwardQuestion } from '../net/http-forward.ts';
import { type Question, Reply } from '../net/http-reply.ts';
import { vhostOf } from '../net/vhost.ts';

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
  const { url, params, remote, request } = question;
  const path = streamPath(vhostOf(question, config.vhosts), params['app']!, params['name']!);
  const query = new Map(url.searchParams);
  await access.may({
    action: 'play',
    path,
    remote,
    query,
    headers: request.headers,
    protocol: 'http',
    session: shortId(),
  });
  const { lines } = await dispatch.lines({
    ...{ path, viewer: '', exclude: [], region: '', probes: {}, reserve: true },
    protocols: [PROTOCOLS[params['extension']!]!],
    query: url.search.slice(1),
    host: request.headers.host ?? '',
  });
  if (lines.length === 0) throw new RefusedError('unsupported', 'no node plays it this way');
  return new Reply(302, { ...HEADERS, location: lines[0]!.url }, []);
}
