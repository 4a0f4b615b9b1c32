import type { UpstreamAddress } from '../config/options.ts';
import { DEFAULT_VHOST, parsePath, type StreamPath } from '../hub/path.ts';
import { filled, URL_PARTS } from '../net/server-url.ts';

/** Another server that may have streams. */
export interface Server {
  /** `host:port`, for people. */
  readonly name: string;
  /** Whether streams are to come from it wherever it is well: it is returned to when it has one again. */
  readonly isPreferred: boolean;
  /** The URL of a stream there, undefined if it is known not to have it. Rejects where that cannot be found out. */
  locate(path: StreamPath, signal: AbortSignal): Promise<string | undefined>;
}

/** A server that is simply asked for the stream. */
export function serverAt({ url }: UpstreamAddress, isPreferred: boolean): Server {
  const name = URL_PARTS.exec(url)![2]!;
  return { name, isPreferred, locate: async (path) => urlOf(url, path) };
}

/** The URL that a template gives a stream; its virtual host is named where the template does not, and it is not the usual one. */
export function urlOf(template: string, path: StreamPath): string {
  const { vhost } = parsePath(path);
  const url = filled(template, path);
  if (vhost === DEFAULT_VHOST || template.includes('[vhost]') || /[?&]vhost=/.test(template)) return url;
  return `${url}${url.includes('?') ? '&' : '?'}vhost=${vhost}`;
}
