import type { ServerResponse } from 'node:http';
import { MILLISECOND } from '../../base/clock.ts';
import type { Exchange } from '../../net/http.ts';
import { readRange } from '../../net/http-range.ts';
import { acceptsGzip } from '../../net/static.ts';
import type { PlaylistText } from './playlist.ts';

/** Media that never changes under its name. */
export interface Media {
  readonly type: string;
  /** One after another. */
  readonly pieces: readonly Uint8Array[];
}

/** For how long an answer may be kept, as the header says it. */
export const Keep = {
  never: 'no-store',
  ask: 'no-cache',
  briefly: 'public, max-age=2',
  forEver: 'public, max-age=31536000, immutable',
} as const;

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
/** Names and values in turn: Node takes them as they are, which costs least. */
const ANY_PAGE = ['access-control-allow-origin', '*'];

/** Any page may play what it may play at all: access is decided by the gate, not by where a page comes from. */
export const PREFLIGHT = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'range',
  'access-control-max-age': '86400',
};

/** Answers with a playlist, compressed for those who take it. Returns the length of the body. */
export function sendPlaylist({ request, response }: Exchange, text: PlaylistText, keep: string): number {
  const isZipped = acceptsGzip(String(request.headers['accept-encoding'] ?? ''));
  const body = isZipped ? text.zipped : text.plain;
  const encoding = isZipped ? ['content-encoding', 'gzip'] : [];
  const common = ['content-length', body.length, 'cache-control', keep, 'vary', 'accept-encoding'];
  response.writeHead(200, [...ANY_PAGE, 'content-type', PLAYLIST_TYPE, ...common, ...encoding]);
  if (request.method === 'HEAD') response.end();
  else response.end(body);
  return body.length;
}

/**
 * Answers with media, or the range of it that is asked for (RFC 9110, 14.2). One who takes nothing of it for `patience`
 * (microseconds) is cut off: what it is sent stays in memory until then. Returns the length of the body.
 */
export function sendMedia({ request, response }: Exchange, { type, pieces }: Media, patience: number): number {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const asked = readRange(request.headers.range, length);
  const headers = [...ANY_PAGE, 'content-type', type, 'accept-ranges', 'bytes', 'cache-control'];
  if (asked === 'unsatisfiable') {
    response.writeHead(416, [...headers, Keep.never, 'content-range', `bytes */${length}`]).end();
    return 0;
  }
  const { from, to } = asked ?? { from: 0, to: length };
  headers.push(Keep.forEver, 'content-length', `${to - from}`);
  if (asked) headers.push('content-range', `bytes ${from}-${to - 1}/${length}`);
  response.writeHead(asked ? 206 : 200, headers);
  if (request.method === 'HEAD') response.end();
  else writeAll(response, asked ? cut(pieces, from, to) : pieces, patience);
  return to - from;
}

function writeAll(response: ServerResponse, pieces: readonly Uint8Array[], patience: number): void {
  for (const piece of pieces.slice(0, -1)) response.write(piece);
  response.end(pieces.at(-1));
  // By then the kernel was offered all of it; only what it does not take is worth a timer.
  process.nextTick(() => {
    if (response.writableLength > 0) response.setTimeout(patience / MILLISECOND, () => response.destroy());
  });
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
