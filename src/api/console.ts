import { fileURLToPath } from 'node:url';
import { RefusedError } from '../base/errors.ts';
import type { Context, Module } from '../module.ts';
import type { Exchange } from '../net/http.ts';
import { readStaticFiles, type StaticFile, sendFile } from '../net/static.ts';

const DIST = fileURLToPath(new URL('../../console/dist', import.meta.url));
const NOT_BUILT = 'The console is not built. Build it: npm run build -w console\n';

const HEADERS = headers("'self' ws: wss:");
/** The lines of a lesson are on other nodes too. */
const ROOM_HEADERS = headers("'self' http: https: ws: wss:");
/** The library for pages of others, which may load it from here. */
const LIBRARY = '/player.js';
const LIBRARY_HEADERS = { ...HEADERS, 'access-control-allow-origin': '*' };

/** `connect` is what a page may open connections to. */
function headers(connect: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'self'",
    "style-src 'self'",
    "media-src 'self' blob:",
    `connect-src ${connect}`,
    "worker-src blob: 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
  };
}

/** Serves the built console of `folder` to browsers. Comes after all other modules with routes: it answers what they leave. */
export function consolePages(folder: string = DIST): Module {
  return {
    name: 'console',
    async start({ http }: Context) {
      const files = await readStaticFiles(folder);
      http.route(['GET', 'HEAD'], /^\//, (exchange) => answer(exchange, files));
      return {};
    },
    async stop() {},
  };
}

function answer(exchange: Exchange, files: ReadonlyMap<string, StaticFile> | undefined): void {
  const { response, url } = exchange;
  const isPage = wantsPage(exchange);
  const file = files?.get(url.pathname) ?? (isPage ? files?.get('/index.html') : undefined);
  if (file) return sendFile(exchange, file, headersOf(url.pathname));
  if (!isPage || files) throw new RefusedError('not-found', `nothing is at ${url.pathname}`);
  response.writeHead(503, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' }).end(NOT_BUILT);
}

function headersOf(pathname: string): Readonly<Record<string, string>> {
  if (pathname === LIBRARY) return LIBRARY_HEADERS;
  return pathname.startsWith('/room/') ? ROOM_HEADERS : HEADERS;
}

/** The console has one page, which finds out by itself what its URL means; what looks like a file is none of its pages. */
function wantsPage({ request, url: { pathname } }: Exchange): boolean {
  if (pathname === '/' || /^\/(?:play|room|stream)\//.test(pathname)) return true;
  const isFile = /\.[^/]*$/.test(pathname);
  return !isFile && /\btext\/html\b/.test(request.headers.accept ?? '');
}
