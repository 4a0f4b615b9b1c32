import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { TOKEN_PARAMETER } from '../access/admin-token.ts';
import { Attempts } from '../access/attempts.ts';
import { RefusedError } from '../base/errors.ts';
import { shortId } from '../hub/session.ts';
import type { Context } from '../module.ts';
import type { Exchange } from '../net/http.ts';
import { ApiError, SRS_CODE } from './error.ts';
import { Logins } from './logins.ts';

/** What a request shows of itself to the access gate. */
interface Shown {
  readonly remote: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
}

/** Lets administrators in: by the cookie of their login, or by whatever the access gate takes. */
export class Guard {
  readonly #context: Context;
  readonly #logins: Logins;
  readonly #attempts: Attempts;

  constructor(context: Context) {
    this.#context = context;
    this.#logins = new Logins(context.clock);
    this.#attempts = new Attempts(context.clock);
  }

  /** Returns when the request is an administrator's; throws {@link ApiError} 401, 403 or 429 when it is not. */
  async admit({ request, url, remote }: Exchange): Promise<void> {
    if (!this.#logins.has(request))
      return this.#ask({ remote, query: new Map(url.searchParams), headers: withHost(request) });
    if (request.method === 'GET' || request.method === 'HEAD' || isSameOrigin(request)) return;
    throw forbidden('a page from elsewhere may not do this');
  }

  /** Whether the request is an administrator's. */
  async isAdmin(exchange: Exchange): Promise<boolean> {
    try {
      await this.admit(exchange);
      return true;
    } catch (error) {
      if (error instanceof ApiError) return false;
      throw error;
    }
  }

  /** Gives the browser its cookie if the token is right; else throws as {@link admit} does. */
  async logIn({ request, response, remote }: Exchange, token: string): Promise<void> {
    if (request.headers.origin !== undefined && !isSameOrigin(request))
      throw forbidden('a page from elsewhere may not log in');
    await this.#ask({ remote, query: new Map([[TOKEN_PARAMETER, token]]), headers: {} });
    response.setHeader('set-cookie', this.#logins.add(request));
  }

  /** Ends the browser's login. */
  logOut({ request, response }: Exchange): void {
    if (this.#logins.has(request) && !isSameOrigin(request)) throw forbidden('a page from elsewhere may not log out');
    response.setHeader('set-cookie', this.#logins.remove(request));
  }

  async #ask(shown: Shown): Promise<void> {
    const showsToken = shown.headers.authorization !== undefined || shown.query.has(TOKEN_PARAMETER);
    if (showsToken && this.#attempts.isBlocked(shown.remote))
      throw new ApiError(429, 'too many wrong tokens; wait a minute');
    try {
      await this.#context.access.may({ action: 'admin', protocol: 'http', session: shortId(), ...shown });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (showsToken) this.#attempts.fail(shown.remote);
      throw showsToken ? forbidden(error.message) : new ApiError(401, error.message, SRS_CODE.unauthorized);
    }
  }
}

function forbidden(message: string): ApiError {
  return new ApiError(403, message, SRS_CODE.unauthorized);
}

/** HTTP/2 has `:authority` for `host`. */
function withHost({ headers }: IncomingMessage): IncomingHttpHeaders {
  return { ...headers, host: hostOf(headers) };
}

function hostOf(headers: IncomingHttpHeaders): string | undefined {
  return headers.host ?? (headers[':authority'] as string | undefined);
}

/** Whether a browser says that the page behind the request is our own; only those on HTTPS or localhost send the first header. */
function isSameOrigin({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const origin = headers.origin === undefined ? null : URL.parse(headers.origin);
  return origin !== null && origin.host === hostOf(headers);
}
