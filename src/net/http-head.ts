import type { IncomingHttpHeaders } from 'node:http';

/** What stands at the head of a request (RFC 9112, 2.1): all that is needed of it where there is no body. */
export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** `1.0` or `1.1`. */
  readonly httpVersion?: string | undefined;
  /** By lower-case names. */
  readonly headers: IncomingHttpHeaders;
}

/** Largest request head, in bytes. */
export const LARGEST_HEAD = 16 * 1024;
/** How many header lines it may have. */
export const MOST_HEADERS = 100;

/** RFC 9112, 3 and 5: printable ASCII, every line with its CRLF, and nothing behind the empty one. */
const PLAIN = /^(GET|HEAD) (\/[\x21-\x7e]*) HTTP\/(1\.[01])\r\n((?:[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e]*\r\n)+)\r\n$/;
/** These change what follows the head, or what is to be said before the answer. */
const MOMENTOUS: readonly string[] = ['content-length', 'transfer-encoding', 'upgrade', 'expect'];

/**
 * A whole GET or HEAD without a body that nobody could read in two ways; `undefined` for everything else, be it wrong or
 * only rare, so that a real HTTP parser decides.
 */
export function readPlainHead(bytes: Buffer): RequestHead | undefined {
  if (bytes.length > LARGEST_HEAD) return undefined;
  const [, method, url, httpVersion, lines] = PLAIN.exec(bytes.toString('latin1')) ?? [];
  const headers = lines && readHeaders(lines.split('\r\n').slice(0, -1));
  return headers ? { method, url, httpVersion, headers } : undefined;
}

/** RFC 9112, 5; `undefined` when a line is there twice, when one is momentous, or when Host is missing (3.2). */
function readHeaders(lines: readonly string[]): IncomingHttpHeaders | undefined {
  if (lines.length > MOST_HEADERS) return undefined;
  const headers = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (name in headers || MOMENTOUS.includes(name)) return undefined;
    headers[name] = line.slice(colon + 1).trim();
  }
  return 'host' in headers ? headers : undefined;
}
