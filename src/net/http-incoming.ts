import type { Socket } from 'node:net';
import { ProtocolError } from '../base/errors.ts';
import type { RequestHead } from './http-head.ts';
import { type HttpPeer, peerOf } from './http-peer.ts';

/** The head of a request and who sent it. */
export interface IncomingHead extends RequestHead {
  readonly socket: Socket;
}

/** The named groups of a route's pattern, still percent-encoded. */
export type Groups = Readonly<Record<string, string>>;

/** What a request says. */
export class Incoming<Request extends IncomingHead> {
  readonly request: Request;
  readonly #groups: Groups;

  constructor(request: Request, groups: Groups) {
    this.request = request;
    this.#groups = groups;
  }

  /** The named groups of the route's pattern, decoded. Throws {@link ProtocolError} where that cannot be done. */
  get params(): Readonly<Record<string, string>> {
    return decode(this.#groups);
  }

  /** Parsed at every call, as those who play for hours need not hold it. */
  get url(): URL {
    return urlOf(this.request);
  }

  /** Who sent it. */
  get peer(): HttpPeer {
    return peerOf(this.request);
  }

  /** The peer's IP address. */
  get remote(): string {
    return this.peer.remote;
  }
}

/** What a request asks for. Throws {@link ProtocolError} when it is no URL. */
export function urlOf({ url: target = '/' }: RequestHead): URL {
  // Put together rather than resolved: `//host/path` is a path here, as it is to the proxies in front of us.
  const url = URL.parse(target.startsWith('/') ? `http://localhost${target}` : target);
  if (!url) throw new ProtocolError('malformed URL');
  return url;
}

/** Nothing in it is written another way in a parsed URL: no dot segments, no escapes, nothing to be escaped. */
const PLAIN_PATH = /^\/(?:[\w~-][\w.~-]*\/)*(?:[\w~-][\w.~-]*)?(?=\?|$)/;

/** The path of {@link urlOf}, which is mostly there to be seen. */
export function pathnameOf(request: RequestHead): string {
  return PLAIN_PATH.exec(request.url ?? '')?.[0] ?? urlOf(request).pathname;
}

function decode(groups: Groups): Record<string, string> {
  try {
    const decoded: Record<string, string> = {};
    for (const name of Object.keys(groups)) {
      const value = groups[name] ?? '';
      decoded[name] = value.includes('%') ? decodeURIComponent(value) : value;
    }
    return decoded;
  } catch {
    throw new ProtocolError('malformed percent-encoding');
  }
}
