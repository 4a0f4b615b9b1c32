import { gzipSync } from 'node:zlib';
import { readRange } from '../../net/http-range.ts';
import { type Question, Reply } from '../../net/http-reply.ts';
import { acceptsGzip } from '../../net/static.ts';

/** Any page may play what it may play at all: access is decided by the gate, not by where a page comes from. */
export const ANY_PAGE = { 'access-control-allow-origin': '*' };

/** What a page is told that asks whether it may ask. */
export const PREFLIGHT = {
  ...ANY_PAGE,
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'range',
  'access-control-max-age': '86400',
};

/** For how long an answer may be kept, as the header says it. */
export const Keep = {
  never: 'no-store',
  ask: 'no-cache',
  briefly: 'public, max-age=2',
  forEver: 'public, max-age=31536000, immutable',
} as const;

/** A playlist as it is sent: the same reply to all who ask for it in the same way. */
export class PlaylistText {
  readonly plain: Buffer;
  #zipped: Buffer | undefined;
  readonly #replies = new Map<string, Reply>();

  constructor(text: string) {
    this.plain = Buffer.from(text);
  }

  /** Compressed for those who take it. */
  replyTo({ request }: Question, keep: string): Reply {
    const isZipped = acceptsGzip(String(request.headers['accept-encoding'] ?? ''));
    const key = `${isZipped} ${keep}`;
    let reply = this.#replies.get(key);
    if (!reply) this.#replies.set(key, (reply = this.#reply(isZipped, keep)));
    return reply;
  }

  #reply(isZipped: boolean, keep: string): Reply {
    const encoding = isZipped ? { 'content-encoding': 'gzip' } : {};
    const type = { 'content-type': 'application/vnd.apple.mpegurl', vary: 'accept-encoding' };
    const body = isZipped ? (this.#zipped ??= gzipSync(this.plain, { level: 4 })) : this.plain;
    return new Reply(200, { ...ANY_PAGE, ...type, 'cache-control': keep, ...encoding }, [body]);
  }
}

/** Media that never changes under its name: the same reply to all who ask for the whole of it. */
export class Media {
  readonly #headers: Readonly<Record<string, string>>;
  readonly #whole: Reply;

  /** `pieces` come one after another. */
  constructor(type: string, pieces: readonly Uint8Array[]) {
    this.#headers = { ...ANY_PAGE, 'content-type': type, 'accept-ranges': 'bytes' };
    this.#whole = new Reply(200, { ...this.#headers, 'cache-control': Keep.forEver }, pieces);
  }

  get pieces(): readonly Uint8Array[] {
    return this.#whole.body;
  }

  /** The whole, or the range that is asked for (RFC 9110, 14.2). */
  replyTo({ request }: Question): Reply {
    const { length, body } = this.#whole;
    const asked = request.headers.range === undefined ? undefined : readRange(request.headers.range, length);
    if (asked === undefined) return this.#whole;
    if (asked === 'unsatisfiable') {
      const headers = { ...this.#headers, 'cache-control': Keep.never, 'content-range': `bytes */${length}` };
      return new Reply(416, headers, []);
    }
    const { from, to } = asked;
    const range = { 'cache-control': Keep.forEver, 'content-range': `bytes ${from}-${to - 1}/${length}` };
    return new Reply(206, { ...this.#headers, ...range }, cut(body, from, to));
  }
}

function cut(pieces: readonly Uint8Array[], from: number, to: number): Uint8Array[] {
  const taken: Uint8Array[] = [];
  let at = 0;
  for (const piece of pieces) {
    const end = at + piece.length;
    if (end > from && at < to) taken.push(piece.subarray(Math.max(0, from - at), Math.min(piece.length, to - at)));
    at = end;
  }
  return taken;
}
