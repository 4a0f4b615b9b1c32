import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Exchange } from './http.ts';

/** A file as it is served, from memory. */
export interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
  /** The body compressed, where that saves something. */
  readonly zipped: Buffer | undefined;
  /** Tells this content from any other (RFC 9110, 8.8.3), without quotes. */
  readonly tag: string;
  readonly cacheControl: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};
/** What a bundler put a hash of the content into the name of never changes under that name. */
const HASHED_NAME = /^\/assets\/.+-[\w-]{8}\.\w+$/;
const FOR_EVER = 'public, max-age=31536000, immutable';
const ASK_EACH_TIME = 'no-cache';
/** Smaller files are not worth the header. */
const SMALLEST_ZIPPED = 256;

const compress = promisify(gzip);

/** The files of a folder by URL path (`/assets/a.js`), all read and compressed now; `undefined` where there is no such folder. */
export async function readStaticFiles(folder: string): Promise<ReadonlyMap<string, StaticFile> | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(absent);
  if (!entries) return undefined;
  const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(names.map((name) => read(folder, name))));
}

async function read(folder: string, name: string): Promise<[path: string, StaticFile]> {
  const path = name.slice(join(folder, sep).length - 1).replaceAll(sep, '/');
  const body = await readFile(name);
  const zipped = body.length < SMALLEST_ZIPPED ? body : await compress(body, { level: 9 });
  const file = {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    body,
    zipped: zipped.length < body.length ? zipped : undefined,
    tag: createHash('sha256').update(body).digest('base64url').slice(0, 16),
    cacheControl: HASHED_NAME.test(path) ? FOR_EVER : ASK_EACH_TIME,
  };
  return [path, file];
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

/** Answers GET and HEAD with a file and further headers: compressed for those who take it, 304 for those who have it. */
export function sendFile(
  { request, response }: Exchange,
  file: StaticFile,
  headers: Readonly<Record<string, string>> = {},
): void {
  const zipped = acceptsGzip(String(request.headers['accept-encoding'] ?? '')) ? file.zipped : undefined;
  const etag = `"${file.tag}${zipped ? '-gzip' : ''}"`;
  const common = { ...headers, etag, vary: 'accept-encoding', 'cache-control': file.cacheControl };
  if (hasTag(String(request.headers['if-none-match'] ?? ''), etag)) {
    response.writeHead(304, common).end();
    return;
  }
  const body = zipped ?? file.body;
  const encoding = zipped && { 'content-encoding': 'gzip' };
  response.writeHead(200, { ...common, ...encoding, 'content-type': file.type, 'content-length': body.length });
  if (request.method === 'HEAD') response.end();
  else response.end(body);
}

/** Whether this `Accept-Encoding` takes gzip (RFC 9110, 12.5.3); a weight of 0 is a refusal. */
export function acceptsGzip(header: string): boolean {
  return /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))|,|$)/i.test(header);
}

/** RFC 9110, 13.1.2: weak comparison, since proxies weaken what they compress anew. */
function hasTag(header: string, etag: string): boolean {
  return header.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')));
}
