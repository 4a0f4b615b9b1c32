import { assert } from '../base/errors.ts';
import type { AccessProvider, AccessRequest } from './gate.ts';
import { isLoopback } from './loopback.ts';
import { sameSecret } from './secret.ts';

/** The parameter that carries the token where a header cannot be sent. */
export const TOKEN_PARAMETER = 'token';

/** By these a proxy tells that it asks for somebody else. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** What {@link adminToken} needs: two of the section `access`, and the host that the HTTP listener is bound to. */
export interface AdminTokenOptions {
  readonly adminToken: string;
  readonly loopback: 'trusted' | 'like-others';
  readonly listenHost: string | undefined;
}

/** Administrators need the token; this machine itself does not where loopback is trusted and HTTP listens on loopback alone. */
export function adminToken({ adminToken: expected, loopback, listenHost }: AdminTokenOptions): AccessProvider {
  assert(expected !== '', 'an admin token is set');
  const trustsLoopback = loopback === 'trusted' && listenHost !== undefined && isLoopback(listenHost);
  return async (request) => {
    if (request.action !== 'admin') return 'pass';
    const given = bearer(request) ?? request.query.get(TOKEN_PARAMETER);
    if (given !== undefined) return sameSecret(given, expected) ? 'allow' : { refuse: 'the admin token is wrong' };
    return trustsLoopback && isOwnPage(request) ? 'allow' : { refuse: 'the admin token is needed' };
  };
}

function bearer({ headers }: AccessRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(String(headers?.['authorization'] ?? ''))?.[1];
}

/**
 * A browser on this machine lends its loopback address to every page it shows. A foreign page gives itself away by `Origin`,
 * one that points its own name at 127.0.0.1 (DNS rebinding) by `Host`.
 */
function isOwnPage({ remote, headers }: AccessRequest): boolean {
  const { host, origin } = headers ?? {};
  // A proxy on this machine lends its address to everybody.
  if (PROXY_HEADERS.some((name) => headers?.[name] !== undefined)) return false;
  if (!isLoopback(remote) || typeof host !== 'string' || !isLoopback(hostName(host))) return false;
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}
