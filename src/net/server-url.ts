import { parsePath, type StreamPath } from '../hub/path.ts';

/** The parts of the URL of a server or stream: scheme, authority, path, and what stands behind that. */
export const URL_PARTS: RegExp = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/i;
const VARIABLE = /\[(vhost|app|stream)\]/g;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { rtmp: '1935', rtmps: '443', http: '80', https: '443' };

/** The scheme of a URL in lower case; `file` for the path of a file. */
export function schemeOf(url: string): string {
  return (URL_PARTS.exec(url)?.[1] ?? 'file').toLowerCase();
}

/** The host of a URL, for people; empty where there is none. */
export function hostOf(url: string): string {
  const authority = URL_PARTS.exec(url)?.[2] ?? '';
  return authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
}

/** A URL of HTTP as a log may show it: without user and parameters. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** What stands for an address in a URL: `host:port`, and `[host]:port` for one of IPv6. */
export function authority({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** What two URLs of one stream at one server have in common, however they are spelled: host, port and path. */
export function placeOf(url: string): string {
  const [, , authority = '', path = ''] = URL_PARTS.exec(url) ?? [];
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase();
  const port = /:\d+$/.test(host) ? '' : `:${DEFAULT_PORTS[schemeOf(url)] ?? ''}`;
  return `${host}${port}${path}`;
}

/** A URL in which `[vhost]`, `[app]` and `[stream]` are those of a path. */
export function filled(url: string, path: StreamPath): string {
  const { vhost, app, name } = parsePath(path);
  const values: Readonly<Record<string, string>> = { vhost, app, stream: name };
  return url.replaceAll(VARIABLE, (_, variable: string) => values[variable]!);
}
