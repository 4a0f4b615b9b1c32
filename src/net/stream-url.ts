import { DEFAULT_VHOST, parsePath } from '../hub/path.ts';
import type { Session } from '../hub/session.ts';

/** `/app/name`, after the virtual host where that is not the default one. */
export function streamUrl(path: string): string {
  const { vhost, app, name } = parsePath(path);
  return `${vhost === DEFAULT_VHOST ? '' : vhost}/${app}/${name}`;
}

/** The RTMP URL of a stream's app: with the host and port by which the peer came, and no parameter but the virtual host. */
export function tcUrl(path: string, session: Pick<Session, 'detail'> | undefined): string {
  const { vhost, app } = parsePath(path);
  const host = /^rtmps?:\/\/[^/?#\s]+/.exec(session?.detail.tcUrl ?? '')?.[0] ?? 'rtmp://127.0.0.1';
  return `${host}/${app}${vhost === DEFAULT_VHOST ? '' : `?vhost=${vhost}`}`;
}
