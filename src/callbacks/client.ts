import type { AccessRequest } from '../access/gate.ts';
import { parsePath, type StreamPath } from '../hub/path.ts';
import type { Stream } from '../hub/stream.ts';
import { tcUrl } from '../net/stream-url.ts';
import type { Client } from './body.ts';

/** Whom the access gate is asked about, of a stream or of an app (`vhost/app`). */
export function clientOf(request: AccessRequest): Client {
  const { session, remote, path, app: asked = '', param = paramOf(request.query), headers = {} } = request;
  const { vhost, app } = parsePath(path ?? `${asked}/`);
  const pageUrl = request.pageUrl ?? String(headers['referer'] ?? '');
  return { id: session, ip: remote, vhost, app, path, tcUrl: urlOf(request, app), param, pageUrl };
}

/** Who publishes a stream, where no more is known than the stream. */
export function publisherOf(stream: Stream): Client {
  const { path, feeder, trace = '' } = stream;
  const { vhost, app } = parsePath(path);
  const known = feeder?.isInner ? undefined : feeder;
  const url = tcUrl(path, known);
  return { id: trace, ip: known?.remote ?? '', vhost, app, path, tcUrl: url, param: '', pageUrl: '' };
}

function urlOf({ tcUrl: told, headers, path }: AccessRequest, app: string): string {
  if (told !== undefined) return told;
  const host = headers?.['host'] ?? headers?.[':authority'];
  if (host !== undefined) return `http://${String(host)}/${app}`;
  return path === undefined ? '' : tcUrl(path as StreamPath, undefined);
}

/** The parameters of a publisher whom another node passes on. */
function paramOf(query: ReadonlyMap<string, string>): string {
  return query.size === 0 ? '' : `?${new URLSearchParams([...query]).toString()}`;
}
