import type { IncomingMessage } from 'node:http';
import { makeSecret } from '../access/secret.ts';
import type { Clock } from '../base/clock.ts';
import { SECOND } from '../base/clock.ts';
import { peerOf } from '../net/http-peer.ts';

const COOKIE = 'headwater';
const COOKIE_PATTERN = /(?:^|;\s*)headwater=([\w-]{1,64})(?:;|$)/;
/** How long a login holds, in seconds. */
const LIFETIME = 12 * 3600;
/** Of so many logins the oldest ends when another one comes. */
const MOST_LOGINS = 1_000;

/** The browsers that have shown the token. Each has a cookie with a random id, which tells nothing of the token. */
export class Logins {
  readonly #clock: Clock;
  /** When each ends, by the monotonic clock; the oldest first. */
  readonly #ends = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the request comes from one of them. */
  has(request: IncomingMessage): boolean {
    const ends = this.#ends.get(idOf(request));
    return ends !== undefined && ends > this.#clock.now();
  }

  /** A new one; returns the `set-cookie` header. */
  add(request: IncomingMessage): string {
    if (this.#ends.size >= MOST_LOGINS) this.#ends.delete(this.#ends.keys().next().value!);
    const id = makeSecret();
    this.#ends.set(id, this.#clock.now() + LIFETIME * SECOND);
    return cookie(request, id, LIFETIME);
  }

  /** Ends the one that the request comes from, if any; returns the `set-cookie` header that takes its cookie away. */
  remove(request: IncomingMessage): string {
    this.#ends.delete(idOf(request));
    return cookie(request, '', 0);
  }
}

function idOf({ headers }: IncomingMessage): string {
  return COOKIE_PATTERN.exec(headers.cookie ?? '')?.[1] ?? '';
}

function cookie(request: IncomingMessage, id: string, seconds: number): string {
  const secure = peerOf(request).isEncrypted ? '; Secure' : '';
  return `${COOKIE}=${id}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}
