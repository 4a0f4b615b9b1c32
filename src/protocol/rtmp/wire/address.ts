import { ProtocolError } from '../../../base/errors.ts';

/** What a client needs to know of an RTMP URL. */
export interface RtmpAddress {
  readonly tls: boolean;
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  /** What `connect` is told. */
  readonly tcUrl: string;
  readonly app: string;
  /** The stream's name, parameters included. */
  readonly name: string;
}

const RTMP_PORT = 1935;
/** Where RTMPS has no port of its own, services have it at that of HTTPS. */
const RTMPS_PORT = 443;
const LONGEST_URL = 4096;
const URL_PARTS = /^(rtmps?):\/\/(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?\/([^?#]*)(\?[^#]*)?$/i;

/**
 * Takes `rtmp://host/app/name?parameters` apart; the last part of the path is the name, and the parameters belong to it.
 * With an app alone they are the app's, and the name follows them: `rtmp://host/app?vhost=v/name`.
 */
export function rtmpAddress(url: string): RtmpAddress {
  const match = url.length <= LONGEST_URL ? URL_PARTS.exec(url) : null;
  const port = Number(match?.[3] ?? (isTls(match?.[1]) ? RTMPS_PORT : RTMP_PORT));
  const { app, name } = appAndName(match?.[4] ?? '', match?.[5] ?? '');
  if (!match || port > 65_535 || app === '' || name === '') throw new ProtocolError('no URL as rtmp://host/app/name');
  const tcUrl = `${match[1]!.toLowerCase()}://${match[2]}${match[3] ? `:${port}` : ''}/${app}`;
  return { tls: isTls(match[1]), host: match[2]!.replace(/^\[(.*)\]$/, '$1'), port, tcUrl, app, name };
}

/** Where a server sends us that does not want to serve us itself. `isWhole`: with the stream's name, and not the application alone. */
export interface Redirect {
  readonly url: string;
  readonly isWhole: boolean;
}

/** What we were asked for, at another server. What is encrypted stays so. Throws when a server says nonsense. */
export function redirectedAddress(from: RtmpAddress, { url, isWhole }: Redirect): RtmpAddress {
  const hasName = isWhole || url.endsWith(`/${from.name}`);
  const target = rtmpAddress(hasName ? url : `${url}/${from.name}`);
  if (from.tls && !target.tls) throw new ProtocolError('the server redirects to a URL that is not encrypted');
  return target;
}

function isTls(scheme = ''): boolean {
  return scheme.toLowerCase() === 'rtmps';
}

function appAndName(path: string, query: string): { app: string; name: string } {
  const parts = path.split('/').filter((part) => part !== '');
  const slash = query.lastIndexOf('/');
  if (parts.length === 1 && slash > 0) return { app: parts[0] + query.slice(0, slash), name: query.slice(slash + 1) };
  const name = parts.pop() ?? '';
  return { app: parts.join('/'), name: name + query };
}
