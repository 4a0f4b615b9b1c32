import { DEFAULT_VHOST } from '../hub/path.ts';
import type { RequestHead } from './http-head.ts';

/** The virtual host that a request names by `?vhost=`, or by its host where that is one of `vhosts`. */
export function vhostOf(
  { url, request }: { readonly url: URL; readonly request: RequestHead },
  vhosts: readonly string[],
): string {
  const named = url.searchParams.get('vhost');
  if (named) return named;
  const host = hostOf(request).toLowerCase();
  return vhosts.includes(host) ? host : DEFAULT_VHOST;
}

/** Without its port; HTTP/2 has `:authority` for `host`. */
function hostOf({ headers }: RequestHead): string {
  const host = headers.host ?? (headers[':authority'] as string | undefined) ?? '';
  return host.replace(/:\d*$/, '');
}
