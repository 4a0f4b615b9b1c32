import { shortId } from '../hub/session.ts';
import type { RequestHead } from './http-head.ts';

/** A request as it comes to those who answer it. */
interface Asking {
  readonly url: URL;
  readonly remote: string;
  readonly request: RequestHead;
}

/** What a request that is no session of its own shows of itself to the access gate. */
export function shownBy({ url, remote, request: { headers } }: Asking) {
  const query = new Map(url.searchParams);
  return { remote, query, param: url.search, headers, protocol: 'http', session: shortId() };
}

/** By which host and port the server was asked, empty where nobody says; HTTP/2 has `:authority` for `host`. */
export function askedHost({ headers }: RequestHead): string {
  return headers.host ?? (headers[':authority'] as string | undefined) ?? '';
}
