import { SECOND } from '../../base/clock.ts';
import { streamPath } from '../../hub/path.ts';
import type { Stream } from '../../hub/stream.ts';
import type { Context } from '../../module.ts';
import type { RequestHead } from '../../net/http-head.ts';
import type { Serving } from '../../net/serve.ts';
import { vhostOf } from '../../net/vhost.ts';
import { maskSecrets } from '../../ops/log.ts';

/** A request to play, as it came by HTTP or WebSocket. */
export interface PlayRequest {
  readonly request: RequestHead;
  readonly url: URL;
  readonly params: Readonly<Record<string, string>>;
  readonly remote: string;
}

/** Every URL of FLV: `/app/name.flv`; the app may have several parts. Under `/go/` are the ways to other nodes. */
export const FLV_PATH = /^\/(?!go\/)(?<app>.+)\/(?<name>[^/]+)\.flv$/;

/** The URL at another node for one who comes while this one is being emptied. */
export function placeElsewhere({ dispatch, config }: Context, play: PlayRequest): string | undefined {
  if (!dispatch.isDraining) return undefined;
  const path = streamPath(vhostOf(play, config.vhosts), play.params.app!, play.params.name!);
  const base = dispatch.elsewhere('http', 'play', path);
  return base === undefined ? undefined : base + play.url.pathname + play.url.search;
}

/** Asks the gate, then finds the stream, waiting for it as configured. Throws RefusedError when either says no. */
export async function admit(context: Context, play: PlayRequest, serving: Serving): Promise<Stream> {
  const { request, url, params, remote } = play;
  const { session } = serving;
  context.dialers.checkVia(request.headers.via);
  const path = streamPath(vhostOf(play, context.config.vhosts), params.app!, params.name!);
  Object.assign(session.detail, describe(request, url));
  serving.begin('play', path);
  const { protocol, id } = session;
  const query = new Map(url.searchParams);
  const shown = { remote, query, param: url.search, headers: request.headers };
  await context.access.may({ action: 'play', path, ...shown, protocol, session: id });
  return context.hub.read(path, Math.min(context.config.play.wait, patienceOf(request)), serving.signal);
}

/** How long a server that fetches from us would wait, in microseconds (RFC 7240, 4.3). */
function patienceOf({ headers }: RequestHead): number {
  const [, seconds] = /\bwait=(\d{1,9})\b/.exec(String(headers['prefer'] ?? '')) ?? [];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * SECOND;
}

function describe(request: RequestHead, url: URL): Record<string, string> {
  const { referer = '', 'user-agent': agent = '' } = request.headers;
  return { url: maskSecrets(url.pathname + url.search), pageUrl: maskSecrets(referer), agent };
}
