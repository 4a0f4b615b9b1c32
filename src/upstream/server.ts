import type { UpstreamAddress } from '../config/options.ts';
import { DEFAULT_VHOST, parsePath, type StreamPath } from '../hub/path.ts';
import { filled, URL_PARTS } from '../net/server-url.ts';

/** Another server that may have a stream. */
export interface Upstream {
  /** `host:port`, for people. */
  readonly name: string;
  /** The URL of a stream there, undefined if it is known not to have it. Rejects where that cannot be found out. */
  locate(path: StreamPath, signal: AbortSignal): Promise<string | undefined>;
}

/** A server that is simply asked for the stream. */
export function serverAt({ url }: UpstreamAddress): Upstream {
  const [, scheme = '', authority = '', path = ''] = URL_PARTS.exec(url) ?? [];
  const base = `${scheme}://${authority}`;
  const isBare = path === '' || path === '/';
  return { name: authority, locate: async (wanted) => (isBare ? streamUrl(base, wanted) : filled(url, wanted)) };
}

/** Where a stream is at a server, `rtmp://host:port` or `http://host:port`, that has it under the name that we have. */
export function streamUrl(server: string, path: StreamPath): string {
  const { vhost, app, name } = parsePath(path);
  const suffix = server.startsWith('http') ? '.flv' : '';
  const query = vhost === DEFAULT_VHOST ? '' : `?vhost=${vhost}`;
  return `${server}/${app}/${name}${suffix}${query}`;
}
