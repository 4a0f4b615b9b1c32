import { DEFAULT_VHOST } from '../hub/path.ts';
import type { RequestHead } from './http-head.ts';
import { askedHost } from './http-shown.ts';

/** The virtual host that a request names by `?vhost=`, or by its host where that is one of `vhosts`. */
export function vhostOf(
  { url, request }: { readonly url: URL; readonly request: RequestHead },
  vhosts: readonly string[],
): string {
  const named = url.searchParams.get('vhost');
  if (named) return named;
  const host = askedHost(request).replace(/:\d*$/, '').toLowerCase();
  return vhosts.includes(host) ? host : DEFAULT_VHOST;
}
